"""Random numbers where they help to generalize: at the features, and at a ReLU."""

from __future__ import annotations

from collections.abc import Iterator

from automl_zero.analysis.dataflow.findings import Finding, Line
from automl_zero.analysis.dataflow.flow import GIVEN_FEATURES
from automl_zero.analysis.dataflow.op_groups import ADDITIVE, BOUNDS, HEAVISIDES, PRODUCTS
from automl_zero.analysis.techniques.program_view import ProgramView, in_order


def noise_injection(view: ProgramView) -> Iterator[Finding]:
    """Features plus or minus what is drawn anew for every example, unless that is the bound of a ReLU."""
    sums = {
        line: random
        for line in view.behind_prediction()
        if view.flow.op(line) in ADDITIVE
        and (random := _noise_at_features(view, line))
        and not _only_bounds(view, line)
    }
    if sums:
        drawn = {each for random in sums.values() for each in random}
        yield Finding("noise injection", in_order([*sums, *drawn]), "added to the features, or subtracted from them")


def noisy_relu(view: ProgramView) -> Iterator[Finding]:
    """A bound, or a product with zeros and ones, that has noise beside it."""
    bounds = noisy_bounds(view)
    if bounds:
        lines = [line for bound, parts in bounds.items() for line in (bound, *parts)]
        yield Finding("noisy ReLU", in_order(lines), "noise is added before the bound, or is the bound")


def noisy_bounds(view: ProgramView) -> dict[Line, tuple[Line, ...]]:
    """The bounds and gates of Predict with noise beside them, and the lines by which it comes there."""
    found = {line: _noise_beside(view, line) for line in view.behind_prediction()}
    return {line: parts for line, parts in found.items() if parts}


def _noise_beside(view: ProgramView, line: Line) -> tuple[Line, ...]:
    if view.flow.op(line) in BOUNDS:
        return tuple(part for place in (0, 1) for part in _noise_in_sum(view, line, place))
    if view.flow.op(line) in PRODUCTS:
        gates = [each.line for place in (0, 1) for each in view.operand(line, place) if each.line]
        steps = [gate for gate in gates if view.flow.op(gate) in HEAVISIDES]
        return tuple(
            part for step in steps for noise in [_noise_in_sum(view, step, 0)] if noise for part in (step, *noise)
        )
    return ()


def _noise_in_sum(view: ProgramView, line: Line, place: int) -> tuple[Line, ...]:
    """Noise that is the operand, or is added to what the operand is."""
    direct = view.random_lines(view.operand(line, place))
    if direct:
        return direct
    sums = [each.line for each in view.operand(line, place) if each.line and view.flow.op(each.line) in ADDITIVE]
    return tuple(
        part for each in sums for k in (0, 1) for noise in [view.random_lines(view.operand(each, k))] if noise
        for part in (each, *noise)
    )  # fmt: skip


def _noise_at_features(view: ProgramView, line: Line) -> tuple[Line, ...]:
    one, other = view.flow.reads[line]
    for noise, features in ((one, other), (other, one)):
        if view.flow.is_given(features, GIVEN_FEATURES):
            return view.random_lines(noise)
    return ()


def _only_bounds(view: ProgramView, line: Line) -> bool:
    return all(view.flow.op(reader) in BOUNDS for reader, _ in view.flow.readers[line])
