"""What detectors look at: a program's data flow, and what it does when it is run.

All of it is found once and shared; a detector is a function from a view to findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding, Line
from automl_zero.analysis.dataflow.flow import (
    GIVEN_FEATURES,
    GIVEN_LABEL,
    LEARN,
    PREDICT,
    SETUP,
    Flow,
    Sources,
    ValueSource,
    flow_of,
    line_order,
    read_cells,
)
from automl_zero.analysis.dataflow.op_groups import ADDITIVE, DIFFERENCES, PRODUCTS
from automl_zero.analysis.techniques.probe import Probe
from automl_zero.program.ops import Array
from automl_zero.program.program import Program
from automl_zero.tasks.task import Loss


@dataclass(frozen=True, eq=False)
class ProgramView:
    """A program as detectors see it.

    Attributes:
        flow: where its values come from.
        probes: it runs on examples as in regression and as in classification, in this order; of many classes, only
            the latter.
    """

    flow: Flow
    probes: tuple[Probe, ...]

    @property
    def probe(self) -> Probe:
        """The one that trained longest before the program diverged."""
        return max(self.probes, key=lambda probe: len(probe.states))

    @cached_property
    def accumulators(self) -> Mapping[Line, int]:
        """Sums in Learn that go on from what they were at the step before; with the number of the other operand."""
        return {line: place for line in self.flow.instructions for place in self._changes(line)}

    @cached_property
    def signals(self) -> frozenset[Line]:
        """What is made from the label within a step, not counting what is kept for later."""
        found: set[Line] = set()
        for line in self._learn_lines():
            sources = {each for operand in self.flow.reads[line] for each in operand}
            if ValueSource(None, GIVEN_LABEL) in sources or any(
                each.line in found and each.line not in self.accumulators and line_order(each.line) < line_order(line)
                for each in sources
                if each.line
            ):
                found.add(line)
        return frozenset(found - set(self.accumulators))

    @cached_property
    def weights(self) -> Mapping[Line, int]:
        """The accumulators that learn from the label, and matter."""
        return {line: place for line, place in self.accumulators.items() if self.is_signal(self.operand(line, place))}

    def operand(self, line: Line, place: int) -> Sources:
        """The sources of an operand."""
        return self.flow.reads[line][place]

    def in_training(self, line: Line, place: int) -> Sources:
        """The sources of an operand while the program is trained: what only Predict after Predict sees is left out."""
        cell = read_cells(self.flow.instructions[line])[place]
        written = any(each[0] == LEARN and cell in of.outputs() for each, of in self.flow.instructions.items())
        return frozenset(each for each in self.operand(line, place) if not (written and self._is_later(each, line)))

    def _is_later(self, source: ValueSource, line: Line) -> bool:
        return source.line is not None and source.line[0] == PREDICT == line[0] and source.line[1] >= line[1]

    def is_signal(self, sources: Sources) -> bool:
        """Whether a value is made from the label in this step."""
        return ValueSource(None, GIVEN_LABEL) in sources or any(each.line in self.signals for each in sources)

    def is_learnt(self, sources: Iterable[ValueSource]) -> bool:
        """Whether a value is computed from weights that learn, and from nothing that is given."""
        behind = self.flow.ancestors(sources, self.weights)
        lines = {each.line for each in behind}
        given = {each.given for each in behind} & {GIVEN_FEATURES, GIVEN_LABEL}
        return not given and not lines.isdisjoint(self.weights)

    def is_taught(self, line: Line, place: int) -> bool:
        """Whether labels have changed an operand: after a training with others, it is another one, in any probe."""
        return any(_is_taught(probe, line, place) for probe in self.probes if probe.states)

    def of_features(self, sources: Iterable[ValueSource]) -> bool:
        """Whether a value depends on this example's features: what is kept from earlier ones does not count."""
        return self.flow.depends(sources, GIVEN_FEATURES, self.accumulators)

    def is_random(self, line: Line | None) -> bool:
        """Whether a line draws random numbers anew for every example, that do differ."""
        if line is None or line[0] == SETUP or not self.flow.instructions[line].row.draws:
            return False
        return self.varies(line)

    def random_lines(self, sources: Iterable[ValueSource]) -> tuple[Line, ...]:
        """The lines by which a value is drawn anew for every example; none where it may be something else."""
        lines = [each.line for each in sources if each.given != "zero"]
        return tuple(line for line in lines if line) if lines and all(map(self.is_random, lines)) else ()

    def is_zero(self, line: Line, place: int) -> bool:
        """Whether an operand is nothing but zeros, in every step of all probes."""
        if self.flow.is_given(self.operand(line, place), "zero"):
            return True
        return self.every(line, lambda values: not np.any(values[place]))

    def varies(self, line: Line) -> bool:
        """Whether what a line gives differs between steps."""
        values = [trace[line][-1] for trace in self.probe.traces]
        return any(np.any(value != values[0]) for value in values)

    def every(self, line: Line, holds: Callable[[tuple[Array, ...]], bool]) -> bool:
        """Whether something holds for what a line reads and writes, in every step of all probes."""
        return all(holds(trace[line]) for probe in self.probes for trace in probe.traces)

    def predict_lines(self) -> Iterator[Line]:
        """The live lines of Predict."""
        return (line for line in self.flow.instructions if line[0] == PREDICT)

    def behind_prediction(self) -> frozenset[Line]:
        """The lines of Predict through which features reach the prediction, in training."""
        behind = self.flow.ancestors(
            self.flow.prediction, [line for line in self.flow.instructions if line[0] != PREDICT]
        )
        lines = {each.line for each in behind if each.line and each.line[0] == PREDICT}
        return frozenset(line for line in lines if self.of_features([ValueSource(line)]))

    def _learn_lines(self) -> Iterator[Line]:
        return (line for line in self.flow.instructions if line[0] == LEARN)

    def _changes(self, line: Line) -> Iterator[int]:
        """The operand by which a line goes on from what it was, if it does: the number of the other one."""
        if line[0] == LEARN and self.flow.op(line) in ADDITIVE:
            places = (0,) if self.flow.op(line) in DIFFERENCES else (0, 1)
            kept = [place for place in places if self._carries(self.operand(line, place), line)]
            if len(kept) == 1:
                yield 1 - kept[0]

    def _carries(self, sources: Iterable[ValueSource], line: Line) -> bool:
        """Whether a value is that of a line, perhaps scaled or after other sums."""
        seen, waiting = set[Line](), [each.line for each in sources if each.line]
        while waiting:
            each = waiting.pop()
            if each == line:
                return True
            if each not in seen and self.flow.op(each) in ADDITIVE | PRODUCTS:
                seen.add(each)
                waiting += [found.line for found in self._of_same_kind(each) if found.line]
        return False

    def _of_same_kind(self, line: Line) -> Iterator[ValueSource]:
        """The sources of the operands that are of the kind of the output."""
        row = self.flow.instructions[line].row
        for kind, sources in zip(row.inputs, self.flow.reads[line], strict=True):
            if kind is row.output:
                yield from sources


def _is_taught(probe: Probe, line: Line, place: int) -> bool:
    tick = len(probe.states)
    one, other = (probe.step(state, tick)[1][line][place] for state in (probe.states[-1], probe.otherwise))
    return bool(np.all(np.isfinite(one)) and np.all(np.isfinite(other)) and not np.allclose(one, other, 1e-9, 0))


def view_of(program: Program, multiclass: bool = False, loss: Loss | None = None) -> ProgramView:
    """Look at a program; ``loss`` is by what it is judged, either if it is not told."""
    modes = {Loss.RMSE: (False,), Loss.ACCURACY: (True,), None: (False, True)}[loss]
    logistic = (False,) if multiclass else modes  # of many classes, predictions go through the softmax
    return ProgramView(flow_of(program, multiclass), tuple(Probe(program, multiclass, each) for each in logistic))


def in_order(lines: Iterable[Line | None]) -> tuple[Line, ...]:
    """Each line once, as they are in the program."""
    return tuple(sorted({line for line in lines if line}, key=line_order))


Detector = Callable[[ProgramView], Iterator[Finding]]
