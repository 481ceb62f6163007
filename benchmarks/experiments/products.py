"""Evaluate the paper's best program and its rivals through inner products instead of matrices.

The matrix that these programs learn is a sum of outer products of what they have seen, so a prediction is a sum of
inner products of examples; a net's matrix can be brought up to date for many examples at once. That is what the
programs compute, in another order: predictions agree with the engine's but for rounding. At 3072 features, where a
matrix does not fit into any cache, an evaluation takes a fraction of the time. Only what is needed here can be
evaluated so: ``figure_6``, ``figure_6_pruned``, the variants of both, ``logistic_regression`` and ``two_layer_net``, in
one epoch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import BY_NAME, Kind
from automl_zero.program.program import Program
from automl_zero.program.program_edit import SET_SCALAR
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import noise

Array = NDArray[Any]

BLOCK = 100  # examples that are gone through before matrices are brought up to date
OUTER = BY_NAME["vector_outer_product"].number
UNIFORM = BY_NAME["vector_uniform_set"].number
DEVIATIONS = BY_NAME["vector_st_dev"].number, BY_NAME["matrix_st_dev"].number
SINE = BY_NAME["scalar_sin"].number


class Rule(NamedTuple):
    """The differences between programs that learn a sum of outer products, or of vectors.

    Attributes:
        rate: The learning rate; None: the standard deviation of all weights.
        low: The lower bound of the uniform noise in the features; the first example has none.
        high: The upper bound of the noise.
        norm: The divisor of errors; None: the norm of the gradient.
        is_bilinear: Whether the program is bilinear, or linear, in the noisy features.
        is_averaged: whether validation is with the sum of all weights so far, from its second example on.
        has_sine: whether the sine of errors is taken.
    """

    rate: float | None
    low: float = 0.0
    high: float = 0.0
    norm: float | None = None
    is_bilinear: bool = True
    is_averaged: bool = True
    has_sine: bool = False


def rule_of(program: Program) -> Rule:
    """Return the rule of ``figure_6``, ``figure_6_pruned``, one of their variants, or ``logistic_regression``."""
    ops = {each.op for each in program.instructions()}
    constants = {each.out: each.data[0] for each in program.instructions() if each.op == SET_SCALAR}
    bounds = [each.data for each in program.instructions() if each.op == UNIFORM]
    has_rate = ops.isdisjoint(DEVIATIONS)
    if has_rate and 4 not in constants:
        return Rule(constants[2], norm=1.0, is_bilinear=False, is_averaged=False)
    mean = next((value for address, value in constants.items() if address not in (2, 4)), 0.0)
    low, high = bounds[0] if bounds else (mean, mean)
    is_averaged = any((Kind.SCALAR, 2) in each.inputs() for each in program.predict)
    rate = constants[4] if has_rate else None
    return Rule(rate, low, max(low, high), constants.get(2), OUTER in ops, is_averaged, SINE in ops)


@dataclass(frozen=True, eq=False)
class Task:
    """One task of a set, and the noise that programs draw in it.

    Attributes:
        x: [N, F] training examples; ``y``: [N] their labels, 0 or 1; ``valid_x``: [M, F]; ``valid_y``: [M].
        seed: of the noise; ``number``: of the task in it.
    """

    x: Array
    y: Array
    valid_x: Array
    valid_y: Array
    seed: int
    number: int

    @cached_property
    def noise(self) -> Array:
        """[N + 1, F] what is added to each training example, before scaling, and then to all validation examples."""
        drawn = np.zeros((len(self.x) + 1, self.x.shape[1]), self.x.dtype)
        for step in range(1, len(drawn)):
            drawn[step] = noise.uniform(self.seed, self.number, 0, step, drawn.shape[1])
        return drawn

    @cached_property
    def weights(self) -> tuple[Array, Array]:
        """[F], [F, F] standard normal draws, in the order in which a net draws its weights."""
        size = self.x.shape[1]
        one, other = (noise.normal(self.seed, self.number, *each) for each in ((0, 0, size), (1, 0, size**2)))
        return one.astype(self.x.dtype), other.astype(self.x.dtype).reshape(size, size)

    def accuracy(self, outputs: Array | None) -> float:
        """Return the accuracy of predictions [M] before the sigmoid; 0 for a program that failed."""
        return 0.0 if outputs is None else float(((outputs > 0) == (self.valid_y > 0.5)).mean())


def task_of(tasks: TaskSet, task: int, number: int, dtype: str = "float32") -> Task:
    """Return a task of a set, with the noise of task ``number``."""
    x, valid_x = (np.ascontiguousarray(part[task], dtype) for part in (tasks.train_x, tasks.valid_x))
    return Task(x, tasks.train_y[task], valid_x, tasks.valid_y[task], tasks.noise_seed, number)


class Products:
    """Inner products of a task's examples x and noise u: all that a ``Rule`` can need."""

    def __init__(self, task: Task) -> None:
        """Compute the products: 1e12 operations and 900 MB at full size."""
        x, u, last = task.x, task.noise[:-1], task.noise[-1]
        self.task, self.size = task, x.shape[1]
        self.blocks = [
            (x[rows] @ x[:end].T, x[rows] @ u[:end].T + u[rows] @ x[:end].T, u[rows] @ u[:end].T)
            for rows, end in _blocks(len(x))
        ]
        self.valid = task.valid_x @ x.T, task.valid_x @ u.T
        self.sums = x.sum(axis=1), u.sum(axis=1), task.valid_x.sum(axis=1), last.sum()
        self.with_last = x @ last, u @ last
        self.is_noisy = np.ones(len(x), x.dtype)
        self.is_noisy[0] = 0

    def outputs(self, rule: Rule) -> Array | None:
        """Return the predictions [M] after training, before the sigmoid; None if one is NaN."""
        errors = self._train(rule)
        if errors is None:
            return None
        age = np.arange(len(errors), 0, -1, dtype=errors.dtype) if rule.is_averaged else np.ones_like(errors)
        blocks = _blocks(len(self.task.valid_x))
        outputs = np.concatenate([self._valid_kernel(rule, rows) @ (errors * age) for rows, _ in blocks])
        outputs[0] = self._valid_kernel(rule, slice(1))[0] @ errors  # the sum is taken after the first prediction
        return outputs

    @np.errstate(all="ignore")
    def _train(self, rule: Rule) -> Array | None:
        """Return the weight [N] with which each training example enters the parameters."""
        found = np.zeros(len(self.task.x), self.task.x.dtype)
        weights = _Weights(self.size**2 if rule.is_bilinear else self.size)
        sums = self._sums(rule)
        for (rows, _), (kernel, norms) in zip(_blocks(len(found)), self._kernels(rule), strict=True):
            before = kernel[:, : rows.start] @ found[: rows.start]
            for step, example in enumerate(range(rows.start, rows.stop)):
                raw = float(before[step] + kernel[step, rows.start : example] @ found[rows.start : example])
                output = raw * (weights.deviation() if rule.rate is None else rule.rate)
                if math.isnan(output):
                    return None
                error = self.task.y[example] - _sigmoid(output)
                found[example] = (math.sin(error) if rule.has_sine else error) / norms[step]
                weights.add(float(found[example]), raw, float(kernel[step, example]), float(sums[example]))
        return found

    def _sums(self, rule: Rule) -> Array:
        """Return the sum [N] of the elements that each training example adds to the parameters."""
        x, noise = self.sums[0], (rule.high - rule.low) * self.sums[1] + rule.low * self.size * self.is_noisy
        return np.asarray((x - noise) * (x + noise) if rule.is_bilinear else x + noise)

    def _kernels(self, rule: Rule) -> Iterator[tuple[Array, Array]]:
        """Yield for each block what an earlier example [columns] adds to the prediction of a later one, and norms."""
        base, spread = rule.low, rule.high - rule.low
        for (rows, end), (plain, mixed, noisy) in zip(_blocks(len(self.task.x)), self.blocks, strict=True):
            both = plain + spread**2 * noisy + self._noise_and_noise(rule, rows, end)
            cross = spread * mixed + base * _pairs(self.sums[0], self.is_noisy, rows, end)
            at = np.arange(len(both)), np.arange(rows.start, rows.stop)
            plus, minus = both + cross, both - cross
            own = plain[at] * minus[at] if rule.is_bilinear else plus[at]
            norms = np.sqrt(own) if rule.norm is None else np.full(len(own), rule.norm)
            yield plus * minus if rule.is_bilinear else plus, norms

    def _noise_and_noise(self, rule: Rule, rows: slice, end: int) -> Array:
        base, spread = rule.low, rule.high - rule.low
        halves = base * spread * self.sums[1] + base**2 * self.size / 2 * self.is_noisy
        return _pairs(halves, self.is_noisy, rows, end)

    def _valid_kernel(self, rule: Rule, rows: slice) -> Array:
        """Return what each training example [columns] adds to the predictions of validation examples [rows]."""
        base, spread = rule.low, rule.high - rule.low
        x, u, valid_x, last = self.sums
        own = base**2 * self.size * self.is_noisy + base * spread * (u + last * self.is_noisy)
        both = self.valid[0][rows] + (own + spread**2 * self.with_last[1])
        cross = spread * self.valid[1][rows] + base * np.outer(valid_x[rows], self.is_noisy)
        cross += base * x + spread * self.with_last[0]
        return np.asarray((both + cross) * (both - cross) if rule.is_bilinear else both + cross)


@dataclass
class _Weights:
    """The standard deviation of the ``count`` elements of a sum of weights.

    Attributes:
        total: of the elements; ``squares``: of their squares.
    """

    count: int
    total: float = 0.0
    squares: float = 0.0

    def add(self, times: float, product: float, square: float, total: float) -> None:
        """Add a multiple of some weights, given their inner products with the sum and themselves, and their sum."""
        self.squares += times * (2 * product + times * square)
        self.total += times * total

    def deviation(self) -> float:
        """Return the standard deviation of the elements."""
        return math.sqrt(max(self.squares / self.count - (self.total / self.count) ** 2, 0.0))


@np.errstate(all="ignore")
def net_outputs(program: Program, task: Task) -> Array | None:
    """Return the predictions [M] of ``two_layer_net`` with any constants, before the sigmoid; None if one is NaN.

    The first layer is brought up to date after each block. Within one, what it lacks is added to its outputs.
    """
    (_, out_scale), (_, in_scale), (rate,) = (each.data for each in program.setup)
    weights, layer = out_scale * task.weights[0], in_scale * task.weights[1]
    biases, bias = np.zeros_like(weights), 0.0
    for rows, _ in _blocks(len(task.x)):
        x = task.x[rows]
        hidden, changes, near = x @ layer.T + biases, np.zeros_like(x), x @ x.T + 1  # 1: for the biases
        for step, label in enumerate(task.y[rows]):
            sums = hidden[step] + near[step, :step] @ changes[:step]
            active = np.maximum(sums, 0)
            output = float(active @ weights) + bias
            if math.isnan(output):
                return None
            error = rate * (label - _sigmoid(output))
            bias += error
            weights += error * active
            changes[step] = error * weights * (sums >= 0)
        layer += changes.T @ x
        biases += changes.sum(axis=0)
    outputs: Array = np.maximum(task.valid_x @ layer.T + biases, 0) @ weights + bias
    return outputs


def _blocks(count: int) -> list[tuple[slice, int]]:
    """Yield the rows of each block, and the number of examples up to its end."""
    return [(slice(start, min(start + BLOCK, count)), min(start + BLOCK, count)) for start in range(0, count, BLOCK)]


def _pairs(one: Array, other: Array, rows: slice, end: int) -> Array:
    """Return ``one[t] other[i] + other[t] one[i]`` for t in ``rows`` and i up to the end."""
    left = np.stack([one[rows], other[rows]], axis=1)
    return np.asarray(left @ np.stack([other[:end], one[:end]]))


def _sigmoid(value: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * value)
