"""Detectors of how Learn changes the weights: along which gradient, and with which learning rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from automl_zero.analysis.dataflow.findings import Evidence
from automl_zero.analysis.dataflow.flow import (
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    Cell,
    Sources,
    ValueSource,
    line_order,
)
from automl_zero.analysis.dataflow.op_groups import DEVIATIONS, DIVISIONS, MEANS, NORMS, PRODUCTS, RECIPROCALS
from automl_zero.analysis.techniques.architectures import layers
from automl_zero.analysis.techniques.gradient import Response, cell_responses
from automl_zero.analysis.techniques.knock_out import ablation, constant_operands, constant_value
from automl_zero.analysis.techniques.probe import Probe
from automl_zero.analysis.techniques.program_view import ProgramView, sorted_lines
from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import ProgramError
from automl_zero.program.program_edit import Line, Rewrite, instruction_at
from automl_zero.vm.reference import execute

ALIGNED = 0.98  # the smallest cosine at which a change counts as along the gradient
EVEN = 1.02  # the largest ratio between the rates of several examples, from the same memory
PROPORTIONAL = 0.25  # the largest relative deviation of the response to a large error from linearity
TRAINING_STEPS = 800  # of a short training, as in the paper's habitats (section 4.3)
LEAST_FALL = 0.9  # of a rate that decays, at most this share is left after so many steps
NORMALIZED = 0.25  # the largest relative deviation of the effect of a norm from that of a divisor


def gradient_descent(view: ProgramView, loss: str) -> Iterator[Evidence]:
    """Detect that all weights change along the gradient, at a rate that depends on neither error nor example.

    Args:
        view: the program.
        loss: ``squared`` or ``logistic``.
    """
    for probe in view.probes:
        probe_loss, tasks = _loss_and_tasks(probe)
        found = cell_responses(view, probe) if probe_loss == loss else {}
        if found and all(map(_descends, found.values())):
            least = min(each.cosine for each in found.values())
            note = f"in {tasks}, cosine of change and gradient at least {least:.3f}, by experiment"
            yield Evidence(sorted_lines(view.weights), note)


def back_propagation(view: ProgramView) -> Iterator[Evidence]:
    """Detect that the weights of a first layer change along the gradient, which depends on those of the second."""
    for first, _, _ in layers(view):
        # The matrix of the first layer. Its gradient contains the weights of the second layer by the chain rule, so
        # alignment with the gradient is possible only if the error has passed through them.
        cell = view.flow.instructions[first].inputs()[0]
        for probe in view.probes:
            answers = cell_responses(view, probe)
            if cell in answers and answers[cell].cosine > ALIGNED:
                first_layer = [line for line in view.weights if cell in view.flow.instructions[line].outputs()]
                without = ablation(probe.program, first_layer)  # which stays random then
                yield Evidence(_back_lines(view, first_layer), _back_note(cell, answers), without)
                return


def gradient_normalization(view: ProgramView) -> Iterator[Evidence]:
    """Detect that an error signal is divided by the norm of a function of the features, or of the gradient."""
    lines = sorted_lines([part for line in view.signals for part in _normalizer(view, line)])
    if lines:
        # A constant in place of the norm keeps the division, and tuning finds the size of the steps.
        norms = [line for line in lines if _is_norm(view, line)]
        without = {line: constant_value(view.flow.instructions[line], 1.0) for line in norms}
        yield Evidence(lines, "the step is divided by a norm", without)


def learning_rate_decay(view: ProgramView) -> Iterator[Evidence]:
    """Detect a factor of the errors that depends on nothing but the step number, and shrinks considerably."""
    for line, place in learning_rates(view):
        behind = view.flow.ancestors(view.operand(line, place))
        # A schedule depends on neither data nor noise; what remains is state that changes from step to step.
        given = {each.given for each in behind} & {GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION}
        # Measured over a whole training: the structure of a schedule does not tell whether it shrinks.
        sizes = _sizes(view, line, place)
        # A fall that a whole training hardly notices is no decay, whatever its form.
        if given or any(view.is_random(each.line) for each in behind) or not _shrinks(sizes):
            continue
        lines = sorted_lines([each.line for each in behind if each.line and each.line[0] != "setup"])
        last = _size_after(view, line, place, lines)
        if last <= LEAST_FALL * sizes[0]:
            note = f"from {sizes[0]:.3g} to {last:.3g} in {TRAINING_STEPS} steps"
            yield Evidence(sorted_lines([*lines, line]), note, _constant_rate(view, line, place))
            return


def learning_rate_from_weights(view: ProgramView) -> Iterator[Evidence]:
    """Detect a factor of the errors that is computed from a mean, deviation or norm of the weights."""
    for line, place in learning_rates(view):
        sources = view.operand(line, place)
        # The search ends at weight updates: everything lies behind those.
        lines = [each.line for each in view.flow.ancestors(sources, view.weights) if each.line]
        reductions = [each for each in lines if view.flow.op(each) in MEANS | NORMS | DEVIATIONS]
        of_weights = [each for each in reductions if view.is_learned(view.operand(each, 0))]
        if of_weights and not view.depends_on_features(sources):
            between = [each for each in lines if _comes_from(view, each, of_weights)]
            evidence = sorted_lines([*between, line])
            yield Evidence(evidence, _op_names(view, of_weights), _constant_rate(view, line, place))
            return


def learning_rates(view: ProgramView) -> Iterator[tuple[Line, int]]:
    """Yield the scalars that multiply or divide an error signal: a line of Learn, and the index of the operand."""
    for line in sorted_lines(view.signals):
        if view.flow.op(line) in PRODUCTS | DIVISIONS:
            for place, kind in enumerate(view.flow.instructions[line].row.inputs):
                # Exactly one operand is an error signal; the other one is the rate.
                alone = not view.is_signal(view.operand(line, place))
                if kind is Kind.SCALAR and alone and view.is_signal(view.operand(line, 1 - place)):
                    yield line, place


def _constant_rate(view: ProgramView, line: Line, place: int) -> Rewrite:
    """Return the lines that use a learning rate, with a constant instead; empty if no scalar is free."""
    # A schedule may serve several updates; with one of them constant, the others would still decay.
    sources = view.operand(line, place)
    uses = [use for use in learning_rates(view) if view.operand(*use) == sources]
    # Where tuning begins: the rate of the first step.
    first = next((abs(float(trace[line][place])) for trace in view.probe.traces if trace[line][place]), 1.0)
    try:
        return constant_operands(view.probe.program, uses, first)
    except ProgramError:
        return {}


def _loss_and_tasks(probe: Probe) -> tuple[str, str]:
    """Return the loss whose gradient belongs to the normalization of the predictions, and the kind of tasks."""
    return ("logistic", "classification") if probe.logistic or probe.multiclass else ("squared", "regression")


def _descends(response: Response) -> bool:
    """Return whether a cell does gradient descent: each condition excludes a different near miss."""
    # even: no rate that depends on the example, such as a normalization by its features; positive: descent, not ascent.
    # is_static: no change without an error, unless it is the same for all examples, such as weight decay.
    # cosine: the direction; linearity: neither the sign of the error nor a clipped error.
    even = all(min(rates) > 0 and max(rates) < EVEN * min(rates) for rates in response.rates if rates)
    return even and response.is_static and response.cosine > ALIGNED and abs(response.linearity - 1) < PROPORTIONAL


def _back_lines(view: ProgramView, updates: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines where error signals meet weights of a layer, and the updates of the first layer's weights."""
    # The error is multiplied by weights of a layer, and the result ends in updates of the first layer.
    through = [line for line in view.signals if any(_is_layer(view, operand) for operand in view.flow.reads[line])]
    return sorted_lines([*through, *updates])


def _is_layer(view: ProgramView, sources: Sources) -> bool:
    """Return whether a value is learned and not a scalar."""
    kinds = {view.flow.instructions[each.line].row.output for each in sources if each.line}
    return view.is_learned(sources) and not kinds <= {Kind.SCALAR}


def _back_note(cell: Cell, answers: Mapping[Cell, Response]) -> str:
    rest = [
        f"{kind.prefix}{address} {of.cosine:.2f}" for (kind, address), of in answers.items() if (kind, address) != cell
    ]
    own = f"cosine of change and gradient {answers[cell].cosine:.3f} at {cell[0].prefix}{cell[1]}"
    return ", ".join([own, *rest])


def _normalizer(view: ProgramView, line: Line) -> tuple[Line, ...]:
    """Return the lines by which an error signal is divided by a norm, if a larger norm does mean smaller steps."""
    operands = view.flow.reads[line]
    if view.flow.op(line) in DIVISIONS:
        # signal / norm
        inner: tuple[Line, ...] = ()
        divisors = [operands[1]]
    elif view.flow.op(line) in PRODUCTS:
        # signal * (1 / norm)
        factors = [each.line for operand in operands for each in operand if each.line]
        inner = tuple(line for line in factors if view.flow.op(line) in RECIPROCALS)
        divisors = [view.operand(each, 0) for each in inner]
    else:
        return ()
    norms = [each for sources in divisors for each in _norms(view, sources)]
    return (line, *inner, *norms) if norms and _divides(view, norms) else ()


def _norms(view: ProgramView, sources: Iterable[ValueSource]) -> list[Line]:
    """Return the norms among the sources of a value, of a function of this example's features or of an error signal."""
    lines = [each.line for each in sources if each.line]
    return [
        line for line in lines
        if _is_norm(view, line)
        if view.depends_on_features(view.operand(line, 0)) or view.is_signal(view.operand(line, 0))
    ]  # fmt: skip


def _is_norm(view: ProgramView, line: Line) -> bool:
    return view.flow.op(line) in NORMS | DEVIATIONS or _is_square(view, line)


def _is_square(view: ProgramView, line: Line) -> bool:
    """Return whether a line is a squared norm, dot(x, x)."""
    return view.flow.op(line) == "vector_inner_product" and view.operand(line, 0) == view.operand(line, 1)


def _divides(view: ProgramView, norms: list[Line]) -> bool:
    """Return whether the update of a weight is halved where the norms are doubled."""
    probe = view.probe
    if not probe.states:
        return False
    step_number = len(probe.states)
    # An intervention: the same step again, with twice the value stored in place of each norm. It distinguishes a
    # divisor from a norm that is computed but cancels out, or enters the step in another way.
    usual, doubled = (_weight_changes(view, step_number, norms, factor) for factor in (1.0, 2.0))
    return any(np.any(a) and np.allclose(b, a / 2, rtol=NORMALIZED) for a, b in zip(usual, doubled, strict=True))


def _weight_changes(view: ProgramView, step_number: int, lines: list[Line], factor: float) -> list[Array]:
    """Return the update of each weight in a step in which the results of ``lines`` are multiplied by ``factor``."""
    trace = view.probe.step(
        view.probe.states[step_number - 1],
        step_number,
        label=lambda prediction: prediction + 1.0,
        change=lambda line, value: factor * value if line in lines else value,
    )[1]
    return [trace[line][place] for line, place in view.weights.items()]


def _comes_from(view: ProgramView, line: Line, lines: Iterable[Line]) -> bool:
    """Return whether a line that is no weight update is computed from one of the lines."""
    behind = view.flow.ancestors([ValueSource(line)], view.weights)
    return line not in view.weights and not behind.isdisjoint(map(ValueSource, lines))


def _sizes(view: ProgramView, line: Line, place: int) -> list[float]:
    """Return the absolute value of a rate at each step; for a divisor, its reciprocal."""
    values = [abs(float(trace[line][place])) for trace in view.probe.traces if trace[line][place]]
    # Dividing by a growing number is a decay as well.
    divides = view.flow.op(line) in DIVISIONS and place == 1
    return [1 / value for value in values] if divides else values


def _shrinks(sizes: list[float]) -> bool:
    # Strictly: a rate that is constant at times is no schedule.
    return len(sizes) > 2 and all(a > b for a, b in pairwise(sizes))


def _size_after(view: ProgramView, line: Line, place: int, schedule: Iterable[Line]) -> float:
    """Return the absolute value of a rate after a short training, of which only the lines of the schedule run."""
    memory, program = view.probe.first_memory(), view.probe.program
    instructions = [(each, instruction_at(program, each)) for each in (*schedule, line)]
    instructions.sort(key=lambda pair: line_order(pair[0]))
    value = 0.0
    # The schedule depends on nothing else, so that the other lines, which may diverge, are left out.
    for _ in range(TRAINING_STEPS):
        for each, instruction in instructions:
            if each == line:
                value = abs(float(memory[instruction.inputs()[place]]))
            else:
                execute(instruction, memory)
    divides = view.flow.op(line) in DIVISIONS and place == 1
    return 1 / value if divides else value


def _op_names(view: ProgramView, lines: list[Line]) -> str:
    return "from " + ", ".join(dict.fromkeys(view.flow.op(line).replace("_", " ") for line in lines))
