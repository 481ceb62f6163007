"""Experiments that tell whether Learn does gradient descent, without a look at its instructions.

From one memory and one example, Learn runs once with a label equal to the prediction p and once with the label p + e.
The difference of the two results in a weight w is its response to the error e. The gradient of the output z by w comes
from central finite differences. For squared loss (p = z) and for logistic loss (p = sigmoid(z) or softmax(z)) alike,
the derivative of the loss by z is p - y = -e, so gradient descent means response = rate * e * dz/dw.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from automl_zero.analysis.dataflow.flow import LEARN, PREDICT, Cell, read_cells
from automl_zero.analysis.techniques.probe import CLASSES, NUM_FEATURES, Probe
from automl_zero.analysis.techniques.program_view import ProgramView
from automl_zero.program.ops import Array
from automl_zero.rng import generator_at
from automl_zero.vm.reference import Memory

SMALL, LARGE = 1e-3, 0.5  # the errors e
STEP = 1e-5  # of finite differences
EXAMPLES = 4  # each with features four times as large as the one before, so that a sigmoid saturates
NEGLIGIBLE = 1e-9  # relative size up to which a change counts as rounding


@dataclass(frozen=True, eq=False)
class Response:
    """The response of a memory cell, on which the prediction depends, to errors.

    Attributes:
        changes: [states, examples, elements] the response to a small error, divided by the error.
        large_error_changes: [states, examples, elements] the response to a large error, likewise.
        gradients: [states, examples, elements] derivatives of the output by the elements.
        zero_error_changes: [states, examples, elements] what Learn adds where the error is zero.
        values: [states, elements] the content of the cell before the step.
    """

    changes: Array
    large_error_changes: Array
    gradients: Array
    zero_error_changes: Array
    values: Array

    @property
    def is_learned(self) -> bool:
        """Whether errors change the cell, and the cell changes the output."""
        return bool(np.any(self.changes) and np.any(self.gradients))

    @property
    def cosine(self) -> float:
        """The smallest cosine between response and gradient, wherever either is not negligible."""
        # A pair of negligible vectors is rounding error, whose direction means nothing; one negligible vector of a pair
        # counts, as cosine 0: a change without a gradient, or a gradient without a change, is no descent.
        product = np.sum(self.changes * self.gradients, -1)
        size, slope = np.linalg.norm(self.changes, axis=-1), np.linalg.norm(self.gradients, axis=-1)
        there = (size > NEGLIGIBLE * size.max()) | (slope > NEGLIGIBLE * slope.max())
        both = np.maximum(size * slope, np.finfo(float).tiny)
        return float(np.min((product / both)[there]))

    @property
    def rates(self) -> tuple[tuple[float, ...], ...]:
        """For each state, the ratio of response to gradient in the examples whose gradient is not zero."""
        slopes = np.sum(self.gradients**2, -1)
        # The least-squares solution of change = rate * gradient: rate = <change, gradient> / <gradient, gradient>.
        rates = np.sum(self.changes * self.gradients, -1) / np.where(slopes > 0, slopes, 1)
        return tuple(tuple(of[slope > 0].tolist()) for of, slope in zip(rates, slopes, strict=True))

    @property
    def is_static(self) -> bool:
        """Whether the change of the cell without an error is the same for all examples."""
        # Compare with the first example. A constant drift, such as weight decay, is allowed; an update by the features
        # is not.
        spread = np.abs(self.zero_error_changes - self.zero_error_changes[:, :1]).max()
        return bool(spread <= NEGLIGIBLE * max(np.abs(self.values).max(), np.abs(self.changes).max()))

    @property
    def linearity(self) -> float:
        """The median ratio of responses per unit of error, large to small, on the smallest features; 1 if linear."""
        # Only the first example is used, with the smallest features: elsewhere the sigmoid saturates in both cases.
        small, large = (np.linalg.norm(changes[:, 0], axis=-1) for changes in (self.changes, self.large_error_changes))
        return float(np.median(large[small > 0] / small[small > 0])) if np.any(small) else 1.0


# Several detectors need the responses of the same probe, which take hundreds of executions of the program.
_RESPONSES: WeakKeyDictionary[Probe, Mapping[Cell, Response]] = WeakKeyDictionary()


def cell_responses(view: ProgramView, probe: Probe) -> Mapping[Cell, Response]:
    """Return the responses of the learned cells among those that Predict reads as Learn has left them.

    The mapping is empty if any response is not finite: the missing one might contradict a conclusion.
    """
    if probe not in _RESPONSES:
        states = _states(probe)
        found = {cell: _response(probe, cell, states) for cell in _cells(view) if states}
        known = {cell: response for cell, response in found.items() if response is not None}
        learned = {cell: response for cell, response in known.items() if response.is_learned}
        _RESPONSES[probe] = learned if len(known) == len(found) else {}
    return _RESPONSES[probe]


def _cells(view: ProgramView) -> tuple[Cell, ...]:
    """Return the cells that Predict reads and, in training, finds as Learn left them: candidates for weights."""
    found = {
        cell: None
        for line in view.predict_lines()
        for place, cell in enumerate(read_cells(view.flow.instructions[line]))
        if any(each.line and each.line[0] == LEARN for each in view.training_sources(line, place))
        and not any(each.line and each.line[0] == PREDICT for each in view.training_sources(line, place))
    }
    return tuple(found)


def _states(probe: Probe) -> list[tuple[Memory, int]]:
    """Return memories from the middle to the end of the training, with the numbers of their steps."""
    last = len(probe.states)
    # Late memories only: at the beginning weights are often zero, so that gradients by other layers vanish.
    step_numbers = sorted({last, (3 * last) // 4, last // 2} - {0})
    return [(probe.states[step_number - 1], step_number) for step_number in step_numbers]


@np.errstate(all="ignore")
def _response(probe: Probe, cell: Cell, states: list[tuple[Memory, int]]) -> Response | None:
    rows = [
        [_at(probe, cell, state, step_number, number) for number in range(EXAMPLES)] for state, step_number in states
    ]
    changes, large_error_changes, gradients, without_error = (
        np.array([[each[k] for each in row] for row in rows]) for k in range(4)
    )
    values = np.array([np.ravel(state[cell]) for state, _ in states])
    parts = {
        "changes": changes,
        "large_error_changes": large_error_changes,
        "gradients": gradients,
        "zero_error_changes": without_error,
        "values": values,
    }
    return Response(**parts) if all(np.isfinite(part).all() for part in parts.values()) else None


def _at(probe: Probe, cell: Cell, state: Memory, step_number: int, number: int) -> tuple[Array, ...]:
    """Return the responses to a small and a large error, the gradient, and the change without error, at an example."""
    x = 4.0**number * generator_at(probe.seed, "examples", number).standard_normal(NUM_FEATURES)
    # Features of scale 4^k, from 1 to 64: rates that depend on the features then differ by far more than rounding.
    # With many classes, the error is put on one class, a different one for each example.
    unit = np.eye(NUM_FEATURES)[number % CLASSES] if probe.multiclass else 1.0

    def content_after(error: float) -> Array:
        after, _ = probe.step(state, step_number, x=x, label=lambda prediction: prediction + error * unit)
        return np.array(after[cell], np.float64).ravel()

    without = content_after(0.0)
    gradient = _gradient(probe, cell, state, step_number, x)[:, number % CLASSES if probe.multiclass else 0]
    small, large = ((content_after(error) - without) / error for error in (SMALL, LARGE))
    return small, large, gradient, without - np.ravel(state[cell])


def _gradient(probe: Probe, cell: Cell, state: Memory, step_number: int, x: Array) -> Array:
    """Return the derivatives [elements, outputs] of the output by the elements of a cell."""
    kind, address = cell

    def output(element: int, step: float) -> Array:
        changed = copy.deepcopy(state)
        changed.banks[kind][address : address + 1].reshape(-1)[element] += step
        return probe.output(changed, step_number, x)

    # Kind counts the dimensions of an address: 0 for a scalar, 1 for a vector, 2 for a matrix.
    size = NUM_FEATURES**kind
    return np.array([(output(each, STEP) - output(each, -STEP)) / (2 * STEP) for each in range(size)])
