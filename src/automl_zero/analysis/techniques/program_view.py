"""The input of detectors: the data flow of a program, what follows from it, and probes that run the program.

Everything is computed once and shared. A detector is a function from a view to pieces of evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from automl_zero.analysis.dataflow.findings import Evidence
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
from automl_zero.program.program_edit import Line
from automl_zero.tasks.task import Loss


@dataclass(frozen=True, eq=False)
class ProgramView:
    """A program as detectors see it.

    Attributes:
        flow: the data flow.
        probes: the probes: as in regression and as in classification, in this order; only the latter for many classes.
    """

    flow: Flow
    probes: tuple[Probe, ...]

    @property
    def probe(self) -> Probe:
        """The probe that trained longest before the program diverged."""
        return max(self.probes, key=lambda probe: len(probe.states))

    @cached_property
    def accumulators(self) -> Mapping[Line, int]:
        """Sums in Learn that update their own previous value, as in w = w + g, with the index of the update."""
        return {line: place for line in self.flow.instructions for place in self._updated_operands(line)}

    @cached_property
    def signals(self) -> frozenset[Line]:
        """Lines of Learn computed from the label within the step (error signals), without the accumulators."""
        # One pass in program order suffices: a source that is later in the program is of an earlier step.
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
        """The accumulators whose update is an error signal: what the program learns; with the index of the update."""
        return {line: place for line, place in self.accumulators.items() if self.is_signal(self.operand(line, place))}

    def operand(self, line: Line, place: int) -> Sources:
        """Return the sources of an operand."""
        return self.flow.reads[line][place]

    def training_sources(self, line: Line, place: int) -> Sources:
        """Return the sources of an operand during training.

        In training, Learn runs between two Predicts; if it writes the cell, what Predict left there is seen only in
        validation.
        """
        cell = read_cells(self.flow.instructions[line])[place]
        written = any(each[0] == LEARN and cell in of.outputs() for each, of in self.flow.instructions.items())
        return frozenset(each for each in self.operand(line, place) if not (written and self._is_later(each, line)))

    # A line of Predict at or after this one reaches it only from the Predict of an earlier example.
    def _is_later(self, source: ValueSource, line: Line) -> bool:
        return source.line is not None and source.line[0] == PREDICT == line[0] and source.line[1] >= line[1]

    def is_signal(self, sources: Sources) -> bool:
        """Return whether a value is computed from the label within the step."""
        return ValueSource(None, GIVEN_LABEL) in sources or any(each.line in self.signals for each in sources)

    def is_learned(self, sources: Iterable[ValueSource]) -> bool:
        """Return whether a value is computed from weights, and from neither features nor label of this example."""
        # The weights are a barrier: behind their updates lie label and features of earlier examples, which do not
        # count.
        behind = self.flow.ancestors(sources, self.weights)
        lines = {each.line for each in behind}
        given = {each.given for each in behind} & {GIVEN_FEATURES, GIVEN_LABEL}
        return not given and not lines.isdisjoint(self.weights)

    def depends_on_labels(self, line: Line, place: int) -> bool:
        """Return whether training with other labels gives an operand another value, in any probe."""
        return any(_depends_on_labels(probe, line, place) for probe in self.probes if probe.states)

    def depends_on_features(self, sources: Iterable[ValueSource]) -> bool:
        """Return whether a value depends on the features of this example; accumulated earlier ones do not count."""
        return self.flow.depends(sources, GIVEN_FEATURES, self.accumulators)

    def is_random(self, line: Line | None) -> bool:
        """Return whether a line draws a new random number for every example (and the draws differ)."""
        # Setup draws once; such a value is constant during training.
        if line is None or line[0] == SETUP or not self.flow.instructions[line].row.draws:
            return False
        return self.varies(line)

    def random_lines(self, sources: Iterable[ValueSource]) -> tuple[Line, ...]:
        """Return the lines that draw a value for every example; none if it may come from any other line."""
        lines = [each.line for each in sources if each.given != "zero"]
        return tuple(line for line in lines if line) if lines and all(map(self.is_random, lines)) else ()

    def is_zero(self, line: Line, place: int) -> bool:
        """Return whether an operand is zero in every step of all probes."""
        # Never written, or always zero by experiment, as a heaviside of negative numbers is.
        if self.flow.is_given(self.operand(line, place), "zero"):
            return True
        return self.always(line, lambda values: not np.any(values[place]))

    def varies(self, line: Line) -> bool:
        """Return whether the result of a line differs between steps."""
        values = [trace[line][-1] for trace in self.probe.traces]
        return any(np.any(value != values[0]) for value in values)

    def always(self, line: Line, holds: Callable[[tuple[Array, ...]], bool]) -> bool:
        """Return whether a predicate holds for the trace of a line in every step of all probes."""
        return all(holds(trace[line]) for probe in self.probes for trace in probe.traces)

    def predict_lines(self) -> Iterator[Line]:
        """Yield the live lines of Predict."""
        return (line for line in self.flow.instructions if line[0] == PREDICT)

    def forward_lines(self) -> frozenset[Line]:
        """Return the lines of Predict on a path from the features to the prediction, during training."""
        behind = self.flow.ancestors(
            self.flow.prediction, [line for line in self.flow.instructions if line[0] != PREDICT]
        )
        lines = {each.line for each in behind if each.line and each.line[0] == PREDICT}
        return frozenset(line for line in lines if self.depends_on_features([ValueSource(line)]))

    def _learn_lines(self) -> Iterator[Line]:
        return (line for line in self.flow.instructions if line[0] == LEARN)

    def _updated_operands(self, line: Line) -> Iterator[int]:
        """Yield the index of the update if a line is an accumulator."""
        if line[0] == LEARN and self.flow.op(line) in ADDITIVE:
            # In a difference only the first operand keeps its sign: x = y - x alternates instead of accumulating.
            places = (0,) if self.flow.op(line) in DIFFERENCES else (0, 1)
            carrying = [place for place in places if self._carries(self.operand(line, place), line)]
            # With both operands old, as in w = w + w, the line scales itself and has no update.
            if len(carrying) == 1:
                yield 1 - carrying[0]

    def _carries(self, sources: Iterable[ValueSource], line: Line) -> bool:
        """Return whether a value is the output of a line, perhaps scaled or after other sums."""
        seen, waiting = set[Line](), [each.line for each in sources if each.line]
        while waiting:
            each = waiting.pop()
            if each == line:
                return True
            # Sums and products keep a value up to scale and offset; through any other op it counts as transformed.
            if each not in seen and self.flow.op(each) in ADDITIVE | PRODUCTS:
                seen.add(each)
                waiting += [found.line for found in self._of_same_kind(each) if found.line]
        return False

    def _of_same_kind(self, line: Line) -> Iterator[ValueSource]:
        """Yield the sources of the operands of the same kind as the output: a scale factor is of another kind."""
        row = self.flow.instructions[line].row
        for kind, sources in zip(row.inputs, self.flow.reads[line], strict=True):
            if kind is row.output:
                yield from sources


def _depends_on_labels(probe: Probe, line: Line, place: int) -> bool:
    step_number = len(probe.states)
    # Same step number, hence same example and noise: the memories differ by the labels of the training alone.
    one, other = (
        probe.step(state, step_number)[1][line][place] for state in (probe.states[-1], probe.relabeled_memory)
    )
    return bool(np.all(np.isfinite(one)) and np.all(np.isfinite(other)) and not np.allclose(one, other, 1e-9, 0))


def view_of(program: Program, multiclass: bool = False, loss: Loss | None = None) -> ProgramView:
    """Return the view of a program; ``loss`` is the loss of its tasks, None probes it for both."""
    # Regression leaves predictions as they are; classification of two classes applies the sigmoid.
    modes = {Loss.RMSE: (False,), Loss.ACCURACY: (True,), None: (False, True)}[loss]
    logistic = (False,) if multiclass else modes  # with many classes, predictions go through the softmax instead
    return ProgramView(flow_of(program, multiclass), tuple(Probe(program, multiclass, each) for each in logistic))


def sorted_lines(lines: Iterable[Line | None]) -> tuple[Line, ...]:
    """Return each line once, in program order."""
    return tuple(sorted({line for line in lines if line}, key=line_order))


Detector = Callable[[ProgramView], Iterator[Evidence]]
