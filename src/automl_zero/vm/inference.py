"""Trained programs: a program with the memory that training left, and predictions of rows from that memory.

A prediction depends on its row alone: the memory is restored before each row, and random ops in Predict draw the same
numbers for all rows. So rows can be predicted one by one or many at a time, in any order; each lane runs a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_PREDICTION, Program
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskSet
from automl_zero.vm import block
from automl_zero.vm.aliases import Numbers
from automl_zero.vm.evaluation import train_epoch
from automl_zero.vm.evaluation_arrays import (
    BLOCKS,
    EPOCHS,
    TRAIN,
    VALID,
    EvaluationBudget,
    ExecutionBuffers,
    LaneTasks,
    Scores,
)
from automl_zero.vm.execute import LINE_BYTES, aligned, new_buffers, new_scores, pack, padded
from automl_zero.vm.fitness import binary_error, predicted_class, score, sigmoid
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_entry
from automl_zero.vm.kernel import SEED
from automl_zero.vm.lanes.lanes import Width, load, splat, store, width_of, zeros
from automl_zero.vm.lower import SIZE, Code, Lowered, allocate, encode, lower, new_lowered
from automl_zero.vm.noise import GOLDEN_32
from automl_zero.vm.reference import shape_of
from automl_zero.vm.stop_flag import StopFlag


@dataclass(frozen=True, eq=False)
class Trained:
    """A program and what it has learnt on each of T tasks.

    Attributes:
        program: the program, not pruned.
        loss: loss of the tasks.
        num_classes: number of classes of the tasks; without a meaning for regression.
        num_examples: N, training examples of an epoch.
        noise_seed: seed of the random ops.
        banks: memory after training, at the program's own addresses: scalars [T, S], vectors [T, V, F] and matrices
            [T, M, F, F]. Addresses that cannot reach a prediction hold zeros.
        epochs: [T] how many epochs the memory was trained for; 0 where an error in the first epoch was NaN or too
            large, so that predictions are NaN.
        dtype: ``float32`` or ``float64``, the precision of training and prediction.
    """

    program: Program
    loss: Loss
    num_classes: int
    num_examples: int
    noise_seed: int
    banks: tuple[FloatArray, FloatArray, FloatArray]
    epochs: IntArray
    dtype: str = "float64"

    @property
    def num_features(self) -> int:
        """F, the number of features of a row."""
        return int(self.banks[Kind.VECTOR].shape[-1])

    def outputs(self, x: FloatArray, task: int = 0) -> FloatArray:
        """Return the predictions of rows as Predict leaves them, not normalized.

        Args:
            x: [rows, F] features.
            task: number of the task whose memory is used.

        Returns:
            [rows, 1], the scalar s1; with more than two classes [rows, C], the first elements of v2.
        """
        if not self.epochs[task]:
            return np.full((len(x), self._num_outputs), np.nan)
        # Rows are predicted in the execution step after those of training, so that they have draws of their own.
        return _Engine(_blank(self), self.program, self.dtype).predict(
            x, [bank[task] for bank in self.banks], task, 1 + int(self.epochs[task]) * self.num_examples
        )

    @property
    def _num_outputs(self) -> int:
        return self.num_classes if self.loss is Loss.ACCURACY and self.num_classes > 2 else 1


def train(
    program: Program,
    tasks: TaskSet,
    *,
    keep_best: bool = False,
    dtype: str = "float64",
    max_abs_error: float = 100.0,
    stop: StopFlag | None = None,
) -> Trained:
    """Train a program on the training examples of every task, in the order of the set.

    An error that is NaN or too large ends the training of its task, which then keeps the memory before that epoch.

    Args:
        program: any program.
        tasks: what to train on, in all epochs of the set's order.
        keep_best: keep the memory after the epoch with the best fitness on the validation examples, each predicted as
            ``Trained`` predicts it; otherwise the validation examples are ignored, and the last epoch is kept.
        dtype: ``float32`` or ``float64``, the precision of the whole computation.
        max_abs_error: the largest error that is allowed.
        stop: a flag that ends the training when it is raised; the memory before that epoch is kept.

    Example:
        >>> from automl_zero.program.library import library_program
        >>> x = np.arange(12.0).reshape(1, 6, 2) / 10
        >>> y = x[..., 0]
        >>> trained = train(library_program("linear_regression"), TaskSet("first", x, y, x, y, Loss.RMSE))
        >>> trained.outputs(x[0]).shape
        (6, 1)
    """
    engine = _Engine(tasks, program, dtype, stop)
    kept, epochs = engine.empty_banks(), np.zeros(len(tasks), np.int64)
    best = np.full(len(tasks), -np.inf)
    for epoch, alive in enumerate(engine.epochs(float(max_abs_error)), 1):
        for task in np.flatnonzero(alive).tolist():
            banks = engine.banks_of(task)
            # Without ``keep_best``, the number of the epoch stands for its fitness: the last one is kept.
            value = _fitness(engine, tasks, task, banks, epoch) if keep_best else float(epoch)
            if value > best[task]:
                best[task], epochs[task] = value, epoch
                for bank, now in zip(kept, banks, strict=True):
                    bank[task] = now
    counts = tasks.num_classes, tasks.num_train_examples, tasks.noise_seed
    return Trained(program, tasks.loss, *counts, kept, epochs, dtype)


def _fitness(engine: _Engine, tasks: TaskSet, task: int, banks: list[FloatArray], epoch: int) -> float:
    """Return the fitness of a memory on the validation examples of a task."""
    outputs = engine.predict(tasks.valid_x[task], banks, task, 1 + epoch * tasks.num_train_examples)
    pairs = zip(outputs, tasks.valid_y[task], strict=True)
    return score([_error(tasks, output, label) for output, label in pairs], tasks.loss)[1]


def _error(tasks: TaskSet, output: FloatArray, label: float) -> float:
    if tasks.is_multiclass:
        return float(predicted_class(output) != label)
    value = float(output[0])
    return value - label if tasks.loss is Loss.RMSE else binary_error(label, sigmoid(value))


def _blank(trained: Trained) -> TaskSet:
    """Return a task of the same shape that holds zeros."""
    x, y = np.zeros((1, 1, trained.num_features)), np.zeros((1, 1))
    return TaskSet("blank", x, y, x, y, trained.loss, trained.num_classes, noise_seed=trained.noise_seed)


class _Engine:
    """A lowered program with its tasks packed and its memory allocated, for training or for prediction."""

    def __init__(self, tasks: TaskSet, program: Program, dtype: str, stop: StopFlag | None = None) -> None:
        self._stop = stop or StopFlag()
        counts = program.address_counts()
        if tasks.is_multiclass:
            counts = replace(counts, vectors=max(counts.vectors, CLASS_PREDICTION + 1))
        self._tasks, self._counts, self._dtype = tasks, counts, dtype
        self._lanes = LINE_BYTES // np.dtype(dtype).itemsize // 2  # the same always: one width to compile
        self._width, self._packed = Width(dtype, self._lanes), pack(tasks, dtype, self._lanes)
        self._buffers = new_buffers(counts, tasks, dtype, self._lanes, 0, self._stop)
        self._lowered = new_lowered(len(program))
        _lower(encode(program), tasks.is_multiclass, tasks.num_features, self._lanes, self._lowered)
        blocks = len(self._packed.active)
        self._memory = aligned(blocks * int(self._lowered.memory[SIZE]), dtype)

    def empty_banks(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return zeros for the memory of every task."""
        scalars, vectors, matrices = (
            np.zeros((len(self._tasks), count, *shape_of(kind, self._tasks.num_features)))
            for kind, count in zip(Kind, self._counts, strict=True)
        )
        return scalars, vectors, matrices

    def epochs(self, limit: float) -> Iterator[NDArray[np.bool_]]:
        """Train epoch after epoch; yield [tasks] which have not failed, until all have or the stop flag is raised."""
        scores = new_scores(padded(len(self._tasks), self._lanes))
        progress = _Progress(self._memory, self._packed.active.copy())
        for epoch in range(self._tasks.num_epochs):
            _train(self._width, self._lowered, self._packed, epoch, limit, self._buffers, progress, scores)
            if not progress.alive.any() or self._stop.is_set:
                return
            bits = progress.alive[:, None] >> np.arange(self._lanes) & 1
            yield bits.astype(bool).ravel()[: len(self._tasks)]

    def banks_of(self, task: int) -> list[FloatArray]:
        """Return the memory of a task as training left it, at the program's own addresses."""
        number, lane = divmod(task, self._lanes)
        cells = self._memory.reshape(len(self._packed.active), -1, self._lanes)[number, :, lane]
        banks = [bank[0] for bank in self.empty_banks()]
        for kind, address, first, last in self._cells_in_use():
            banks[kind][address] = cells[first:last].reshape(banks[kind].shape[1:])
        return banks

    def predict(self, x: FloatArray, banks: list[FloatArray], task: int, execution_step: int) -> FloatArray:
        """Return the outputs [rows, 1 or C] of rows [rows, F], all from the same memory."""
        cells = np.zeros(int(self._lowered.memory[SIZE]) // self._lanes, self._dtype)
        for kind, address, first, last in self._cells_in_use():
            cells[first:last] = banks[kind][address].ravel()
        rows = self._rows(x, task)
        classes = self._tasks.num_classes if self._tasks.is_multiclass else 1
        outputs = np.empty((padded(len(x), self._lanes), classes))
        _predict(self._width, self._lowered, rows, execution_step, cells, self._buffers, outputs)
        return outputs[: len(x)]

    def _cells_in_use(self) -> Iterator[tuple[Kind, int, int, int]]:
        """Yield (kind, address, first cell, cell after the last) of each address in use, in the memory of a lane."""
        first = 0
        # In the order of the memory: scalars, vectors, matrices, each by the number that lowering gave its address.
        for kind in Kind:
            cells = self._tasks.num_features**kind
            for address in range(tuple(self._counts)[kind]):
                name = int(self._lowered.names[kind, address])
                if name >= 0:
                    yield kind, address, first + name * cells, first + (name + 1) * cells
            first += int(self._lowered.memory[kind]) * cells

    def _rows(self, x: FloatArray, task: int) -> LaneTasks:
        """Return rows as the validation examples of one block: lane k of example i holds row i lanes + k."""
        count = padded(len(x), self._lanes)
        flat = aligned(count * self._tasks.num_features, self._dtype)
        filled = np.zeros((count, self._tasks.num_features))
        filled[: len(x)] = x
        flat[:] = filled.reshape(-1, self._lanes, self._tasks.num_features).swapaxes(1, 2).ravel()
        # All lanes hold the same task, whose number decides the draws.
        noise = np.full(self._lanes, task * GOLDEN_32 & 0xFFFFFFFF, np.uint32)
        shape = self._packed.shape.copy()
        shape[VALID], shape[BLOCKS] = count // self._lanes, 1
        return self._packed._replace(valid_x=flat, noise=noise, shape=shape)


@jit_entry
def _lower(program: Code, multiclass: bool, num_features: int, lanes: int, lowered: Lowered) -> None:
    lower(program, multiclass, lowered)
    fuse(lowered, multiclass)
    allocate(lowered, num_features, lanes)


class _Progress(NamedTuple):
    """How far training has come.

    Attributes:
        memory: the memory of every block, one after the other.
        alive: [B] masks of the lanes that have not failed.
    """

    memory: Numbers
    alive: NDArray[np.int64]


@jit_entry
def _train(
    width: Width,
    program: Lowered,
    tasks: LaneTasks,
    epoch: int,
    limit: float,
    buffers: ExecutionBuffers,
    progress: _Progress,
    scores: Scores,
) -> None:
    """Train one epoch from the memory of every block; the first epoch starts with Setup."""
    size = program.memory[SIZE]
    budget = EvaluationBudget(tasks.shape[TRAIN], 0, tasks.shape[EPOCHS], 0, (0, tasks.shape[BLOCKS]))
    buffers.context[SEED] = np.int64(tasks.seed[0])
    memory, alive = progress.memory, progress.alive
    for number in range(tasks.shape[BLOCKS]):
        if alive[number]:
            args = block.start_block(width, program, tasks, number, budget, buffers)
            if epoch > 0:  # ``start_block`` has cleared the memory and run Setup: restore what training left
                for k in range(size):
                    buffers.memory[k] = memory[number * size + k]
            first = number * width_of(width)
            alive[number] = train_epoch(width, args, epoch, limit, alive[number], first, scores, 0)
            for k in range(size):
                memory[number * size + k] = buffers.memory[k]


@jit_entry
def _predict(
    width: Width,
    program: Lowered,
    rows: LaneTasks,
    execution_step: int,
    cells: Numbers,
    buffers: ExecutionBuffers,
    outputs: NDArray[np.float64],
) -> None:
    """Predict the rows of all lanes, each from a memory that holds ``cells``, [size of one lane's memory]."""
    lanes, count = width_of(width), rows.shape[VALID]
    buffers.context[SEED] = np.int64(rows.seed[0])
    args = block.start_block(width, program, rows, 0, EvaluationBudget(0, count, 0, 0, (0, 1)), buffers)
    output_at = lanes if args.classes <= 2 else block.class_prediction(width, args)
    for example in range(count):
        if block.is_stopped(buffers):
            return
        # Restore the memory in every lane, so that no row depends on another one.
        for k in range(len(cells)):
            store(args.memory, k * lanes, splat(zeros(width), cells[k]))
        block.predict(width, args, args.valid_x, example, execution_step)
        # Through the trace, since the lanes of a value can be indexed in memory only.
        for k in range(outputs.shape[1]):
            store(args.trace, 0, load(width, args.memory, output_at + k * lanes))
            for lane in range(lanes):
                outputs[example * lanes + lane, k] = buffers.trace[lane]
