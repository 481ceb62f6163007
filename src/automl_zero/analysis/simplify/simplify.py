"""A program as short as it can be without another meaning, or, where tasks are given, without a worse score.

First come steps that are exact: what has no effect, laws of arithmetic. Then, if there is a score, lines are left out
or passed over for as long as the score stays. All steps are recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.flow import Flow, flow_of
from automl_zero.analysis.dataflow.program_edit import Rewrite, lines_of, live_lines, rewritten
from automl_zero.analysis.simplify.rewrite import bypass, canonical
from automl_zero.analysis.simplify.rewrite_rules import first_rewrite
from automl_zero.program.program import Program
from automl_zero.program.text import instruction_text

TOLERANCE = 0.002  # of the mean fitness, by which it may be below that of the raw program
NO_EFFECT, TESTED = "no effect", "tested on tasks"

FitnessOf = Callable[[Program], Sequence[float]]  # of a program on each of the same tasks


@dataclass(frozen=True, slots=True)
class Step:
    """One change.

    Attributes:
        kind: ``no effect``, the name of a law, or ``tested on tasks``.
        line: what is changed, in the raw program.
        before, after: its text; ``after`` is None where it is removed.
        loss: of the mean fitness against the raw program's, where it was tested; below 0, it is a gain.
    """

    kind: str
    line: Line
    before: str
    after: str | None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Simplified:
    """What came of it.

    Attributes:
        raw: the program before.
        program: after all steps, in the canonical form: addresses and operands are in an order of their own.
        steps: in the order in which they were done; the addresses in them are those of ``raw``.
        origins: of each line of ``program``, the line of ``raw`` that became it.
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
) -> Simplified:
    """Make a program shorter.

    Args:
        program: any program.
        multiclass: whether label and prediction are the vectors v1 and v2.
        fitness_of: how it does on tasks; without it, all steps are exact: evaluations stay equal, noise included.
        tolerance: by how much the mean fitness may fall in all, against that of ``program``.
    """
    work = _Work(program, multiclass)
    work.make_exact()
    if fitness_of:
        reference = fmean(fitness_of(program))
        while found := _best_rewrite(work, fitness_of, reference, tolerance):
            rewrite, loss = found
            work.apply(TESTED, rewrite, loss)
            work.make_exact()
    return work.result()


class _Work:
    """A program in the making, with the steps so far."""

    def __init__(self, program: Program, multiclass: bool) -> None:
        self.raw = self.program = program
        self.multiclass = multiclass
        self.steps: list[Step] = []
        self.origins = {line: line for line, _ in lines_of(program)}

    @property
    def flow(self) -> Flow:
        return flow_of(self.program, self.multiclass)

    def make_exact(self) -> None:
        """Do all that is exact, until nothing is left to do."""
        self.prune()
        while found := first_rewrite(self.flow):
            law, _, rewrite = found
            self.apply(law, rewrite)
            self.prune()

    def prune(self) -> None:
        live = set(live_lines(self.program, self.multiclass))
        self.apply(NO_EFFECT, {line: () for line, _ in lines_of(self.program) if line not in live})

    def apply(self, kind: str, rewrite: Rewrite, loss: float | None = None) -> None:
        """Rewrite, and record what became of each line."""
        old = dict(lines_of(self.program))
        for line, new in rewrite.items():
            text = instruction_text(*new) if new else None
            self.steps.append(Step(kind, self.origins[line], instruction_text(old[line]), text, loss))
        kept = [self.origins[line] for line in old if rewrite.get(line, (old[line],))]
        self.program = rewritten(self.program, rewrite)
        self.origins = dict(zip((line for line, _ in lines_of(self.program)), kept, strict=True))

    def result(self) -> Simplified:
        short = canonical(self.program, self.multiclass)
        return Simplified(self.raw, short, tuple(self.steps), self.origins)


def _best_rewrite(
    work: _Work, fitness_of: FitnessOf, reference: float, tolerance: float
) -> tuple[Rewrite, float] | None:
    """The rewrite that costs least of those that cost no more than the tolerance."""
    losses = [
        (rewrite, reference - fmean(fitness_of(rewritten(work.program, rewrite)))) for rewrite in _candidates(work)
    ]
    best = min(losses, key=lambda found: found[1], default=None)
    return best if best and best[1] <= tolerance else None


def _candidates(work: _Work) -> Iterator[Rewrite]:
    """Each line left out, and each passed over: its readers take one of its operands."""
    flow = work.flow
    for line, instruction in flow.instructions.items():
        yield {line: ()}
        for kind, address in dict.fromkeys(instruction.inputs()):
            cell = (kind, address)
            rewrite = bypass(flow, line, cell, line) if instruction.outputs()[0][0] is kind else None
            if rewrite and rewrite != {line: ()}:
                yield rewrite
