"""What Predict is: linear, bilinear, a network of two layers; and its parts, ReLU and bias."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding, Line
from automl_zero.analysis.dataflow.flow import GIVEN_FEATURES, PREDICT
from automl_zero.analysis.dataflow.op_groups import ADDITIVE, BOUNDS, DOT_PRODUCTS, HEAVISIDES, MAGNITUDES, PRODUCTS
from automl_zero.analysis.techniques.probe import NUM_FEATURES, SCALE, Probe
from automl_zero.analysis.techniques.program_view import ProgramView, in_order
from automl_zero.analysis.techniques.stochastic import noisy_bounds
from automl_zero.program.ops import Array
from automl_zero.rng import generator_at
from automl_zero.vm.reference import Memory

TOLERANCE = 1e-6  # relative, of what should be zero but for rounding
CURVED = BOUNDS | HEAVISIDES | MAGNITUDES


def linear_model(view: ProgramView) -> Iterator[Finding]:
    """The output is a linear function of the features, whose slope labels have changed."""
    if any(_is_linear(probe) and _differ(*_slopes(probe)) for probe in view.probes):
        lines = in_order(view.behind_prediction())
        yield Finding("linear model", lines, "the output is linear in the features, by experiment")


def bias(view: ProgramView) -> Iterator[Finding]:
    """Something learnt, that does not depend on the features, is added to something that does."""
    lines = [line for line in view.behind_prediction() if view.flow.op(line) in ADDITIVE and _adds_bias(view, line)]
    if lines:
        yield Finding("bias", in_order(lines), "what is added is learnt, and does not depend on the features")


def relu(view: ProgramView) -> Iterator[Finding]:
    """A bound of zero, or a product with what is one above zero and else zero."""
    noisy = set(noisy_bounds(view))
    for line in in_order(view.behind_prediction() - noisy):
        if _is_relu(view, line):
            yield Finding("ReLU", (line,), "one of the operands is always zero, and it is in effect")
        elif step := _gate(view, line):
            yield Finding("ReLU", in_order([step, line]), "a value times whether it is above zero")


def two_layer_net(view: ProgramView) -> Iterator[Finding]:
    """Weights, then a nonlinear function, then weights again."""
    for first, curved, second in layers(view):
        if not any(map(_is_linear, view.probes)):
            note = f"{first[0]} line {first[1] + 1} is the first layer, line {second[1] + 1} the second"
            yield Finding("two-layer net", in_order([first, curved, second]), note)
            return


def bilinear(view: ProgramView) -> Iterator[Finding]:
    """A matrix that is learnt, between two vectors of the features."""
    for line in in_order(view.behind_prediction()):
        if view.flow.op(line) == "vector_inner_product" and all(map(view.of_features, view.flow.reads[line])):
            for place in (0, 1):
                inner = {each.line for each in view.operand(line, place) if each.line}
                if (
                    inner
                    and all(_is_map_of_features(view, each) for each in inner)
                    and any(map(_has_products, view.probes))
                ):
                    yield Finding(
                        "bilinear interaction", in_order([*inner, line]), "the output has products of features"
                    )
                    return


def layers(view: ProgramView) -> Iterator[tuple[Line, Line, Line]]:
    """Each first layer with the nonlinear function behind it and the second layer behind that."""
    lines = in_order(view.behind_prediction())
    for second in lines:
        if view.flow.op(second) in DOT_PRODUCTS and _is_weighted(view, second):
            before = _within_predict(view, second)
            for curved in in_order(line for line in before if _is_curved(view, line)):
                firsts = [each for each in _within_predict(view, curved) if _is_map_of_features(view, each)]
                for first in in_order(firsts):
                    yield first, curved, second


def outputs_at(probe: Probe, state: Memory, points: Array) -> Array:
    """[points, outputs] of Predict at features [points, F], from a memory and with the noise of the last step."""
    return np.array([probe.output(state, len(probe.states), x) for x in points])


def _points(count: int) -> Array:
    return np.asarray(generator_at(0, "points").standard_normal((count, NUM_FEATURES)) * 2 * SCALE)


def _slopes(probe: Probe) -> tuple[Array, Array]:
    """After the training, and after one with other labels."""
    one, other = (outputs_at(probe, state, np.eye(NUM_FEATURES + 1, NUM_FEATURES)) for state in _ends(probe))
    return one[:-1] - one[-1], other[:-1] - other[-1]


def _ends(probe: Probe) -> tuple[Memory, Memory]:
    return probe.states[-1], probe.otherwise


def _is_linear(probe: Probe) -> bool:
    """Whether the output at sums of points is the sum of the outputs, less what there is at zero; and not constant."""
    if not probe.states:
        return False
    a, b = _points(8)[:4], _points(8)[4:]
    zero = outputs_at(probe, probe.states[-1], np.zeros_like(a))
    of_a, of_b, of_sum, of_more = (outputs_at(probe, probe.states[-1], each) - zero for each in (a, b, a + b, -3 * a))
    return not _differ(of_sum, of_a + of_b) and not _differ(of_more, -3 * of_a) and _differ(of_a, 0 * of_a)


def _has_products(probe: Probe) -> bool:
    """Whether the effect of a step in one direction depends on a step in another, at one of several places."""
    a, b, *places = _points(6)
    return bool(probe.states) and any(_differ(*_effects(probe, place, a, b)) for place in places)


def _effects(probe: Probe, place: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """The effects of a step ``a`` on the output, after a step ``b`` and without it."""
    both, one, other, none = outputs_at(probe, probe.states[-1], np.array([place + a + b, place + a, place + b, place]))
    return both - other, one - none


def _differ(a: Array, b: Array) -> bool:
    return bool(np.max(np.abs(a - b)) > TOLERANCE * max(np.max(np.abs(a)), np.max(np.abs(b))))


def _adds_bias(view: ProgramView, line: Line) -> bool:
    sources = [view.in_training(line, place) for place in (0, 1)]
    return any(
        view.is_learnt(one)
        and view.of_features(other)
        and not view.flow.is_given(other, GIVEN_FEATURES)
        and view.is_taught(line, place)
        for place, (one, other) in enumerate((sources, sources[::-1]))
    )


def _is_relu(view: ProgramView, line: Line) -> bool:
    """Whether a bound is always zero, and sometimes in effect and sometimes not."""
    if view.flow.op(line) not in BOUNDS or not (view.is_zero(line, 0) or view.is_zero(line, 1)):
        return False
    values = [trace[line][-1] for trace in view.probe.traces]
    inputs = [trace[line][0] + trace[line][1] for trace in view.probe.traces]
    return bool(np.any(values)) and not np.array_equal(values, inputs)


def _gate(view: ProgramView, line: Line) -> Line | None:
    """The line that tells whether the value with which this line multiplies it is above zero."""
    if view.flow.op(line) in PRODUCTS:
        for place, other in ((0, 1), (1, 0)):
            steps = [each.line for each in view.operand(line, place) if each.line]
            is_step = len(steps) == 1 and view.flow.op(steps[0]) in HEAVISIDES
            if is_step and view.operand(steps[0], 0) == view.operand(line, other):
                return steps[0]
    return None


def _is_map_of_features(view: ProgramView, line: Line) -> bool:
    """Whether a line multiplies something of the features by a matrix that learns and is not of them."""
    if view.flow.op(line) != "matrix_vector_product":
        return False
    matrix = view.in_training(line, 0)
    learns = not view.of_features(matrix) and view.is_learnt(matrix) and view.is_taught(line, 0)
    return learns and view.of_features(view.operand(line, 1))


def _is_weighted(view: ProgramView, line: Line) -> bool:
    """Whether one operand of a dot product is of the features and the other is not."""
    return len([1 for place in (0, 1) if view.of_features(view.in_training(line, place))]) == 1


def _is_curved(view: ProgramView, line: Line) -> bool:
    return view.flow.op(line) in CURVED or _gate(view, line) is not None


def _within_predict(view: ProgramView, line: Line) -> list[Line]:
    """What a line of Predict is computed from in the same execution."""
    barrier = [each for each in view.flow.instructions if each[0] != PREDICT]
    sources = [each for operand in range(len(view.flow.reads[line])) for each in view.in_training(line, operand)]
    found = view.flow.ancestors(sources, barrier)
    return [each.line for each in found if each.line and each.line[0] == PREDICT and each.line[1] < line[1]]
