"""Is what Learn does a step against a gradient? Found out by experiment, without a look at the instructions.

From one memory and one example, Learn is run with a label that equals the prediction, and with one a little beside it.
The difference of what it does to a cell is compared with the derivative of the output by that cell, from finite
differences: descent on the loss that belongs to the normalization is exactly their proportionality.
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

SMALL, LARGE = 1e-3, 0.5  # errors that the label is given
STEP = 1e-5  # of finite differences
EXAMPLES = 4  # each four times as large as the one before, so that a sigmoid bends
NEGLIGIBLE = 1e-9  # of a change, relative to the largest one


@dataclass(frozen=True, eq=False)
class Response:
    """How a cell that the prediction depends on answers to errors.

    Attributes:
        changes: [states, examples, elements] by a small error, per unit of error; ``of_large``: by a large one.
        gradients: [states, examples, elements] of the output.
        undisturbed: [states, examples, elements] what Learn adds where there is no error.
        values: [states, elements] what was there before.
    """

    changes: Array
    of_large: Array
    gradients: Array
    undisturbed: Array
    values: Array

    @property
    def is_learnt(self) -> bool:
        """Whether errors change the cell at all, and the cell the output."""
        return bool(np.any(self.changes) and np.any(self.gradients))

    @property
    def cosine(self) -> float:
        """The least cosine between change and gradient, where there is either."""
        product = np.sum(self.changes * self.gradients, -1)
        size, slope = np.linalg.norm(self.changes, axis=-1), np.linalg.norm(self.gradients, axis=-1)
        there = (size > NEGLIGIBLE * size.max()) | (slope > NEGLIGIBLE * slope.max())
        both = np.maximum(size * slope, np.finfo(float).tiny)
        return float(np.min((product / both)[there]))

    @property
    def rates(self) -> tuple[tuple[float, ...], ...]:
        """In each state, how long changes are beside their gradients, in the examples where these are not zero."""
        slopes = np.sum(self.gradients**2, -1)
        rates = np.sum(self.changes * self.gradients, -1) / np.where(slopes > 0, slopes, 1)
        return tuple(tuple(of[slope > 0].tolist()) for of, slope in zip(rates, slopes, strict=True))

    @property
    def rests(self) -> bool:
        """Whether, where there is no error, it makes no difference to the cell which example it is."""
        spread = np.abs(self.undisturbed - self.undisturbed[:, :1]).max()
        return bool(spread <= NEGLIGIBLE * max(np.abs(self.values).max(), np.abs(self.changes).max()))

    @property
    def proportion(self) -> float:
        """The change by a large error beside what the small one makes expect, in the median, on small features."""
        small, large = (np.linalg.norm(changes[:, 0], axis=-1) for changes in (self.changes, self.of_large))
        return float(np.median(large[small > 0] / small[small > 0])) if np.any(small) else 1.0


_KNOWN: WeakKeyDictionary[Probe, Mapping[Cell, Response]] = WeakKeyDictionary()


def responses(view: ProgramView, probe: Probe) -> Mapping[Cell, Response]:
    """The answers of the learnt cells, of all that Predict finds as Learn has left them; found once for a probe.

    None where one of them is not finite: it might be what speaks against a conclusion.
    """
    if probe not in _KNOWN:
        states = _states(probe)
        found = {cell: _response(probe, cell, states) for cell in _cells(view) if states}
        known = {cell: answer for cell, answer in found.items() if answer is not None}
        learnt = {cell: answer for cell, answer in known.items() if answer.is_learnt}
        _KNOWN[probe] = learnt if len(known) == len(found) else {}
    return _KNOWN[probe]


def _cells(view: ProgramView) -> tuple[Cell, ...]:
    found = {
        cell: None
        for line in view.predict_lines()
        for place, cell in enumerate(read_cells(view.flow.instructions[line]))
        if any(each.line and each.line[0] == LEARN for each in view.in_training(line, place))
        and not any(each.line and each.line[0] == PREDICT for each in view.in_training(line, place))
    }
    return tuple(found)


def _states(probe: Probe) -> list[tuple[Memory, int]]:
    """Memories from the middle of the training to its end, with the numbers of their steps."""
    last = len(probe.states)
    ticks = sorted({last, (3 * last) // 4, last // 2} - {0})
    return [(probe.states[tick - 1], tick) for tick in ticks]


@np.errstate(all="ignore")
def _response(probe: Probe, cell: Cell, states: list[tuple[Memory, int]]) -> Response | None:
    rows = [[_at(probe, cell, state, tick, number) for number in range(EXAMPLES)] for state, tick in states]
    changes, of_large, gradients, kept = (np.array([[each[k] for each in row] for row in rows]) for k in range(4))
    values = np.array([np.ravel(state[cell]) for state, _ in states])
    parts = changes, of_large, gradients, kept, values
    return Response(*parts) if all(np.isfinite(part).all() for part in parts) else None


def _at(probe: Probe, cell: Cell, state: Memory, tick: int, number: int) -> tuple[Array, ...]:
    """Changes by a small and a large error, gradient, and the change without an error, at one example."""
    x = 4.0**number * generator_at(probe.seed, "examples", number).standard_normal(NUM_FEATURES)
    unit = np.eye(NUM_FEATURES)[number % CLASSES] if probe.multiclass else 1.0

    def learnt(error: float) -> Array:
        after, _ = probe.step(state, tick, x=x, label=lambda prediction: prediction + error * unit)
        return np.array(after[cell], np.float64).ravel()

    without = learnt(0.0)
    gradient = _gradient(probe, cell, state, tick, x)[:, number % CLASSES if probe.multiclass else 0]
    small, large = ((learnt(error) - without) / error for error in (SMALL, LARGE))
    return small, large, gradient, without - np.ravel(state[cell])


def _gradient(probe: Probe, cell: Cell, state: Memory, tick: int, x: Array) -> Array:
    """[elements, outputs] derivatives of the output by the elements of a cell."""
    kind, address = cell

    def output(element: int, step: float) -> Array:
        changed = copy.deepcopy(state)
        changed.banks[kind][address : address + 1].reshape(-1)[element] += step
        return probe.output(changed, tick, x)

    size = NUM_FEATURES**kind
    return np.array([(output(each, STEP) - output(each, -STEP)) / (2 * STEP) for each in range(size)])
