"""Labelled images as plain arrays, the common form of all data sets.

Pixels are whole numbers from 0 to 255, in the order of rows, columns and channels, until a task is made of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.tasks.task import IntArray, TaskError

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Images:
    """Images with labels: ``pixels`` [images, height * width * channels], and ``labels`` [images], class numbers."""

    pixels: Bytes
    labels: IntArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory, or memory-mapped.

    Attributes:
        name: its name, or the path of its file.
        shape: height, width and channels of an image.
        class_names: shown to users, in the order of the class numbers.
        train: images for training and for the selection of programs.
        test: images that only the final stage uses, and only for validation.
    """

    name: str
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train: Images
    test: Images


class ImageArrays(NamedTuple):
    """A data set as the cache stores it: images [images, height, width, channels], labels [images], all uint8."""

    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes


def pick(images: Images, numbers: IntArray) -> Images:
    """Return a copy of the images with these indices, in this order."""
    return Images(images.pixels[numbers], images.labels[numbers])


def arrays_sha256(arrays: ImageArrays) -> str:
    """Return the sha256 of train pixels, train labels, test pixels and test labels, which all sources share."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def to_dataset(name: str, class_names: tuple[str, ...], arrays: ImageArrays) -> Dataset:
    """Return arrays as a data set, with one row of pixels for each image; the pixels are not copied.

    Raises:
        TaskError: an image has no label, a label is not the number of a class, or a class has no image.
    """
    height, width, channels = arrays.train_images.shape[1:]
    train = _labelled("train", arrays.train_images, arrays.train_labels, class_names)
    test = _labelled("test", arrays.test_images, arrays.test_labels, class_names)
    return Dataset(name, (height, width, channels), class_names, train, test)


def _labelled(part: str, images: Bytes, labels: NDArray[Any], class_names: tuple[str, ...]) -> Images:
    if len(images) != len(labels):
        raise TaskError(f"there are {len(images)} {part}_images but {len(labels)} {part}_labels: give each its label")
    wrong = labels[(labels < 0) | (labels >= len(class_names))]
    if wrong.size:
        raise TaskError(f"{part}_labels holds {wrong[0]}: use the class numbers 0 to {len(class_names) - 1}")
    absent = np.flatnonzero(np.bincount(labels.astype(np.int64), minlength=len(class_names)) == 0)
    if absent.size:
        names = ", ".join(f"{number} ({class_names[number]})" for number in absent)
        raise TaskError(f"{part}_labels has no image of class {names}: every class needs images in train and test")
    return Images(images.reshape(len(images), -1), labels.astype(np.int64))
