"""Detectors of random numbers that help to generalize: noise on the features, and at a ReLU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from automl_zero.analysis.dataflow.findings import Evidence
from automl_zero.analysis.dataflow.flow import GIVEN_FEATURES
from automl_zero.analysis.dataflow.op_groups import ADDITIVE, BOUNDS, HEAVISIDES, PRODUCTS
from automl_zero.analysis.techniques.knock_out import mean_of_draw
from automl_zero.analysis.techniques.program_view import ProgramView, sorted_lines
from automl_zero.program.program_edit import Line, Rewrite


def noise_injection(view: ProgramView) -> Iterator[Evidence]:
    """Detect that a random number, drawn for every example, is added to the features or subtracted from them.

    A sum that only serves as an operand of bounds belongs to a noisy ReLU and does not count.
    """
    sums = {
        line: random
        for line in view.forward_lines()
        if view.flow.op(line) in ADDITIVE
        and (random := _noise_at_features(view, line))
        and not _only_bounds(view, line)
    }
    if sums:
        drawn = {each for random in sums.values() for each in random}
        note = "added to the features, or subtracted from them"
        yield Evidence(sorted_lines([*sums, *drawn]), note, _without_noise(view, drawn))


def noisy_relu(view: ProgramView) -> Iterator[Evidence]:
    """Detect noise in an operand of a bound, or in a gate of zeros and ones."""
    bounds = noisy_bounds(view)
    if bounds:
        lines = [line for bound, parts in bounds.items() for line in (bound, *parts)]
        note = "noise is added before the bound, or is the bound"
        yield Evidence(sorted_lines(lines), note, _without_noise(view, lines))


def _without_noise(view: ProgramView, lines: Iterable[Line]) -> Rewrite:
    """Return the means of the draws among some lines."""
    # The noise may not be centered on 0, and its mean is then a constant that the program has use for.
    drawn = {line: view.flow.instructions[line] for line in lines if view.flow.instructions[line].row.draws}
    return {line: mean_of_draw(instruction) for line, instruction in drawn.items()}


def noisy_bounds(view: ProgramView) -> dict[Line, tuple[Line, ...]]:
    """Return the bounds and gates of Predict with noise in their operands, each with the lines that bring it there."""
    found = {line: _noise_at_bound(view, line) for line in view.forward_lines()}
    return {line: parts for line, parts in found.items() if parts}


def _noise_at_bound(view: ProgramView, line: Line) -> tuple[Line, ...]:
    """Return the lines that bring noise into a bound, or into the heaviside that gates a product."""
    if view.flow.op(line) in BOUNDS:
        return tuple(part for place in (0, 1) for part in _noise_in_sum(view, line, place))
    if view.flow.op(line) in PRODUCTS:
        # heaviside(x + noise) * x: noise in the input of the heaviside switches units off at random, as dropout does.
        gates = [each.line for place in (0, 1) for each in view.operand(line, place) if each.line]
        steps = [gate for gate in gates if view.flow.op(gate) in HEAVISIDES]
        return tuple(
            part for step in steps for noise in [_noise_in_sum(view, step, 0)] if noise for part in (step, *noise)
        )
    return ()


def _noise_in_sum(view: ProgramView, line: Line, place: int) -> tuple[Line, ...]:
    """Return the lines of noise that is the operand itself, or a summand of it."""
    # max(x, noise) has a random floor; max(x + noise, 0) has a random threshold.
    direct = view.random_lines(view.operand(line, place))
    if direct:
        return direct
    sums = [each.line for each in view.operand(line, place) if each.line and view.flow.op(each.line) in ADDITIVE]
    return tuple(
        part for each in sums for k in (0, 1) for noise in [view.random_lines(view.operand(each, k))] if noise
        for part in (each, *noise)
    )  # fmt: skip


def _noise_at_features(view: ProgramView, line: Line) -> tuple[Line, ...]:
    """Return the lines that draw the operand of a sum whose other operand is the features."""
    # Addition of noise commutes, and in a difference the sign of the noise is irrelevant: either operand may be the
    # noise.
    one, other = view.flow.reads[line]
    for noise, features in ((one, other), (other, one)):
        if view.flow.is_given(features, GIVEN_FEATURES):
            return view.random_lines(noise)
    return ()


def _only_bounds(view: ProgramView, line: Line) -> bool:
    """Return whether all readers of a line are bounds."""
    return all(view.flow.op(reader) in BOUNDS for reader, _ in view.flow.readers[line])
