"""Evaluate programs with compiled code: pack tasks into lanes, choose the number of lanes, allocate, evaluate.

``evaluate`` is the compiled counterpart of ``reference.evaluate``: its results do not depend on the number of lanes.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.program import CLASS_PREDICTION, AddressCounts, Program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import evaluation
from automl_zero.vm.aliases import Numbers
from automl_zero.vm.evaluation_arrays import (
    BLOCKS,
    FEATURES,
    TRAINING_STOPPED,
    VALIDATION_STOPPED,
    ExecutionBuffers,
    LaneTasks,
    Scores,
)
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_entry
from automl_zero.vm.kernel import CONTEXT, STOP, kernel
from automl_zero.vm.lanes.lanes import Width
from automl_zero.vm.lower import Code, Lowered, allocate, encode, lower, new_lowered
from automl_zero.vm.noise import GOLDEN_32
from automl_zero.vm.result import Evaluation, ScoredEpochs
from automl_zero.vm.stop_flag import StopFlag

LINE_BYTES = 64  # a cache line, and the widest machine vector
WIDE_MEMORY = 1 << 17  # bytes of program memory up to which a cache line of lanes is faster than half of one

_PACKED: WeakKeyDictionary[TaskSet, dict[tuple[str, int], LaneTasks]] = WeakKeyDictionary()
_PACKING = Lock()  # so that threads that need the same tasks do not each pack them


class Rules(NamedTuple):
    """How a program is scored: the largest error that does not stop a task, and whether only the last epoch counts."""

    max_abs_error: float
    only_last_epoch: bool


def evaluate(
    program: Program,
    tasks: TaskSet,
    *,
    dtype: str = "float32",
    max_abs_error: float = 100.0,
    num_predictions: int = 5,
    lanes: int | None = None,
    stop: StopFlag | None = None,
    epochs: ScoredEpochs = "best",
) -> list[Evaluation]:
    """Evaluate a program on every task of a set.

    Args:
        program: any program; it is pruned first, which changes no result.
        tasks: the tasks.
        dtype: ``float32`` or ``float64``, the precision of the whole computation.
        max_abs_error: a task whose error exceeds this, or is NaN, stops early.
        num_predictions: how many of the first validation predictions to return.
        lanes: number of tasks that run at once; by default chosen from the memory that the program needs. It changes
            no result.
        stop: a flag that ends the evaluation when it is raised.
        epochs: ``best`` validates after every epoch, and the best one counts; ``last`` validates after the last one.

    Raises:
        Stopped: the flag was raised before the evaluation had ended.

    Example:
        >>> from automl_zero.program.library import library_program
        >>> x = np.arange(12.0).reshape(1, 6, 2) / 10
        >>> y = x[..., 0]
        >>> (evaluation,) = evaluate(library_program("linear_regression"), TaskSet("one", x, y, x, y, Loss.RMSE))
        >>> evaluation.train_steps
        6
    """
    prepared = Prepared(program, tasks, dtype, max_abs_error, num_predictions, lanes, stop, epochs)
    prepared.run()
    return prepared.evaluations()


class Prepared:
    """An evaluation whose tasks are packed and memory allocated; the arguments are those of ``evaluate``."""

    def __init__(
        self,
        program: Program,
        tasks: TaskSet,
        dtype: str = "float32",
        max_abs_error: float = 100.0,
        num_predictions: int = 5,
        lanes: int | None = None,
        stop: StopFlag | None = None,
        epochs: ScoredEpochs = "best",
    ) -> None:
        counts = program.address_counts()
        self.lanes = lanes or choose_lanes(counts, tasks, dtype)
        traced = min(num_predictions, tasks.num_valid_examples)
        self._num_tasks, self._stop = len(tasks), stop or StopFlag()
        self._scores = new_scores(padded(len(tasks), self.lanes), traced)
        self._arguments = (
            Width(dtype, self.lanes), encode(program), new_lowered(len(program)), tasks.is_multiclass,
            pack(tasks, dtype, self.lanes), Rules(float(max_abs_error), epochs == "last"),
            new_buffers(counts, tasks, dtype, self.lanes, traced, self._stop), self._scores,
        )  # fmt: skip

    def run(self) -> int:
        """Evaluate, with the same result at every call; return the number of training steps done on all tasks.

        Raises:
            Stopped: the flag was raised before the evaluation had ended.
        """
        steps = int(_evaluate(*self._arguments))
        self._stop.check()
        return steps

    def evaluations(self) -> list[Evaluation]:
        """Return the result of the latest run for each task."""
        return [_evaluation(self._scores, task) for task in range(self._num_tasks)]


def warm_up(dtype: str = "float32", lanes: int | None = None) -> None:
    """Compile what ``evaluate`` runs, or load it from the cache, so that later evaluations start at once."""
    one = np.zeros((1, 1))
    tasks = TaskSet("warm-up", one[..., None], one, one[..., None], one, Loss.RMSE)
    evaluate(Program(), tasks, dtype=dtype, lanes=lanes or LINE_BYTES // np.dtype(dtype).itemsize)


@jit_entry
def _evaluate(
    width: Width,
    program: Code,
    lowered: Lowered,
    multiclass: bool,
    tasks: LaneTasks,
    rules: Rules,
    buffers: ExecutionBuffers,
    scores: Scores,
) -> int:
    # In this order: fusion reads addresses, and allocation replaces them by offsets.
    lower(program, multiclass, lowered)
    fuse(lowered, multiclass)
    allocate(lowered, tasks.shape[FEATURES], tasks.noise.shape[0] // tasks.shape[BLOCKS])
    budget = evaluation.full_budget(tasks, rules.only_last_epoch)
    return evaluation.evaluate(width, lowered, tasks, budget, rules.max_abs_error, buffers, scores)


def _evaluation(scores: Scores, task: int) -> Evaluation:
    epoch, stopped = int(scores.epoch[task]), int(scores.stopped[task])
    predictions = scores.predictions[task]
    return Evaluation(
        fitness=float(scores.fitness[task]),
        error=None if epoch < 0 else float(scores.error[task]),
        best_epoch=None if epoch < 0 else epoch,
        train_steps=int(scores.steps[task]),
        stopped_in_training=bool(stopped & TRAINING_STOPPED),
        stopped_in_validation=bool(stopped & VALIDATION_STOPPED),
        first_predictions=() if epoch < 0 else tuple(predictions.tolist()),
    )


def choose_lanes(counts: AddressCounts, tasks: TaskSet, dtype: str) -> int:
    """Return the number of lanes: a cache line of them while the program's memory is small, else half of one."""
    size = np.dtype(dtype).itemsize
    full = LINE_BYTES // size
    fits = memory_size(counts, tasks.num_features) * LINE_BYTES <= WIDE_MEMORY
    return full if fits and len(tasks) > full // 2 else full // 2


def memory_size(counts: AddressCounts, num_features: int) -> int:
    """Return how many numbers the memory of one lane has, scratch included."""
    scalars, vectors, matrices = counts
    # The scratch holds the product of a matrix and a vector, and that of two matrices where there are any.
    return scalars + num_features * vectors + num_features**2 * (matrices + (matrices > 0)) + num_features


def padded(num_tasks: int, lanes: int) -> int:
    """Return the number of tasks, rounded up to whole blocks."""
    return -(-num_tasks // lanes) * lanes


def new_scores(num_tasks: int, num_predictions: int = 0) -> Scores:
    """Return arrays for the results of so many tasks (a padded number)."""
    return Scores(
        fitness=np.zeros(num_tasks),
        error=np.zeros(num_tasks),
        epoch=np.zeros(num_tasks, np.int64),
        steps=np.zeros(num_tasks, np.int64),
        stopped=np.zeros(num_tasks, np.int64),
        predictions=np.full((num_tasks, num_predictions), np.nan),
    )


def new_buffers(
    counts: AddressCounts, tasks: TaskSet, dtype: str, lanes: int, traced: int, stop: StopFlag
) -> ExecutionBuffers:
    """Return memory for programs of those address counts, and a trace for so many predictions.

    The caller keeps ``stop`` alive as long as the buffers, since compiled code has only its address.
    """
    if tasks.is_multiclass:
        counts = replace(counts, vectors=max(counts.vectors, CLASS_PREDICTION + 1))
    size = (memory_size(counts, tasks.num_features) + 4 * tasks.num_features) * lanes
    context = np.zeros(len(CONTEXT), np.int64)
    context[STOP] = stop.array.ctypes.data
    return ExecutionBuffers(
        kernel=np.array([kernel(dtype, lanes).address], np.int64),
        context=context,
        memory=aligned(size, dtype),
        saved=aligned(size, dtype),
        trace=aligned((traced + 1) * lanes, dtype),
    )


def aligned(size: int, dtype: str) -> Numbers:
    """Return zeros that begin on a cache line."""
    item = np.dtype(dtype).itemsize
    longer = np.zeros(size + LINE_BYTES // item, dtype)
    first = -longer.ctypes.data % LINE_BYTES // item
    return longer[first : first + size]


def pack(tasks: TaskSet, dtype: str, lanes: int) -> LaneTasks:
    """Return tasks packed for lanes; they are packed once and kept as long as the task set exists."""
    with _PACKING:
        known = _PACKED.setdefault(tasks, {})
        if (dtype, lanes) not in known:
            known[dtype, lanes] = _pack(tasks, dtype, lanes)
        return known[dtype, lanes]


def _pack(tasks: TaskSet, dtype: str, lanes: int) -> LaneTasks:
    """Pack tasks; unused lanes of the last block hold zeros."""
    count = padded(len(tasks), lanes)
    numbers = np.arange(count, dtype=np.uint32)
    # Bit k of a block's mask is set if its lane k holds a task.
    active = (numbers < len(tasks)).reshape(-1, lanes) @ (1 << np.arange(lanes, dtype=np.int64))
    classes = 0 if tasks.loss is Loss.RMSE else tasks.num_classes
    shape = tasks.num_features, tasks.num_train_examples, tasks.num_valid_examples, tasks.num_epochs, classes
    return LaneTasks(
        train_x=_lanes_last(tasks.train_x, dtype, lanes),
        train_y=_lanes_last(tasks.train_y, dtype, lanes),
        valid_x=_lanes_last(tasks.valid_x, dtype, lanes),
        valid_y=_lanes_last(tasks.valid_y, dtype, lanes),
        order=np.array(tasks.train_order, np.int64, order="C"),
        noise=numbers * np.uint32(GOLDEN_32),
        seed=np.array([tasks.noise_seed], np.uint64),
        active=active.astype(np.int64),
        shape=np.array([*shape, count // lanes], np.int64),
    )


def _lanes_last(values: NDArray[np.float64], dtype: str, lanes: int) -> Numbers:
    """Return an array [tasks, ...] as a flat array of [blocks, ..., lanes]."""
    count = padded(len(values), lanes)
    filled = np.zeros((count, *values.shape[1:]), dtype)
    filled[: len(values)] = values
    # Task i is lane i mod L of block i div L.
    blocks = np.moveaxis(filled.reshape(-1, lanes, *values.shape[1:]), 1, -1)
    flat = aligned(blocks.size, dtype)
    flat[:] = blocks.ravel()
    return flat
