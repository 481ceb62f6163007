"""Data sets of labelled images, each with the split into train and test that every use of it must respect."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from automl_zero.tasks.task import IntArray, TaskError

HELD_OUT = 0.2  # of the digits' images, which come without a split: the test images


@dataclass(frozen=True, eq=False)
class Images:
    """Images with labels: ``pixels`` [images, height * width * channels], ``labels`` [images], class numbers."""

    pixels: NDArray[np.uint8]
    labels: IntArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory, or mapped to it.

    Attributes:
        name: its key.
        shape: height, width and channels of an image.
        class_names: for people, in the order of the class numbers.
        train: what may be learnt from and chosen by.
        test: images that only the final stage may see, and only to score.
    """

    name: str
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train: Images
    test: Images


@cache
def load_dataset(name: str) -> Dataset:
    """A data set by its name.

    Raises:
        TaskError: there is none of that name.
    """
    if name != "digits":
        raise TaskError(f"tasks.dataset = {name!r}: use 'digits'")
    return _digits()


def _digits() -> Dataset:
    """The 1797 images that come with scikit-learn; the split depends on no seed and follows the order of hashes."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    everything = Images(bunch.data.astype(np.uint8), bunch.target.astype(np.int64))
    test = np.concatenate([_held_out(everything.labels, digit) for digit in range(10)])
    train = np.setdiff1d(np.arange(len(everything.labels)), test)
    return Dataset("digits", (8, 8, 1), tuple("0123456789"), _part(everything, train), _part(everything, test))


def _held_out(labels: IntArray, digit: int) -> IntArray:
    of_digit = np.flatnonzero(labels == digit).tolist()
    of_digit.sort(key=lambda number: hashlib.sha256(str(number).encode()).digest())
    return np.array(of_digit[: round(HELD_OUT * len(of_digit))])


def _part(images: Images, numbers: IntArray) -> Images:
    return Images(images.pixels[numbers], images.labels[numbers])
