"""Data sets of images from NPZ files of users, which are used like those that can be downloaded.

Files may be untrusted: nothing in them is unpickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.tasks.datasets.images import Dataset, ImageArrays, to_dataset
from automl_zero.tasks.npz import read_npz
from automl_zero.tasks.task import TaskError

CLASS_NAMES = "class_names"
SHAPES = "[images, height, width], [images, height, width, channels] or [images, values]"


def load_own_images(path: str | Path) -> Dataset:
    """Load a data set from an NPZ file.

    The file contains ``train_images`` and ``test_images`` of type uint8: [images, height, width], [images, height,
    width, channels], or [images, values], which counts as a single row; ``train_labels`` and ``test_labels`` [images],
    class numbers from 0 on; and optionally ``class_names`` [classes]. Every class has images in train and in test.

    Raises:
        TaskError: the file is invalid; the message names the array, its value and a remedy.
    """
    try:
        arrays = read_npz(Path(path), ImageArrays._fields, (CLASS_NAMES,), width=1)
        return _dataset(str(path), arrays)
    except TaskError as error:
        raise TaskError(f"{path}: {error}") from None


def _dataset(name: str, arrays: Mapping[str, NDArray[Any]]) -> Dataset:
    train, test = _images(arrays, "train_images"), _images(arrays, "test_images")
    if train.shape[1:] != test.shape[1:]:
        shapes = f"train_images are of shape {train.shape[1:]} but test_images of {test.shape[1:]}"
        raise TaskError(f"{shapes}: make them equal")
    train_labels, test_labels = _labels(arrays, "train_labels"), _labels(arrays, "test_labels")
    return to_dataset(name, _class_names(arrays, train_labels), ImageArrays(train, train_labels, test, test_labels))


def _images(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.uint8]:
    array = arrays[name]
    if array.dtype != np.uint8:
        raise TaskError(f"{name} is of type {array.dtype}: write pixels as whole numbers 0 to 255, of type uint8")
    if array.ndim not in (2, 3, 4) or array.size == 0:
        raise TaskError(f"{name} has shape {array.shape}: write {SHAPES}, none of size 0")
    if array.ndim == 2:
        return array[:, None, :, None]
    return array if array.ndim == 4 else array[..., None]


def _labels(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    array = arrays[name]
    if array.dtype.kind not in "iu" or array.ndim != 1 or array.size == 0:
        raise TaskError(f"{name} is {array.dtype}{list(array.shape)}: write whole numbers of shape [images]")
    return array


def _class_names(arrays: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the names of the classes: those in the file, or else the numbers up to the largest label."""
    if CLASS_NAMES not in arrays:
        return _at_least_two(tuple(map(str, range(_largest(labels) + 1))))
    array = arrays[CLASS_NAMES]
    if array.dtype.kind != "U" or array.ndim != 1:
        raise TaskError(f"{CLASS_NAMES} is {array.dtype}{list(array.shape)}: write text of shape [classes]")
    return _at_least_two(tuple(array.tolist()))


def _largest(labels: NDArray[Any]) -> int:
    """Return the largest label, which must be below the number of images, as every class has an image."""
    largest = int(labels.max())
    if largest >= len(labels):
        raise TaskError(f"train_labels holds {largest}, above the number of images: number the classes from 0 on")
    return largest


def _at_least_two(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) < 2:
        raise TaskError(f"the number of classes is {len(names)}: a data set needs two or more, numbered from 0 on")
    return names
