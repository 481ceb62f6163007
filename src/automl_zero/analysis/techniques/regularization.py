"""What keeps weights and errors in bounds: weight decay, averages of the weights, clipped errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding, Line
from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, Sources, ValueSource
from automl_zero.analysis.dataflow.op_groups import BOUNDS, PRODUCTS
from automl_zero.analysis.techniques.gradient import Response, responses
from automl_zero.analysis.techniques.program_view import ProgramView, in_order

SAME = 0.01  # by how much the share by which weights decay may differ between steps
HUGE = 1e6  # an error that no bound lets through


def weight_decay(view: ProgramView) -> Iterator[Finding]:
    """Where there is no error, weights shrink by a fixed share of themselves."""
    for probe in view.probes:
        for cell, response in responses(view, probe).items():
            share = _decay(response)
            if share:
                lines = [
                    line for line, of in view.flow.instructions.items() if line[0] == LEARN and cell in of.outputs()
                ]
                note = f"{cell[0].prefix}{cell[1]} loses {share:.2g} of itself at every step without an error"
                yield Finding("weight decay", in_order(lines), note)
                return


def weight_averaging(view: ProgramView) -> Iterator[Finding]:
    """Weights are summed up over the steps, and only Predict after Predict, as in validation, works with the sum."""
    for line in view.predict_lines():
        for place, sources in enumerate(view.flow.reads[line]):
            later = sources - view.in_training(line, place)
            sums = [
                each for each in averages(view) if view.flow.ancestors(later, view.accumulators) & {ValueSource(each)}
            ]
            if sums and view.is_learnt(view.in_training(line, place)):
                ends = [each.line for each in later]
                yield Finding(
                    "weight averaging", in_order([*sums, *ends]), "the sum of the weights of all steps so far"
                )
                return


def loss_clipping(view: ProgramView) -> Iterator[Finding]:
    """The error itself, before it meets the features, has a bound that lets small errors through."""
    for line in in_order(view.signals):
        if view.flow.op(line) in BOUNDS and not _of_features(view, line) and any(_clips(view, line, k) for k in (0, 1)):
            yield Finding("loss clipping", (line,), "small errors pass, large ones do not, by experiment")


def _decay(response: Response) -> float | None:
    """The share of itself that a cell loses without an error, if it is the same in all states."""
    lost, values = -response.undisturbed[:, 0], response.values
    size = np.sum(values**2, -1, keepdims=True)
    if not response.rests or not np.all(size) or not np.any(lost):
        return None
    shares = np.sum(lost * values, -1, keepdims=True) / size
    even = np.allclose(shares, shares[:1], rtol=SAME) and np.allclose(lost, shares * values, rtol=SAME, atol=1e-12)
    return float(shares[0, 0]) if even and 1e-9 < shares[0, 0] < 1 else None


def averages(view: ProgramView) -> list[Line]:
    """The accumulators that sum up weights over the steps."""
    return [line for line, place in view.accumulators.items() if _are_weights(view, view.operand(line, place))]


def _are_weights(view: ProgramView, sources: Sources) -> bool:
    """Whether a value is that of weights, perhaps scaled."""
    lines = [source.line for source in sources]
    return bool(lines) and all(line in view.weights or _scales_weights(view, line) for line in lines)


def _scales_weights(view: ProgramView, line: Line | None) -> bool:
    if line is None or view.flow.op(line) not in PRODUCTS or line in view.signals:
        return False
    return any(
        bool(sources) and all(each.line in view.weights for each in sources) for sources in view.flow.reads[line]
    )


def _of_features(view: ProgramView, line: Line) -> bool:
    barrier = [each for each in view.flow.instructions if each[0] == PREDICT or each in view.accumulators]
    behind = view.flow.ancestors([each for operand in view.flow.reads[line] for each in operand], barrier)
    return any(each.given == "features" or (each.line and each.line[0] == PREDICT) for each in behind)


def _clips(view: ProgramView, line: Line, place: int) -> bool:
    """Whether the line bounds that operand, which grows with the error; small errors of both signs pass."""
    if not view.probe.states:
        return False
    values = [[_at_error(view, line, sign * error) for error in (1e-3, 2e-3, HUGE, 2 * HUGE)] for sign in (1, -1)]
    if not np.allclose(values[0][0][place], -values[1][0][place], rtol=0.1):
        return False  # it is no error: that is zero, or nearly, where the prediction is right
    passes = [_apart(small[-1], other[-1]) for small, other, *_ in values]
    bounded = [
        not _apart(huge[-1], twice[-1]) and np.all(np.abs(twice[place]) > np.abs(huge[place]))
        and np.all(np.abs(huge[place]) > np.abs(huge[-1])) for *_, huge, twice in values
    ]  # fmt: skip
    return all(passes) and any(bounded)


def _apart(a: Any, b: Any) -> bool:
    return not np.allclose(a, b, rtol=1e-9, atol=0)


def _at_error(view: ProgramView, line: Line, error: float) -> Any:
    """What a line reads, and then gives, in the last step if that is the error."""
    probe = view.probe
    tick = len(probe.states)
    return probe.step(probe.states[tick - 1], tick, label=lambda prediction: prediction + error)[1][line]
