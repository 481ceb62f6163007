"""Detectors of what bounds weights and errors: weight decay, averages of the weights, clipped errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from automl_zero.analysis.dataflow.findings import Evidence
from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, Sources, ValueSource
from automl_zero.analysis.dataflow.op_groups import BOUNDS, PRODUCTS
from automl_zero.analysis.techniques.gradient import Response, cell_responses
from automl_zero.analysis.techniques.knock_out import ablation, passed_on
from automl_zero.analysis.techniques.program_view import ProgramView, sorted_lines
from automl_zero.program.program import Instruction
from automl_zero.program.program_edit import Line

SAME = 0.01  # the largest relative difference between the decay rates of two steps
HUGE = 1e6  # an error that is beyond every bound


def weight_decay(view: ProgramView) -> Iterator[Evidence]:
    """Detect that weights shrink by a fixed fraction of themselves where the error is zero."""
    for probe in view.probes:
        for cell, response in cell_responses(view, probe).items():
            share = _decay(response)
            if share:
                lines = [
                    line for line, of in view.flow.instructions.items() if line[0] == LEARN and cell in of.outputs()
                ]
                note = f"{cell[0].prefix}{cell[1]} loses {share:.2g} of itself at every step without an error"
                # Where the decay is within the line that learns, no program without it is known.
                apart = [line for line in lines if line not in view.weights]
                yield Evidence(sorted_lines(lines), note, ablation(view.probe.program, apart))
                return


def weight_averaging(view: ProgramView) -> Iterator[Evidence]:
    """Detect a sum of weights over the steps, with which only Predict after Predict, as in validation, computes."""
    for line in view.predict_lines():
        for place, sources in enumerate(view.flow.reads[line]):
            # Predict overwrites the weights with their sum at its end; Learn restores them in training but does not run
            # in validation. So the sum reaches the model only through the sources that training excludes.
            later = sources - view.training_sources(line, place)
            sums = [
                each for each in averages(view) if view.flow.ancestors(later, view.accumulators) & {ValueSource(each)}
            ]
            if sums and view.is_learned(view.training_sources(line, place)):
                ends = [each.line for each in later]
                note = "the sum of the weights of all steps so far"
                yield Evidence(sorted_lines([*sums, *ends]), note, {each: _latest(view, each) for each in sums})
                return


def _latest(view: ProgramView, line: Line) -> tuple[Instruction, ...]:
    """Return what takes the place of a sum of weights: those of the latest step."""
    return passed_on(view.flow.instructions[line], view.accumulators[line])


def loss_clipping(view: ProgramView) -> Iterator[Evidence]:
    """Detect a bound on the error, before it is combined with the features, that lets small errors pass."""
    for line in sorted_lines(view.signals):
        if view.flow.op(line) in BOUNDS and not _uses_features(view, line):
            bounded = [place for place in (0, 1) if _clips(view, line, place)]
            if bounded:
                note = "small errors pass, large ones do not, by experiment"
                yield Evidence((line,), note, {line: passed_on(view.flow.instructions[line], bounded[0])})


def _decay(response: Response) -> float | None:
    """Return the fraction of itself that a cell loses per step without an error; None if it differs between states."""
    # w' = w - c w without an error, with the same 0 < c < 1 for every state. The first example suffices: ``is_static``
    # says that the others give the same.
    lost, values = -response.zero_error_changes[:, 0], response.values
    size = np.sum(values**2, -1, keepdims=True)
    if not response.is_static or not np.all(size) or not np.any(lost):
        return None
    # The least-squares solution of lost = share * values, which must then hold for every element and state.
    shares = np.sum(lost * values, -1, keepdims=True) / size
    even = np.allclose(shares, shares[:1], rtol=SAME) and np.allclose(lost, shares * values, rtol=SAME, atol=1e-12)
    return float(shares[0, 0]) if even and 1e-9 < shares[0, 0] < 1 else None


def averages(view: ProgramView) -> list[Line]:
    """Return the accumulators that sum up weights over the steps."""
    return [line for line, place in view.accumulators.items() if _are_weights(view, view.operand(line, place))]


def _are_weights(view: ProgramView, sources: Sources) -> bool:
    """Return whether a value is that of weights, perhaps scaled."""
    # An input of the program (line None) is in neither set, so a value that may be an input is none of weights.
    lines = [source.line for source in sources]
    return bool(lines) and all(line in view.weights or _scales_weights(view, line) for line in lines)


def _scales_weights(view: ProgramView, line: Line | None) -> bool:
    """Return whether a line is a product of weights with something that is no error signal."""
    if line is None or view.flow.op(line) not in PRODUCTS or line in view.signals:
        return False
    return any(
        bool(sources) and all(each.line in view.weights for each in sources) for sources in view.flow.reads[line]
    )


def _uses_features(view: ProgramView, line: Line) -> bool:
    """Return whether a line of Learn depends on the features of the example, or on what Predict computed from them."""
    # A value that Predict left in memory counts as computed from the features, whatever it is.
    barrier = [each for each in view.flow.instructions if each[0] == PREDICT or each in view.accumulators]
    behind = view.flow.ancestors([each for operand in view.flow.reads[line] for each in operand], barrier)
    return any(each.given == "features" or (each.line and each.line[0] == PREDICT) for each in behind)


def _clips(view: ProgramView, line: Line, place: int) -> bool:
    """Return whether a line bounds operand ``place``, which grows with the error, and lets small errors pass."""
    if not view.probe.states:
        return False
    # Errors e, 2 e and -e, -2 e, both small and beyond every bound. A bound of one sign only still clips.
    values = [[_at_error(view, line, sign * error) for error in (1e-3, 2e-3, HUGE, 2 * HUGE)] for sign in (1, -1)]
    if not np.allclose(values[0][0][place], -values[1][0][place], rtol=0.1):
        return False  # no error: that would be an odd function of the label's deviation, zero where there is none
    # Small errors pass if the result differs between e and 2 e; a bound holds if it is the same for huge errors while
    # the operand still grows, and the operand exceeds the result.
    passes = [_apart(small[-1], other[-1]) for small, other, *_ in values]
    bounded = [
        not _apart(huge[-1], twice[-1]) and np.all(np.abs(twice[place]) > np.abs(huge[place]))
        and np.all(np.abs(huge[place]) > np.abs(huge[-1])) for *_, huge, twice in values
    ]  # fmt: skip
    return all(passes) and any(bounded)


def _apart(a: Any, b: Any) -> bool:
    """Return whether two values differ by more than rounding."""
    return not np.allclose(a, b, rtol=1e-9, atol=0)


def _at_error(view: ProgramView, line: Line, error: float) -> Any:
    """Return the inputs and the result of a line in the last step, if its error is ``error``."""
    probe = view.probe
    step_number = len(probe.states)
    return probe.step(probe.states[step_number - 1], step_number, label=lambda prediction: prediction + error)[1][line]
