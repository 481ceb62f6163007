"""Task sets as NPZ files, for data of users and for the exchange of exact task sets.

Arrays are named as in ``TaskSet``. Files may be untrusted: nothing in them is unpickled.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from automl_zero.rng import generator_at
from automl_zero.tasks.npz import Arrays, read_npz, write_npz
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet, shuffled_epochs

EXAMPLES = ("train_x", "train_y", "valid_x", "valid_y")
OPTIONAL = ("epochs", "train_order", "num_classes", "noise_seed")
MAX_INT = (1 << 63) - 1  # the largest integer


def load_npz(path: str | Path) -> TaskSet:
    """Load a task set.

    The file contains ``train_x`` [tasks, N, F], ``train_y`` [tasks, N], ``valid_x`` [tasks, M, F], ``valid_y`` [tasks,
    M], all of any real type, and ``loss`` (``rmse`` or ``accuracy``). It may contain ``num_classes`` (default: 2, or as
    many as the labels need), ``noise_seed`` (0), and either ``train_order`` [epochs, N] or ``epochs`` (1), whose order
    then follows from ``noise_seed``. The set is named after the file.

    Raises:
        TaskError: the file is invalid; the message names the array, its value and a remedy.
    """
    try:
        return _task_set(Path(path).stem, read_npz(Path(path), (*EXAMPLES, "loss"), OPTIONAL))
    except TaskError as error:
        raise TaskError(f"{path}: {error}") from None


def save_npz(tasks: TaskSet, path: str | Path) -> None:
    """Write a task set atomically; ``load_npz`` reads it back exactly, except for its name.

    Raises:
        TaskError: the file exists, or cannot be written.
    """
    write_npz(Path(path), _arrays(tasks))


def _arrays(tasks: TaskSet) -> dict[str, Any]:
    names = (*EXAMPLES, "train_order", "num_classes", "noise_seed")
    return {"loss": tasks.loss.value} | {name: getattr(tasks, name) for name in names}


def _task_set(name: str, arrays: Arrays) -> TaskSet:
    train_x, train_y, valid_x, valid_y = (_floats(arrays, key) for key in EXAMPLES)
    loss, noise_seed = _loss(arrays), _integer(arrays, "noise_seed", least=0, default=0)
    needed = _classes_needed(train_y, valid_y) if loss is Loss.ACCURACY else 2
    num_classes = _integer(arrays, "num_classes", least=2, default=needed)
    tasks = TaskSet(name, train_x, train_y, valid_x, valid_y, loss, num_classes, noise_seed=noise_seed)
    return replace(tasks, train_order=_train_order(arrays, tasks))


def _floats(arrays: Arrays, name: str) -> FloatArray:
    array = arrays[name]
    if array.dtype.kind not in "fiub":
        raise TaskError(f"{name} is of type {array.dtype}: write real numbers, for example of type float64")
    with np.errstate(over="ignore"):  # overflow gives infinity, which a task set refuses
        return array.astype(np.float64)


def _loss(arrays: Arrays) -> Loss:
    value = _single(arrays, "loss")
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if text not in list(Loss):
        raise TaskError(f"loss is {text!r}: use {' or '.join(repr(loss.value) for loss in Loss)}")
    return Loss(text)


def _integer(arrays: Arrays, name: str, *, least: int, default: int) -> int:
    if name not in arrays:
        return default
    value = _single(arrays, name)
    if arrays[name].dtype.kind not in "iu" or not least <= value <= MAX_INT:
        raise TaskError(f"{name} is {value!r}: use an integer from {least} on")
    return int(value)


def _single(arrays: Arrays, name: str) -> Any:
    if arrays[name].size != 1:
        raise TaskError(f"{name} has shape {arrays[name].shape}: write a single value")
    return arrays[name].item()


def _classes_needed(*labels: FloatArray) -> int:
    """Return the number of classes up to the largest label; the task set checks that labels are class numbers."""
    largest = max(float(each.max(initial=1.0)) for each in labels)
    return 2 if np.isnan(largest) else int(min(largest, MAX_INT - 1)) + 1


def _train_order(arrays: Arrays, tasks: TaskSet) -> IntArray:
    num_epochs = _integer(arrays, "epochs", least=1, default=1)
    if "train_order" not in arrays:
        return shuffled_epochs(tasks.num_train_examples, num_epochs, generator_at(tasks.noise_seed, "epochs"))
    order = arrays["train_order"]
    if order.dtype.kind not in "iu" or order.ndim != 2 or order.size == 0:
        raise TaskError(
            f"train_order is {order.dtype}{list(order.shape)}: write integers of shape [epochs, N], or epochs"
        )
    if "epochs" in arrays and num_epochs != len(order):
        raise TaskError(f"epochs is {num_epochs} but train_order has {len(order)} rows: leave one of them out")
    return order.astype(np.int64)
