"""Detectors of what Predict computes: a linear or bilinear model or a two-layer net, and their parts, ReLU and bias."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from automl_zero.analysis.dataflow.findings import Evidence
from automl_zero.analysis.dataflow.flow import GIVEN_FEATURES, PREDICT, ValueSource
from automl_zero.analysis.dataflow.op_groups import ADDITIVE, BOUNDS, DOT_PRODUCTS, HEAVISIDES, MAGNITUDES, PRODUCTS
from automl_zero.analysis.techniques.knock_out import passed_on
from automl_zero.analysis.techniques.probe import NUM_FEATURES, SCALE, Probe
from automl_zero.analysis.techniques.program_view import ProgramView, sorted_lines
from automl_zero.analysis.techniques.stochastic import noisy_bounds
from automl_zero.program.ops import Array
from automl_zero.program.program_edit import Line
from automl_zero.rng import generator_at
from automl_zero.vm.reference import Memory

TOLERANCE = 1e-6  # relative difference up to which two outputs count as equal, but for rounding
NONLINEAR = BOUNDS | HEAVISIDES | MAGNITUDES


def linear_model(view: ProgramView) -> Iterator[Evidence]:
    """Detect that the output is a linear function of the features, whose slope depends on the labels."""
    if any(_is_linear(probe) and _differ(*_slopes(probe)) for probe in view.probes):
        lines = sorted_lines(view.forward_lines())
        yield Evidence(lines, "the output is linear in the features, by experiment")


def bias(view: ProgramView) -> Iterator[Evidence]:
    """Detect that a learned value that does not depend on the features is added to one that does."""
    # Structure alone cannot tell a bias from a constant offset: the added value must be learned, and depend on the
    # labels.
    places = {line: _biased(view, line) for line in view.forward_lines() if view.flow.op(line) in ADDITIVE}
    lines = [line for line, found in places.items() if found]
    if lines:
        note = "what is added is learned, and does not depend on the features"
        # Without the bias, the sum is its other operand.
        without = {line: passed_on(view.flow.instructions[line], places[line][0]) for line in lines}
        yield Evidence(sorted_lines(lines), note, without)


def relu(view: ProgramView) -> Iterator[Evidence]:
    """Detect a bound of zero, or a product of a value with the indicator that it is above zero."""
    # A bound with noise is a technique of its own (``noisy_relu``).
    noisy = set(noisy_bounds(view))
    for line in sorted_lines(view.forward_lines() - noisy):
        if _is_relu(view, line):
            note, place = "one of the operands is always zero, and it is in effect", int(view.is_zero(line, 0))
            yield Evidence((line,), note, {line: passed_on(view.flow.instructions[line], place)})
        elif step := _gating_step(view, line):
            note, place = "a value times whether it is above zero", int(ValueSource(step) in view.operand(line, 0))
            without = {line: passed_on(view.flow.instructions[line], place)}
            yield Evidence(sorted_lines([step, line]), note, without)


def two_layer_net(view: ProgramView) -> Iterator[Evidence]:
    """Detect weights, followed by a nonlinear function, followed by weights."""
    for first, nonlinear, second in layers(view):
        if not any(map(_is_linear, view.probes)):
            note = f"{first[0]} line {first[1] + 1} is the first layer, line {second[1] + 1} the second"
            yield Evidence(sorted_lines([first, nonlinear, second]), note)
            return


def bilinear(view: ProgramView) -> Iterator[Evidence]:
    """Detect a dot product of two vectors computed from the features, with a learned matrix in one of them."""
    for line in sorted_lines(view.forward_lines()):
        if view.flow.op(line) == "vector_inner_product" and all(map(view.depends_on_features, view.flow.reads[line])):
            for place in (0, 1):
                inner = {each.line for each in view.operand(line, place) if each.line}
                if (
                    inner
                    and all(_is_map_of_features(view, each) for each in inner)
                    and any(map(_has_feature_products, view.probes))
                ):
                    yield Evidence(sorted_lines([*inner, line]), "the output has products of features")
                    return


def layers(view: ProgramView) -> Iterator[tuple[Line, Line, Line]]:
    """Yield each first layer, with a nonlinear function of its output, and a second layer of the output of that."""
    lines = sorted_lines(view.forward_lines())
    # From the output back: a dot product with weights, a nonlinearity below it, and a product of weights and features
    # below that. One triple is evidence enough, but all are enumerated for ``back_propagation``.
    for second in lines:
        if view.flow.op(second) in DOT_PRODUCTS and _is_weighted(view, second):
            before = _predict_lines_behind(view, second)
            for nonlinear in sorted_lines(line for line in before if _is_nonlinear(view, line)):
                firsts = [each for each in _predict_lines_behind(view, nonlinear) if _is_map_of_features(view, each)]
                for first in sorted_lines(firsts):
                    yield first, nonlinear, second


def outputs_at(probe: Probe, state: Memory, points: Array) -> Array:
    """Return the output [points, outputs] of Predict at features [points, F], with the noise of the last step."""
    return np.array([probe.output(state, len(probe.states), x) for x in points])


def _points(count: int) -> Array:
    # Twice the scale of training examples: a kink of a ReLU then lies among the points, so that a net is not taken as
    # linear.
    return np.asarray(generator_at(0, "points").standard_normal((count, NUM_FEATURES)) * 2 * SCALE)


def _slopes(probe: Probe) -> tuple[Array, Array]:
    """Return the slopes of the output by the features, after the training and after one with other labels."""
    # Outputs at the unit vectors and, in the last row of the matrix, at zero: f(e_i) - f(0) is the i-th slope.
    one, other = (outputs_at(probe, state, np.eye(NUM_FEATURES + 1, NUM_FEATURES)) for state in _last_memories(probe))
    return one[:-1] - one[-1], other[:-1] - other[-1]


def _last_memories(probe: Probe) -> tuple[Memory, Memory]:
    """Return the memory at the end of the training, and of the training with other labels."""
    return probe.states[-1], probe.relabeled_memory


def _is_linear(probe: Probe) -> bool:
    """Return whether the output is affine in the features, and not constant."""
    if not probe.states:
        return False
    a, b = _points(8)[:4], _points(8)[4:]
    # With g(x) = f(x) - f(0), f is affine if g is additive, g(a + b) = g(a) + g(b), and homogeneous, g(-3 a) = -3 g(a).
    # The negative factor catches |x| and ReLU, which are homogeneous for positive ones.
    zero = outputs_at(probe, probe.states[-1], np.zeros_like(a))
    of_a, of_b, of_sum, of_more = (outputs_at(probe, probe.states[-1], each) - zero for each in (a, b, a + b, -3 * a))
    return not _differ(of_sum, of_a + of_b) and not _differ(of_more, -3 * of_a) and _differ(of_a, 0 * of_a)


def _has_feature_products(probe: Probe) -> bool:
    """Return whether the effect of a step in one direction depends on a step in another, at one of several points."""
    # For a bilinear form x' M x the mixed difference is a' (M + M') b, the same everywhere. For nets with ReLU it is
    # nonzero only where a kink lies between the points, so several places are tried.
    a, b, *places = _points(6)
    return bool(probe.states) and any(_differ(*_effects(probe, place, a, b)) for place in places)


def _effects(probe: Probe, place: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """Return the effect of a step ``a`` on the output, after a step ``b`` and without it."""
    # Their difference f(p+a+b) - f(p+b) - f(p+a) + f(p) is a mixed second difference, zero wherever f is affine.
    both, one, other, none = outputs_at(probe, probe.states[-1], np.array([place + a + b, place + a, place + b, place]))
    return both - other, one - none


def _differ(a: Array, b: Array) -> bool:
    """Return whether two arrays differ by more than rounding, relative to their largest element."""
    return bool(np.max(np.abs(a - b)) > TOLERANCE * max(np.max(np.abs(a)), np.max(np.abs(b))))


def _biased(view: ProgramView, line: Line) -> tuple[int, ...]:
    """Return the places of the operands of a sum to which a bias, the other operand, is added."""
    sources = [view.training_sources(line, place) for place in (0, 1)]
    return tuple(
        1 - place
        for place, (one, other) in enumerate((sources, sources[::-1]))
        if view.is_learned(one)
        and view.depends_on_features(other)
        and not view.flow.is_given(other, GIVEN_FEATURES)
        and view.depends_on_labels(line, place)
    )


def _is_relu(view: ProgramView, line: Line) -> bool:
    """Return whether one operand of a bound is always zero, and the bound is in effect in some steps but not in all."""
    if view.flow.op(line) not in BOUNDS or not (view.is_zero(line, 0) or view.is_zero(line, 1)):
        return False
    # One operand is zero, so the sum of both is the other one: the input of the ReLU.
    values = [trace[line][-1] for trace in view.probe.traces]
    inputs = [trace[line][0] + trace[line][1] for trace in view.probe.traces]
    return bool(np.any(values)) and not np.array_equal(values, inputs)


def _gating_step(view: ProgramView, line: Line) -> Line | None:
    """Return the heaviside line of x * heaviside(x), if this line is the product; None if it is not."""
    if view.flow.op(line) in PRODUCTS:
        for place, other in ((0, 1), (1, 0)):
            steps = [each.line for each in view.operand(line, place) if each.line]
            is_step = len(steps) == 1 and view.flow.op(steps[0]) in HEAVISIDES
            if is_step and view.operand(steps[0], 0) == view.operand(line, other):
                return steps[0]
    return None


def _is_map_of_features(view: ProgramView, line: Line) -> bool:
    """Return whether a line multiplies a function of the features by a learned matrix that does not depend on them."""
    if view.flow.op(line) != "matrix_vector_product":
        return False
    # Operand 0 is the matrix, and operand 1 the vector. A matrix computed from the features would make the map
    # quadratic.
    matrix = view.training_sources(line, 0)
    learns = not view.depends_on_features(matrix) and view.is_learned(matrix) and view.depends_on_labels(line, 0)
    return learns and view.depends_on_features(view.operand(line, 1))


def _is_weighted(view: ProgramView, line: Line) -> bool:
    """Return whether exactly one operand of a dot product depends on the features."""
    return len([1 for place in (0, 1) if view.depends_on_features(view.training_sources(line, place))]) == 1


def _is_nonlinear(view: ProgramView, line: Line) -> bool:
    return view.flow.op(line) in NONLINEAR or _gating_step(view, line) is not None


def _predict_lines_behind(view: ProgramView, line: Line) -> list[Line]:
    """Return the earlier lines of Predict from which a line is computed, in the same execution."""
    barrier = [each for each in view.flow.instructions if each[0] != PREDICT]
    sources = [each for operand in range(len(view.flow.reads[line])) for each in view.training_sources(line, operand)]
    found = view.flow.ancestors(sources, barrier)
    return [each.line for each in found if each.line and each.line[0] == PREDICT and each.line[1] < line[1]]
