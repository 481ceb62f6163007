"""Simplification of a program: exact rewrites first, then rewrites that are tested on tasks.

Exact steps remove dead code and apply the rewrite rules; they change no result. If a score is given, lines are then
removed or bypassed greedily for as long as the mean fitness stays within a tolerance. Every step is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from automl_zero.analysis.dataflow.flow import Flow, flow_of
from automl_zero.analysis.simplify.rewrite import bypass, canonical
from automl_zero.analysis.simplify.rewrite_rules import first_rewrite
from automl_zero.program.program import Program
from automl_zero.program.program_edit import Line, Rewrite, lines_of, live_lines, rewritten
from automl_zero.program.text import instruction_text

TOLERANCE = 0.002  # by how much the mean fitness may fall below that of the raw program
NO_EFFECT, TESTED = "no effect", "tested on tasks"

FitnessOf = Callable[[Program], Sequence[float]]  # the fitness of a program on each of a fixed list of tasks


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one line.

    Attributes:
        kind: ``no effect``, the name of a rewrite rule, or ``tested on tasks``.
        line: the changed line, as numbered in the raw program.
        before: the text of the line.
        after: its new text; None where the line is removed.
        loss: how much lower the mean fitness is than that of the raw program, for a tested step; negative is a gain.
    """

    kind: str
    line: Line
    before: str
    after: str | None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Simplification:
    """The result of a simplification.

    Attributes:
        raw: the program before.
        program: the program after all steps, in canonical form.
        steps: the steps, in the order in which they were done; addresses in their texts are those of ``raw``.
        origins: for each line of ``program``, the line of ``raw`` that it was made from.
    """

    raw: Program
    program: Program
    steps: tuple[Step, ...]
    origins: Mapping[Line, Line]


def simplify(
    program: Program,
    multiclass: bool = False,
    fitness_of: FitnessOf | None = None,
    tolerance: float = TOLERANCE,
) -> Simplification:
    """Make a program shorter.

    Args:
        program: any program.
        multiclass: whether label and prediction are the vectors v1 and v2.
        fitness_of: scores a program on tasks; without it, all steps are exact, so that evaluations stay equal, bit for
            bit, noise included.
        tolerance: by how much the mean fitness may fall in all steps together.
    """
    work = _Simplifier(program, multiclass)
    work.make_exact()
    if fitness_of:
        # Greedy backward elimination: each round does the cheapest tested rewrite. Losses are measured against the raw
        # program, not the previous round, so the tolerance bounds their sum.
        reference = fmean(fitness_of(program))
        while found := _best_rewrite(work, fitness_of, reference, tolerance):
            rewrite, loss = found
            work.apply(TESTED, rewrite, loss)
            work.make_exact()
    return work.result()


class _Simplifier:
    """The program during simplification, with the steps so far."""

    def __init__(self, program: Program, multiclass: bool) -> None:
        self.raw = self.program = program
        self.multiclass = multiclass
        self.steps: list[Step] = []
        self.origins = {line: line for line, _ in lines_of(program)}

    @property
    def flow(self) -> Flow:
        return flow_of(self.program, self.multiclass)

    def make_exact(self) -> None:
        """Prune dead code and apply rewrite rules until none applies."""
        # Every rule removes a line or turns one into a constant, and no rule turns a constant back, so this ends.
        self.prune()
        while found := first_rewrite(self.flow):
            rule, _, rewrite = found
            self.apply(rule, rewrite)
            self.prune()

    def prune(self) -> None:
        live = set(live_lines(self.program, self.multiclass))
        self.apply(NO_EFFECT, {line: () for line, _ in lines_of(self.program) if line not in live})

    def apply(self, kind: str, rewrite: Rewrite, loss: float | None = None) -> None:
        """Rewrite the program, record a step for each changed line, and track the origin of the remaining lines."""
        old = dict(lines_of(self.program))
        for line, new in rewrite.items():
            text = instruction_text(*new) if new else None
            self.steps.append(
                Step(kind=kind, line=self.origins[line], before=instruction_text(old[line]), after=text, loss=loss)
            )
        # A rewrite maps each line to at most one instruction here, so the remaining lines pair up in order.
        kept = [self.origins[line] for line in old if rewrite.get(line, (old[line],))]
        self.program = rewritten(self.program, rewrite)
        self.origins = dict(zip((line for line, _ in lines_of(self.program)), kept, strict=True))

    def result(self) -> Simplification:
        short = canonical(self.program, self.multiclass)
        return Simplification(raw=self.raw, program=short, steps=tuple(self.steps), origins=self.origins)


def _best_rewrite(
    work: _Simplifier, fitness_of: FitnessOf, reference: float, tolerance: float
) -> tuple[Rewrite, float] | None:
    """Return the rewrite with the smallest loss of fitness, if that is within the tolerance, and the loss."""
    losses = [
        (rewrite, reference - fmean(fitness_of(rewritten(work.program, rewrite)))) for rewrite in _candidates(work)
    ]
    # min returns the first of equals, so the order of the candidates makes the result deterministic.
    best = min(losses, key=lambda found: found[1], default=None)
    return best if best and best[1] <= tolerance else None


def _candidates(work: _Simplifier) -> Iterator[Rewrite]:
    """Yield for each line the rewrite that removes it, and those that pass one of its inputs on to the readers."""
    flow = work.flow
    for line, instruction in flow.instructions.items():
        yield {line: ()}
        for kind, address in dict.fromkeys(instruction.inputs()):
            cell = (kind, address)
            # An input of another kind than the output cannot take its place.
            rewrite = bypass(flow, line, cell, line) if instruction.outputs()[0][0] is kind else None
            if rewrite and rewrite != {line: ()}:
                yield rewrite
