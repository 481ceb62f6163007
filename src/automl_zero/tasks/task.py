"""A task set: the data that a program is scored on, as plain immutable arrays.

All tasks of a set have the same shape, so that they can run side by side as SIMD lanes. A task set is self-contained:
it includes the order of the examples in every epoch and the seed of the noise.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from automl_zero.errors import AutoMLZeroError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class TaskError(AutoMLZeroError, ValueError):
    """Raised for data that cannot be made into tasks; the message names the data, what is wrong and a remedy."""


class Loss(StrEnum):
    """The measure of predictions, which also determines how these are normalized.

    ``RMSE``: identity; fitness ``1 - (2/pi) atan(RMSE)``. ``ACCURACY``: sigmoid of s1, or softmax of v2 with more
    than two classes; fitness is the accuracy.
    """

    RMSE = "rmse"
    ACCURACY = "accuracy"


@dataclass(frozen=True, eq=False)
class TaskSet:
    """A set of tasks of one shape.

    Attributes:
        name: shown to users.
        train_x: [tasks, N, F] features of the training examples; ``valid_x``: [tasks, M, F].
        train_y: [tasks, N] labels: numbers for ``RMSE``, class numbers 0 .. num_classes - 1 for ``ACCURACY``;
            ``valid_y``: [tasks, M].
        loss: see ``Loss``.
        num_classes: 2 for binary tasks (label in s0, prediction in s1); above 2 the label is v1, one-hot, and the
            prediction v2, so F must be at least ``num_classes``. Unused for ``RMSE``.
        train_order: [epochs, N] the index of the example at each step of each epoch; all tasks share it.
        noise_seed: seed of the random ops.

    Raises:
        TaskError: the shapes are inconsistent, values are not finite, or F is smaller than ``num_classes``.

    Example:
        >>> x, y = np.eye(4)[None], np.arange(4.0)[None]
        >>> len(TaskSet("identity", x, y, x, y, Loss.RMSE))
        1
    """

    name: str
    train_x: FloatArray
    train_y: FloatArray
    valid_x: FloatArray
    valid_y: FloatArray
    loss: Loss
    num_classes: int = 2
    train_order: IntArray = field(default_factory=lambda: np.empty((0, 0), np.int64))
    noise_seed: int = 0

    def __post_init__(self) -> None:
        _check_examples(self)
        if self.train_order.size == 0:
            object.__setattr__(self, "train_order", np.arange(self.num_train_examples)[None, :])
        _check_order(self)
        _check_labels(self)

    def __len__(self) -> int:
        """Number of tasks."""
        return len(self.train_x)

    @property
    def num_features(self) -> int:
        """F: number of features, the size of every vector and of the sides of every matrix."""
        return int(self.train_x.shape[2])

    @property
    def num_train_examples(self) -> int:
        """N: training examples of a task in one epoch."""
        return int(self.train_x.shape[1])

    @property
    def num_valid_examples(self) -> int:
        """M: validation examples of a task."""
        return int(self.valid_x.shape[1])

    @property
    def num_epochs(self) -> int:
        """Number of passes over the training examples, each followed by validation."""
        return len(self.train_order)

    @property
    def digest(self) -> str:
        """SHA-256 of all data that scores depend on, which does not include the name."""
        found = hashlib.sha256(f"{self.loss} {self.num_classes} {self.noise_seed}".encode())
        for name in ("train_x", "train_y", "valid_x", "valid_y", "train_order"):
            array = np.ascontiguousarray(getattr(self, name))
            found.update(f"{name} {array.dtype} {array.shape}".encode())
            found.update(array.data)
        return found.hexdigest()

    @property
    def is_multiclass(self) -> bool:
        """Whether label and prediction are the vectors v1 and v2."""
        return self.loss is Loss.ACCURACY and self.num_classes > 2


def shuffled_epochs(num_examples: int, num_epochs: int, rng: np.random.Generator) -> IntArray:
    """Return orders of examples [epochs, N]: as stored in the first epoch, shuffled in each later one."""
    first = np.arange(num_examples, dtype=np.int64)
    return np.stack([first, *(rng.permutation(first) for _ in range(num_epochs - 1))])


def first(tasks: TaskSet, count: int) -> TaskSet:
    """Return the set of the first ``count`` tasks, whose scores are the same as in the whole set."""
    parts = {name: getattr(tasks, name)[:count] for name in ("train_x", "train_y", "valid_x", "valid_y")}
    return replace(tasks, **parts)


def _check_examples(tasks: TaskSet) -> None:
    for name, dimensions in (("train_x", 3), ("train_y", 2), ("valid_x", 3), ("valid_y", 2)):
        array = getattr(tasks, name)
        if array.ndim != dimensions or 0 in array.shape:
            raise TaskError(f"{name} has shape {array.shape}: it needs {dimensions} dimensions, none of size 0")
        if not np.isfinite(array).all():
            raise TaskError(f"{name} holds nan or infinite values: remove or replace them")
    for name, x, y in (("train", tasks.train_x, tasks.train_y), ("valid", tasks.valid_x, tasks.valid_y)):
        if x.shape[:2] != y.shape:
            raise TaskError(f"{name}_x has shape {x.shape} but {name}_y {y.shape}: tasks and examples must agree")
    train, valid = tasks.train_x.shape, tasks.valid_x.shape
    if train[::2] != valid[::2]:
        raise TaskError(f"train_x has shape {train} but valid_x {valid}: tasks and features must agree")


def _check_order(tasks: TaskSet) -> None:
    order, num_examples = tasks.train_order, tasks.num_train_examples
    if order.ndim != 2 or order.shape[1] != num_examples:
        raise TaskError(f"train_order has shape {order.shape}: it needs rows of {num_examples} entries")
    if not ((order >= 0) & (order < num_examples)).all():
        raise TaskError(f"train_order must hold example numbers from 0 to {num_examples - 1}")


def _check_labels(tasks: TaskSet) -> None:
    if tasks.loss is Loss.RMSE:
        return
    if tasks.is_multiclass and tasks.num_features < tasks.num_classes:
        raise TaskError(
            f"{tasks.num_features} features are too few for {tasks.num_classes} classes: label and prediction are "
            f"vectors of that size; use at least {tasks.num_classes} features or fewer classes"
        )
    for name in ("train_y", "valid_y"):
        if not np.isin(getattr(tasks, name), np.arange(tasks.num_classes)).all():
            raise TaskError(f"{name} must hold the class numbers 0 to {tasks.num_classes - 1} for loss 'accuracy'")
