"""How Learn changes the weights: along which gradient, how far, and by which rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding, Line
from automl_zero.analysis.dataflow.flow import GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION, Cell, Sources, ValueSource
from automl_zero.analysis.dataflow.op_groups import DEVIATIONS, DIVISIONS, MEANS, NORMS, PRODUCTS, RECIPROCALS
from automl_zero.analysis.techniques.architectures import layers
from automl_zero.analysis.techniques.gradient import Response, responses
from automl_zero.analysis.techniques.probe import Probe
from automl_zero.analysis.techniques.program_view import ProgramView, in_order
from automl_zero.program.ops import Array, Kind

ALIGNED = 0.98  # cosine from which a change counts as along the gradient
EVEN = 1.02  # the largest rate beside the smallest, from the same memory on several examples
PROPORTIONAL = 0.25  # by how much the change by a large error may differ from what a small one makes expect
NORMALIZED = 0.25  # by how much the effect of a norm may differ from that of a divisor


def gradient_descent(view: ProgramView) -> Iterator[Finding]:
    """All weights change along the gradient, by a rate that depends neither on the error nor on the example."""
    for probe in view.probes:
        found = responses(view, probe)
        loss, where = _judged(probe)
        if found and all(map(_descends, found.values())):
            least = min(each.cosine for each in found.values())
            note = f"in {where}, cosine of change and gradient at least {least:.3f}, by experiment"
            yield Finding(f"gradient descent on {loss} loss", in_order(view.weights), note)


def back_propagation(view: ProgramView) -> Iterator[Finding]:
    """The weights of the first layer change along the gradient, which has come through the second."""
    for first, _, _ in layers(view):
        cell = view.flow.instructions[first].inputs()[0]
        for probe in view.probes:
            answers = responses(view, probe)
            if cell in answers and answers[cell].cosine > ALIGNED:
                yield Finding("back-propagation", _back_lines(view, cell), _back_note(cell, answers))
                return


def gradient_normalization(view: ProgramView) -> Iterator[Finding]:
    """What errors are multiplied with is divided by the norm of something of the features, or of the gradient."""
    lines = [part for line in view.signals for part in _normalizer(view, line)]
    if lines:
        yield Finding("gradient normalization", in_order(lines), "the step is divided by a norm")


def learning_rate_decay(view: ProgramView) -> Iterator[Finding]:
    """A factor of the errors that depends on nothing but the number of the step, and shrinks."""
    for line, place in learning_rates(view):
        behind = view.flow.ancestors(view.operand(line, place))
        given = {each.given for each in behind} & {GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION}
        sizes = _sizes(view, line, place)
        if not given and not any(view.is_random(each.line) for each in behind) and _shrinks(sizes):
            lines = [each.line for each in behind if each.line and each.line[0] != "setup"]
            note = f"from {sizes[0]:.3g} to {sizes[-1]:.3g} in {len(sizes)} steps"
            yield Finding("learning rate decay", in_order([*lines, line]), note)
            return


def learning_rate_from_weights(view: ProgramView) -> Iterator[Finding]:
    """A factor of the errors that is computed from a mean, deviation or norm of the weights."""
    for line, place in learning_rates(view):
        sources = view.operand(line, place)
        lines = [each.line for each in view.flow.ancestors(sources, view.weights) if each.line]
        reductions = [each for each in lines if view.flow.op(each) in MEANS | NORMS | DEVIATIONS]
        of_weights = [each for each in reductions if view.is_learnt(view.operand(each, 0))]
        if of_weights and not view.of_features(sources):
            between = [each for each in lines if _comes_from(view, each, of_weights)]
            yield Finding("learning rate from weights", in_order([*between, line]), _op_names(view, of_weights))
            return


def learning_rates(view: ProgramView) -> Iterator[tuple[Line, int]]:
    """The numbers by which errors are multiplied or divided: a line of Learn, and the operand that is the number."""
    for line in in_order(view.signals):
        if view.flow.op(line) in PRODUCTS | DIVISIONS:
            for place, kind in enumerate(view.flow.instructions[line].row.inputs):
                alone = not view.is_signal(view.operand(line, place))
                if kind is Kind.SCALAR and alone and view.is_signal(view.operand(line, 1 - place)):
                    yield line, place


def _judged(probe: Probe) -> tuple[str, str]:
    """The loss that belongs to how predictions are normalized, and the tasks in which they are."""
    return ("logistic", "classification") if probe.logistic or probe.multiclass else ("squared", "regression")


def _descends(response: Response) -> bool:
    even = all(min(rates) > 0 and max(rates) < EVEN * min(rates) for rates in response.rates if rates)
    return even and response.rests and response.cosine > ALIGNED and abs(response.proportion - 1) < PROPORTIONAL


def _back_lines(view: ProgramView, cell: Cell) -> tuple[Line, ...]:
    """Where the error is multiplied with the weights of the second layer, and where the first layer takes it up."""
    through = [line for line in view.signals if any(_is_layer(view, operand) for operand in view.flow.reads[line])]
    return in_order([*through, *(line for line in view.weights if cell in view.flow.instructions[line].outputs())])


def _is_layer(view: ProgramView, sources: Sources) -> bool:
    kinds = {view.flow.instructions[each.line].row.output for each in sources if each.line}
    return view.is_learnt(sources) and not kinds <= {Kind.SCALAR}


def _back_note(cell: Cell, answers: Mapping[Cell, Response]) -> str:
    rest = [
        f"{kind.prefix}{address} {of.cosine:.2f}" for (kind, address), of in answers.items() if (kind, address) != cell
    ]
    own = f"cosine of change and gradient {answers[cell].cosine:.3f} at {cell[0].prefix}{cell[1]}"
    return ", ".join([own, *rest])


def _normalizer(view: ProgramView, line: Line) -> tuple[Line, ...]:
    """The lines by which a signal is divided by a norm, if it is, and if a larger norm means smaller steps."""
    operands = view.flow.reads[line]
    if view.flow.op(line) in DIVISIONS:
        inner: tuple[Line, ...] = ()
        divisors = [operands[1]]
    elif view.flow.op(line) in PRODUCTS:
        factors = [each.line for operand in operands for each in operand if each.line]
        inner = tuple(line for line in factors if view.flow.op(line) in RECIPROCALS)
        divisors = [view.operand(each, 0) for each in inner]
    else:
        return ()
    norms = [each for sources in divisors for each in _norms(view, sources)]
    return (line, *inner, *norms) if norms and _divides(view, norms) else ()


def _norms(view: ProgramView, sources: Iterable[ValueSource]) -> list[Line]:
    """The norms that a value is, if it is one of this example's features or of the gradient."""
    lines = [each.line for each in sources if each.line]
    return [
        line for line in lines
        if view.flow.op(line) in NORMS | DEVIATIONS or _is_square(view, line)
        if view.of_features(view.operand(line, 0)) or view.is_signal(view.operand(line, 0))
    ]  # fmt: skip


def _is_square(view: ProgramView, line: Line) -> bool:
    return view.flow.op(line) == "vector_inner_product" and view.operand(line, 0) == view.operand(line, 1)


def _divides(view: ProgramView, norms: list[Line]) -> bool:
    """Whether weights learn half as much where the norms are made twice as large."""
    probe = view.probe
    if not probe.states:
        return False
    tick = len(probe.states)
    usual, doubled = (_learnt(view, tick, norms, factor) for factor in (1.0, 2.0))
    return any(np.any(a) and np.allclose(b, a / 2, rtol=NORMALIZED) for a, b in zip(usual, doubled, strict=True))


def _learnt(view: ProgramView, tick: int, lines: list[Line], factor: float) -> list[Array]:
    """By how much each of the weights changes in a step in which lines give that many times what they compute."""
    trace = view.probe.step(
        view.probe.states[tick - 1],
        tick,
        label=lambda prediction: prediction + 1.0,
        change=lambda line, value: factor * value if line in lines else value,
    )[1]
    return [trace[line][place] for line, place in view.weights.items()]


def _comes_from(view: ProgramView, line: Line, lines: Iterable[Line]) -> bool:
    behind = view.flow.ancestors([ValueSource(line)], view.weights)
    return line not in view.weights and not behind.isdisjoint(map(ValueSource, lines))


def _sizes(view: ProgramView, line: Line, place: int) -> list[float]:
    """How large a rate is at each step; of a divisor, one through it."""
    values = [abs(float(trace[line][place])) for trace in view.probe.traces if trace[line][place]]
    divides = view.flow.op(line) in DIVISIONS and place == 1
    return [1 / value for value in values] if divides else values


def _shrinks(sizes: list[float]) -> bool:
    return len(sizes) > 2 and all(a > b for a, b in pairwise(sizes))


def _op_names(view: ProgramView, lines: list[Line]) -> str:
    return "from " + ", ".join(dict.fromkeys(view.flow.op(line).replace("_", " ") for line in lines))
