"""What an evaluation reads and writes, as arrays for compiled code: tasks, results, buffers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.vm.aliases import Numbers

TRAINING_STOPPED, VALIDATION_STOPPED = 1, 2  # bits of Scores.stopped
FEATURES, TRAIN, VALID, EPOCHS, CLASSES, BLOCKS = range(6)  # entries of LaneTasks.shape


class LaneTasks(NamedTuple):
    """Tasks packed for lanes: B blocks of L tasks, lane innermost; every array is flat.

    Attributes:
        train_x: [B, N, F, L] training features, in the precision of the computation.
        train_y: [B, N, L] training labels.
        valid_x: [B, M, F, L] validation features.
        valid_y: [B, M, L] validation labels.
        order: [E, N] example at each step of each epoch.
        noise: [B, L] each lane's task number times the golden ratio, modulo 2**32.
        seed: [1] seed of the noise.
        active: [B] bit masks of the lanes that hold a task.
        shape: F, N, M, E, number of classes (0 for regression), B.
    """

    train_x: Numbers
    train_y: Numbers
    valid_x: Numbers
    valid_y: Numbers
    order: NDArray[np.int64]
    noise: NDArray[np.uint32]
    seed: NDArray[np.uint64]
    active: NDArray[np.int64]
    shape: NDArray[np.int64]


class EvaluationBudget(NamedTuple):
    """How much of the tasks an evaluation uses.

    Attributes:
        num_train: training steps of each epoch, the first ones.
        num_valid: validation examples, the first ones.
        num_epochs: epochs, the first ones.
        validated_from: the first epoch that is validated; all later ones are, too.
        blocks: first block of tasks, and the one after the last.
    """

    num_train: int
    num_valid: int
    num_epochs: int
    validated_from: int
    blocks: tuple[int, int]


class Scores(NamedTuple):
    """Results of each task; the last block has entries for its unused lanes, too.

    Attributes:
        fitness: [tasks] best fitness over the epochs, 0 if none was completed.
        error: [tasks] RMSE or error rate of the best epoch, NaN if none was completed.
        epoch: [tasks] number of the best epoch, -1 if none was completed.
        steps: [tasks] training steps done.
        stopped: [tasks] bits ``TRAINING_STOPPED`` and ``VALIDATION_STOPPED``.
        predictions: [tasks, K] first predictions of the best epoch, normalized (class numbers with more than two
            classes).
    """

    fitness: NDArray[np.float64]
    error: NDArray[np.float64]
    epoch: NDArray[np.int64]
    steps: NDArray[np.int64]
    stopped: NDArray[np.int64]
    predictions: NDArray[np.float64]


class ExecutionBuffers(NamedTuple):
    """What a program runs on.

    Attributes:
        kernel: [1] address of the interpreter.
        context: [5] what the interpreter looks up (see ``kernel.kernel``).
        memory: flat memory of the program, with scratch at its end.
        saved: as large as ``memory``, for the lanes whose validation failed.
        trace: flat; holds the traced predictions and one sum, lane innermost.
    """

    kernel: NDArray[np.int64]
    context: NDArray[np.int64]
    memory: Numbers
    saved: Numbers
    trace: Numbers
