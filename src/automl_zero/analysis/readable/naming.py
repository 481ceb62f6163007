"""Names for the values in a program, such as ``weights``, ``error`` or ``noise``: for display, not for execution.

An address may hold different values at different times. Each value has its own name, and no two values share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from automl_zero.analysis.dataflow.flow import (
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    PREDICT,
    SETUP,
    ZERO,
    Sources,
    ValueSource,
)
from automl_zero.analysis.dataflow.op_groups import (
    ADDITIVE,
    BOUNDS,
    DEVIATIONS,
    DIFFERENCES,
    DOT_PRODUCTS,
    HEAVISIDES,
    MEANS,
    NORMS,
)
from automl_zero.analysis.techniques.learning import learning_rates
from automl_zero.analysis.techniques.program_view import ProgramView
from automl_zero.analysis.techniques.regularization import averages
from automl_zero.program.ops import Kind
from automl_zero.program.program_edit import Line

GIVEN_NAMES = {GIVEN_FEATURES: "features", GIVEN_LABEL: "label", GIVEN_PREDICTION: "prediction", ZERO: "zero"}
# Names by op, for values that have no role in learning.
BY_OP = (
    (NORMS, "length"),
    (DEVIATIONS, "deviation"),
    (MEANS, "average"),
    (HEAVISIDES, "mask"),
    (DOT_PRODUCTS, "product"),
    (frozenset({"vector_outer_product"}), "outer_product"),
    (frozenset({"matrix_transpose"}), "transposed"),
    (BOUNDS, "bounded"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the values in a program.

    Attributes:
        outputs: for each live line, the name of its output.
        inputs: for each live line, the names of its inputs.
    """

    outputs: Mapping[Line, str]
    inputs: Mapping[Line, tuple[str, ...]]


def name_values(view: ProgramView) -> Names:
    """Name all values that live lines read and write."""
    values = _Values(view)
    names = _numbered(values)
    outputs = {line: names[values.root(line)] for line in view.flow.instructions}
    inputs = {
        line: tuple(_read(view, names, values, sources, line, place) for place, sources in enumerate(operands))
        for line, operands in view.flow.reads.items()
    }
    return Names(outputs, inputs)


class _Values:
    """Groups of lines that write the same value: lines of which a reader may see either (a union-find structure)."""

    def __init__(self, view: ProgramView) -> None:
        self.view = view
        self._parent = {line: line for line in view.flow.instructions}
        # All sources of one operand need a common name, so their groups are merged: the "webs" of register allocation.
        for sources in [*self._read(), view.flow.prediction]:
            lines = [source.line for source in sources if source.line]
            for line in lines[1:]:
                self._parent[self.root(line)] = self.root(lines[0])

    def root(self, line: Line) -> Line:
        """Return the line that represents the group of a line."""
        return line if self._parent[line] == line else self.root(self._parent[line])

    @cached_property
    def members(self) -> Mapping[Line, list[Line]]:
        """The lines of each group, in program order."""
        found: dict[Line, list[Line]] = {}
        for line in self._parent:
            found.setdefault(self.root(line), []).append(line)
        return found

    def _read(self) -> Iterator[Sources]:
        return (sources for operands in self.view.flow.reads.values() for sources in operands)


def _numbered(values: _Values) -> Mapping[Line, str]:
    """Return the name of each group; all but the first with the same role are numbered."""
    rates = {source.line for sources in _rates(values.view) for source in sources}
    counts, names = dict.fromkeys(GIVEN_NAMES.values(), 1), dict[Line, str]()
    counts["prediction"] = 0  # what Predict leaves is what Learn is given
    for root, lines in values.members.items():
        name = _role(values.view, lines, rates)
        counts[name] = counts.get(name, 0) + 1
        # Names of inputs start at 1 above, so that a second "error" or an own "features" is numbered from 2.
        names[root] = name if counts[name] == 1 else f"{name}_{counts[name]}"
    return names


def _rates(view: ProgramView) -> Iterator[Sources]:
    """Yield the sources of the factors of error signals that do not depend on the features."""
    operands = (view.operand(line, place) for line, place in learning_rates(view))
    return (sources for sources in operands if not view.depends_on_features(sources))


def _read(
    view: ProgramView, names: Mapping[Line, str], values: _Values, sources: Sources, line: Line, place: int
) -> str:
    """Return the name of an operand: that of the value that a line wrote or, without such a line, that of the input."""
    lines = [source.line for source in sources if source.line]
    if lines:
        return names[values.root(lines[0])]
    given = next((source.given for source in sources if source.given != ZERO), ZERO)
    kinds = view.flow.instructions[line].row.inputs
    # A cell without a writer reads as 0: a scalar is called "zero", an array "zeros".
    is_array = given == ZERO and place < len(kinds) and kinds[place] is not Kind.SCALAR
    return "zeros" if is_array else GIVEN_NAMES[given]


def _role(view: ProgramView, lines: list[Line], rates: Iterable[Line | None]) -> str:
    """Return the role of a value that all ``lines`` write; where they differ, the last one decides."""
    # From the most to the least specific: a weight may also be an accumulator, and a signal may also be random.
    flow, kind = view.flow, view.flow.instructions[lines[-1]].row.output
    if {ValueSource(line) for line in lines} & flow.prediction:
        return "prediction"
    if not set(lines).isdisjoint(view.weights):
        return "bias" if kind is Kind.SCALAR or all(_is_added(view, line) for line in lines) else "weights"
    if not set(lines).isdisjoint(rates):
        return "learning_rate"
    if not set(lines).isdisjoint(view.accumulators):
        return "running_sum" if set(lines).isdisjoint(averages(view)) else "summed_weights"
    if any(map(view.is_random, lines)):
        return "noise"
    if any(line in view.signals for line in lines):
        return _role_of_signal(view, lines[-1])
    return _role_of_value(view, lines)


def _is_added(view: ProgramView, line: Line) -> bool:
    """Return whether Predict only adds the output of a line to other values."""
    ops = [view.flow.op(reader) for reader, _ in view.flow.readers[line] if reader[0] == PREDICT]
    return bool(ops) and set(ops) <= ADDITIVE


def _role_of_signal(view: ProgramView, line: Line) -> str:
    """Return the role of a value computed from the label: the error, a scaled or propagated error, or a gradient."""
    # y - p or p - y, of the label and the normalized prediction.
    given = {source.given for operand in view.flow.reads[line] for source in operand}
    if view.flow.op(line) in DIFFERENCES and {GIVEN_LABEL, GIVEN_PREDICTION} <= given:
        return "error"
    # The update of a weight is a gradient, if it is not a scalar; a signal of the shape of a layer is propagated back.
    changes = any(view.operand(to, place) >= {ValueSource(line)} for to, place in view.weights.items())
    scalar = view.flow.instructions[line].row.output is Kind.SCALAR
    return "gradient" if changes and not scalar else "scaled_error" if scalar else "back_error"


def _role_of_value(view: ProgramView, lines: list[Line]) -> str:
    """Return the role of a value that is neither learned nor computed from the label."""
    line = lines[-1]
    if view.is_learned([ValueSource(line)]) and view.flow.instructions[line].row.output is not Kind.SCALAR:
        return "transposed_weights" if view.flow.op(line) == "matrix_transpose" else "scaled_weights"
    if line in view.forward_lines() and (name := _role_in_model(view, line)):
        return name
    if all(each[0] == SETUP for each in lines):
        return "constant" if view.flow.instructions[line].row.output is Kind.SCALAR else "constants"
    return next((name for ops, name in BY_OP if view.flow.op(line) in ops), "value")


def _role_in_model(view: ProgramView, line: Line) -> str | None:
    """Return the role of a value on the path from the features to the prediction; None without a special one."""
    # A vector behind a matrix-vector product is a hidden layer, however many ops follow.
    is_vector = view.flow.instructions[line].row.output is Kind.VECTOR
    if view.flow.op(line) in ADDITIVE and any(map(_is_features, view.flow.reads[line])):
        return "noisy_features" if any(map(view.random_lines, view.flow.reads[line])) else "shifted_features"
    if is_vector and any(_is_product(view, source) for source in view.flow.ancestors([ValueSource(line)])):
        return "hidden"
    return None


def _is_features(sources: Sources) -> bool:
    return sources == {ValueSource(None, GIVEN_FEATURES)}


def _is_product(view: ProgramView, source: ValueSource) -> bool:
    line = source.line
    return line is not None and line[0] == PREDICT and view.flow.op(line) == "matrix_vector_product"
