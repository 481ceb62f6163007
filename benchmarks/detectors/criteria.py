"""Criteria for techniques: what a program with a technique computes, observed from outside on separate data.

Each criterion is a function from a trial (a program, a finding in it, and a fresh training of it) to whether the
program behaves as the description of the technique says. No criterion calls a detector or its measurements; they only
share ``Probe``, which runs programs, with other examples and other noise.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.techniques.probe import NUM_FEATURES, Probe
from automl_zero.program.ops import Array, Kind
from automl_zero.program.program import PREDICTION
from automl_zero.program.program_edit import Line, instruction_at
from automl_zero.vm.reference import Memory

SEED = 20200306  # of examples and noise; detectors have another
LEAST = 5  # steps of a training that can be judged
PLACES = 12  # at which it is looked
MOSTLY = 0.9  # share of places at which something must hold
CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class Trial:
    """A finding, and a training of its program on examples that no detector has seen."""

    finding: Finding
    probe: Probe

    @cached_property
    def states(self) -> Sequence[Memory]:
        """The memory before each step."""
        return self.probe.states

    @property
    def last(self) -> tuple[Memory, int]:
        """The memory before the last step, and the number of that step."""
        return self.states[-1], len(self.states)

    @cached_property
    def otherwise(self) -> Memory:
        """The memory before the same step after a training with other labels."""
        memory = self.probe.first_memory()
        for tick in range(1, len(self.states)):
            label = self.probe.examples[1][tick - 1]
            memory, _ = self.probe.step(memory, tick, label=1.0 - label if self.probe.logistic else 0.3 - label)
        return memory

    def output(self, state: Memory, tick: int, x: Array) -> float:
        """Return the output of Predict."""
        return float(self.probe.output(state, tick, x)[0])

    def learnt(self, state: Memory, tick: int, x: Array, error: float, **how: Any) -> Memory:
        """Return the memory after a step with that error."""
        return self.probe.step(state, tick, x=x, label=lambda prediction: prediction + error, **how)[0]

    def value(self, line: Line, state: Memory, tick: int, x: Array, error: float = 1.0) -> tuple[Array, ...]:
        """Return what a line reads and writes in a step."""
        label: Callable[[Any], Any] = lambda prediction: prediction + error  # noqa: E731
        return tuple(map(np.asarray, self.probe.step(state, tick, x=x, label=label)[1][line]))


def points(count: int, seed: int = SEED) -> Array:
    """Draw features, [count, F]."""
    return np.asarray(np.random.default_rng(seed).standard_normal((count, NUM_FEATURES)))


def flat(memory: Memory) -> Array:
    """Return all values of a memory as one array."""
    return np.concatenate([np.ravel(bank).astype(np.float64) for bank in memory.banks])


def differ(a: Any, b: Any, tolerance: float = CLOSE) -> bool:
    """Return whether values differ by more than rounding."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return bool(np.max(np.abs(a - b), initial=0) > tolerance * max(np.abs(a).max(), np.abs(b).max(), 1e-12))


def is_affine(trial: Trial, state: Memory, tick: int) -> bool:
    """Return whether an affine function fits the outputs at many points."""
    x = 2 * points(4 * NUM_FEATURES)
    y = np.array([trial.output(state, tick, each) for each in x])
    design = np.column_stack([x, np.ones(len(x))])
    return not differ(design @ np.linalg.lstsq(design, y, rcond=None)[0], y)


def slope(trial: Trial, state: Memory, tick: int) -> Array:
    """Return the change of the output with each feature, from zero."""
    at = [trial.output(state, tick, x) for x in (np.zeros(NUM_FEATURES), *np.eye(NUM_FEATURES))]
    return np.array(at[1:]) - at[0]


def linear_model(trial: Trial) -> bool:
    """An affine function fits all outputs, and its slope depends on the labels that were seen."""
    slopes = slope(trial, *trial.last), slope(trial, trial.otherwise, trial.last[1])
    return is_affine(trial, *trial.last) and bool(np.any(slopes[0])) and differ(*slopes)


def bias(trial: Trial) -> bool:
    """A line adds a number that no feature changes and labels have changed to one that features change."""
    return any(_adds_learnt(trial, line, place) for line in trial.finding.lines for place in (0, 1))


def _adds_learnt(trial: Trial, line: Line, place: int) -> bool:
    state, tick = trial.last
    seen = [trial.value(line, state, tick, x) for x in points(3)]
    other = trial.value(line, trial.otherwise, tick, points(1)[0])
    is_fixed = not differ(seen[0][place], seen[1][place], 0) and not differ(seen[0][place], seen[2][place], 0)
    return is_fixed and differ(seen[0][1 - place], seen[1][1 - place]) and differ(seen[0][place], other[place])


def relu(trial: Trial) -> bool:
    """What a line gives is what it is given where that is above zero (or, of -ReLU(-x), below), and else zero."""
    values = [trial.value(trial.finding.lines[-1], *trial.last, x) for x in points(PLACES)]
    inputs = [np.array([each[k] for each in values]) for k in (0, 1)]
    given = np.array([each[-1] for each in values])
    return any(
        not differ(given, bound(each, 0)) and bool(np.any(given)) and differ(given, each)
        for each in inputs
        for bound in (np.maximum, np.minimum)
    )


def two_layer_net(trial: Trial) -> bool:
    """The output is no affine function, and labels have changed the first layer, which matters."""
    (state, tick), cell = trial.last, _first_layer(trial)
    without = copy.deepcopy(state)
    without[cell] = 0.0
    x = points(PLACES)
    given, left = ([trial.output(each, tick, at) for at in x] for each in (state, without))
    matters = differ(given, left)
    return not is_affine(trial, state, tick) and matters and differ(state[cell], trial.otherwise[cell])


def _first_layer(trial: Trial) -> Any:
    """Return the cell of the matrix; the first line of a finding of a net uses it."""
    return instruction_at(trial.probe.program, trial.finding.lines[0]).inputs()[0]


def bilinear(trial: Trial) -> bool:
    """At most places the effect of one feature depends on another, and by the labels that were seen."""
    state, tick = trial.last
    return _is_mixed(trial, state, tick) and differ(_mixed(trial, state, tick), _mixed(trial, trial.otherwise, tick))


def _is_mixed(trial: Trial, state: Memory, tick: int) -> bool:
    x = points(PLACES)
    size = max(abs(trial.output(state, tick, each)) for each in x)
    return float(np.mean(np.abs(_mixed(trial, state, tick)) > CLOSE * size)) > 0.5


def _mixed(trial: Trial, state: Memory, tick: int) -> Array:
    a, b, *transfer_targets = points(PLACES + 2)
    corners = [[trial.output(state, tick, at + step) for step in (a + b, a, b, 0 * a)] for at in transfer_targets]
    return np.asarray(np.array(corners) @ np.array([1.0, -1.0, -1.0, 1.0]))


def descends(trial: Trial) -> bool:
    """An error moves the output to the label, and all that it changes along the gradient; a double one twice as far."""
    found = [_step(trial, place, x) for place in _middle_and_last(trial) for x in points(3)]
    moved = [each for each in found if each.moved]
    return bool(moved) and all(each.moved > 0 and each.cosine > MOSTLY and each.is_even for each in moved)


def back_propagates(trial: Trial) -> bool:
    """The matrix of the first layer changes along the gradient, which a finite difference gives."""
    cells = {cell for line in trial.finding.lines for cell in instruction_at(trial.probe.program, line).outputs()}
    matrices = [cell for cell in cells if cell[0] is Kind.MATRIX]
    found = [
        cosine
        for state, tick in _middle_and_last(trial)
        for x in points(3)
        for cell in matrices
        for cosine in [_cosine(_change(trial, state, tick, x, cell), _gradient(trial, state, tick, x, cell))]
        if cosine is not None
    ]
    return bool(found) and min(found) > MOSTLY


@dataclass(frozen=True, slots=True)
class _Step:
    moved: float
    cosine: float
    is_even: bool


def _step(trial: Trial, place: tuple[Memory, int], x: Array, error: float = 0.01) -> _Step:
    state, tick = place
    after = [trial.learnt(state, tick, x, size) for size in (0.0, error, 2 * error)]
    none, once, twice = (trial.output(each, tick, x) for each in after)
    far = [flat(each) - flat(after[0]) for each in after[1:]]
    cosines = [
        cosine
        for cell in _cells(state)
        for cosine in [_cosine(_change(trial, state, tick, x, cell), _gradient(trial, state, tick, x, cell))]
        if cosine is not None
    ]
    is_even = abs(np.linalg.norm(far[1]) - 2 * np.linalg.norm(far[0])) < 0.1 * np.linalg.norm(far[1])
    moved = once - none if differ(once, none, 1e-9) or differ(twice, none, 1e-9) else 0.0
    return _Step(moved, min(cosines, default=0.0), bool(is_even))


def _cells(state: Memory) -> Iterator[Any]:
    return ((kind, address) for kind, bank in enumerate(state.banks) for address in range(len(bank)))


def _change(trial: Trial, state: Memory, tick: int, x: Array, cell: Any) -> Array:
    """Return the change of a cell by an error."""
    none, some = (np.ravel(trial.learnt(state, tick, x, error)[cell]) for error in (0.0, 0.01))
    return np.asarray(some - none, np.float64)


def _gradient(trial: Trial, state: Memory, tick: int, x: Array, cell: Any, step: float = 1e-4) -> Array:
    """Return the gradient of the output by the content of a cell before Predict."""
    kind, address = cell

    def at(element: int, distance: float) -> float:
        changed = copy.deepcopy(state)
        changed.banks[kind][address : address + 1].reshape(-1)[element] += distance
        return trial.output(changed, tick, x)

    size = NUM_FEATURES**kind
    return np.array([(at(each, step) - at(each, -step)) / (2 * step) for each in range(size)])


def _cosine(change: Array, gradient: Array) -> float | None:
    """Return the cosine between the actual and the expected change; None if one of them is zero."""
    size = float(np.linalg.norm(change) * np.linalg.norm(gradient))
    return float(change @ gradient) / size if size > 1e-14 else None


def _middle_and_last(trial: Trial) -> tuple[tuple[Memory, int], ...]:
    middle = len(trial.states) // 2
    return (trial.states[middle], middle + 1), trial.last


def normalizes(trial: Trial) -> bool:
    """With larger features, or a larger error, steps grow less than if the norm were held at what it was."""
    (state, tick), x = trial.last, points(1)[0]
    norms = [line for line in trial.finding.lines if _op(trial, line).endswith(("norm", "st_dev", "inner_product"))]
    usual = {line: trial.value(line, state, tick, x)[-1] for line in norms}

    def size(scale: float, error: float, held: bool) -> float:
        hold = (lambda line, value: usual.get(line, value)) if held else None
        with_error, without = (flat(trial.learnt(state, tick, scale * x, each, change=hold)) for each in (error, 0.0))
        return float(np.linalg.norm(with_error - without))

    return any(size(*larger, held=False) < 0.7 * size(*larger, held=True) for larger in ((4.0, 1.0), (1.0, 4.0)))


def clips(trial: Trial) -> bool:
    """Small errors change the program, and huge errors change it no more than large ones of the same sign."""
    (state, tick), x = trial.last, points(1)[0]

    def change(error: float) -> float:
        some, none = (flat(trial.learnt(state, tick, x, each)) for each in (error, 0.0))
        return float(np.linalg.norm(some - none))

    passes = change(0.001) > 0 and change(-0.001) > 0
    return passes and any(change(sign * 1e8) < 10 * change(sign * 1e4) for sign in (1.0, -1.0))


def averages(trial: Trial) -> bool:
    """A second Predict without a Learn gives another output, and the sum grows by weights at every step."""
    (state, tick), x = trial.last, points(1)[0]
    once = copy.deepcopy(state)
    first = _predicted(trial, once, tick, x)
    second = _predicted(trial, once, tick, x)
    return differ(first, second) and any(_sums_up(trial, line) for line in trial.finding.lines if line[0] == "learn")


def _predicted(trial: Trial, memory: Memory, tick: int, x: Array) -> Array:
    """Return the output of Predict, which changes this memory."""
    trial.probe._write_example(memory, x, 0.0)
    trial.probe._execute("predict", memory, tick)
    return np.array(memory[Kind.SCALAR, PREDICTION], np.float64)


def _sums_up(trial: Trial, line: Line) -> bool:
    """Return whether a line increases by another accumulated value."""
    sums = [np.ravel(trace[line][-1]) for trace in trial.probe.traces]
    grown = [after - before for before, after in pairwise(sums)]
    values = [[np.ravel(of[-1]) for of in trace.values()] for trace in trial.probe.traces[1:]]
    return all(
        any(len(value) == len(growth) and abs(_cosine(value, growth) or 0.0) > 1 - CLOSE for value in known)
        for growth, known in zip(grown, values, strict=True)
        if np.any(growth)
    )


def is_noisy(trial: Trial) -> bool:
    """Other random numbers alone change the next prediction, and they are drawn again for each example."""
    (state, tick), x = trial.last, points(1)[0]
    other = Probe(trial.probe.program, trial.probe.multiclass, trial.probe.logistic, SEED + 1)
    after = [probe.step(state, tick, x=x, label=0.5)[0] for probe in (trial.probe, other)]
    one, two = (probe.output(each, tick, x) for probe, each in zip((trial.probe, other), after, strict=True))
    drawn = [line for line in trial.finding.lines if instruction_at(trial.probe.program, line).row.draws]
    first, second = trial.probe.traces[:2]
    return differ(one, two) and all(differ(first[line][-1], second[line][-1]) for line in drawn)


def noisy_relu(trial: Trial) -> bool:
    """The criterion of noise holds, and without its bound or gate the prediction differs."""
    (state, tick), x = trial.last, points(PLACES)
    bounds = [line for line in trial.finding.lines if _op(trial, line).endswith(("_min", "_max", "heaviside"))]
    return is_noisy(trial) and any(_is_in_effect(trial, line, state, tick, x) for line in bounds)


def _is_in_effect(trial: Trial, line: Line, state: Memory, tick: int, x: Array) -> bool:
    values = [trial.value(line, state, tick, each) for each in x]
    first, given = (np.array([each[k] for each in values]) for k in (0, -1))
    share = float(np.mean(np.isclose(first, given)))
    return 0 < share < 1 if not _op(trial, line).endswith("heaviside") else bool(np.std(given) > 0)


def rate_decays(trial: Trial) -> bool:
    """The same errors at the same point change the program less and less, by values that no label has changed."""
    line = trial.finding.lines[-1]
    found = [_rates(trial, line, place) for place in (0, 1)]
    return any(rates is not None and len(rates) > 2 and all(a > b for a, b in pairwise(rates)) for rates in found)


def _rates(trial: Trial, line: Line, place: int) -> list[float] | None:
    """Return the sizes of an operand if neither features nor labels change it."""
    values = [np.asarray(trace[line][place]) for trace in trial.probe.traces]
    if values[0].ndim:
        return None
    (state, tick), (a, b) = trial.last, points(2)
    transfer_targets = (state, a), (state, b), (trial.otherwise, a)
    first, *others = (trial.value(line, memory, tick, x)[place] for memory, x in transfer_targets)
    if any(differ(first, other) for other in others):
        return None
    sizes = [abs(float(value)) for value in values]
    divides = _op(trial, line).endswith("division") and place == 1
    return [1 / size for size in sizes if size] if divides else sizes


def rate_from_weights(trial: Trial) -> bool:
    """A factor of the errors depends on earlier labels, but not on the features or the error of this example."""
    return any(_is_of_weights(trial, trial.finding.lines[-1], place) for place in (0, 1))


def _is_of_weights(trial: Trial, line: Line, place: int) -> bool:
    (state, tick), (a, b) = trial.last, points(2)
    one, other = trial.value(line, state, tick, a), trial.value(line, state, tick, b, 0.3)
    if one[place].ndim or differ(one[place], other[place]):
        return False
    return differ(one[place], trial.value(line, trial.otherwise, tick, a)[place])


def decays(trial: Trial) -> bool:
    """Over steps without an error, a cell shrinks by the same share each time, whatever the features."""
    cells = [cell for line in trial.finding.lines for cell in instruction_at(trial.probe.program, line).outputs()]
    return any(_shrinks(trial, cell) for cell in cells)


def _shrinks(trial: Trial, cell: Any) -> bool:
    memory, tick = trial.last
    sizes = [float(np.linalg.norm(memory[cell]))]
    for x in points(PLACES):
        memory = trial.learnt(memory, tick, x, 0.0)
        sizes.append(float(np.linalg.norm(memory[cell])))
    shares = [after / before for before, after in pairwise(sizes) if before]
    return len(shares) == PLACES and max(shares) < 1 and not differ(min(shares), max(shares), 0.01)


def _op(trial: Trial, line: Line) -> str:
    return instruction_at(trial.probe.program, line).row.name


CRITERIA: Mapping[str, Callable[[Trial], bool]] = {
    "linear model": linear_model,
    "bias": bias,
    "gradient descent on squared loss": descends,
    "gradient descent on logistic loss": descends,
    "ReLU": relu,
    "two-layer net": two_layer_net,
    "back-propagation": back_propagates,
    "bilinear interaction": bilinear,
    "gradient normalization": normalizes,
    "loss clipping": clips,
    "weight averaging": averages,
    "noise injection": is_noisy,
    "noisy ReLU": noisy_relu,
    "learning rate decay": rate_decays,
    "learning rate from weights": rate_from_weights,
    "weight decay": decays,
}
