"""What each stage may see: the split of class pairs, groupings and images into search, select and final.

The split depends on no seed, so that a program evolved by one run can be judged on the final suite of any other run
without having met its classes or its held-out images. It follows the order of hashes, which no library can change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import TypeVar

import numpy as np

from automl_zero.config import StageConfig, TasksConfig
from automl_zero.tasks.task import FloatArray, IntArray

NUM_DIGITS = 10
SHARES = (0.6, 0.2, 0.2)  # of the class pairs and groupings, in the order of the stages
HELD_OUT = 0.2  # of the images of each digit

Item = TypeVar("Item")


class Stage(StrEnum):
    """Where tasks are used: to evolve programs, to choose the best of several experiments, to report it."""

    SEARCH = "search"
    SELECT = "select"
    FINAL = "final"

    def size(self, config: TasksConfig) -> StageConfig:
        """Numbers of tasks and examples of this stage."""
        sizes = {Stage.SEARCH: config.search, Stage.SELECT: config.select, Stage.FINAL: config.final}
        return sizes[self]


@dataclass(frozen=True, eq=False)
class Images:
    """Images of digits: ``pixels`` [images, 64] from 0 to 16, ``digits`` [images] from 0 to 9."""

    pixels: FloatArray
    digits: IntArray


@cache
def load_images() -> Images:
    """The 1797 images of 8 x 8 pixels that come with scikit-learn."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Images(bunch.data.astype(np.float64), bunch.target.astype(np.int64))


@cache
def held_out_images() -> IntArray:
    """Numbers of the test images, a fifth of each digit's: validation examples of the final stage and nothing else."""
    return np.concatenate([_held_out(digit) for digit in range(NUM_DIGITS)])


@cache
def open_images() -> IntArray:
    """Numbers of all other images: for training in every stage, and for validation in search and select."""
    return np.setdiff1d(np.arange(len(load_images().digits)), held_out_images())


def class_pairs() -> list[tuple[int, int]]:
    """The 45 pairs of digits."""
    return list(combinations(range(NUM_DIGITS), 2))


@cache
def groupings(num_classes: int) -> list[tuple[int, ...]]:
    """All ways to group the ten digits into classes as even in size as possible.

    Entry d is the class of digit d. Classes are numbered by their first digits: groupings that differ in no more than
    the names of their classes are one. There are 126 into two classes, and only one into ten.
    """
    sizes = sorted(len(part) for part in np.array_split(np.arange(NUM_DIGITS), num_classes))
    found: list[tuple[int, ...]] = [()]
    for _ in range(NUM_DIGITS):
        found = [(*classes, new) for classes in found for new in range(min(len(set(classes)) + 1, num_classes))]
        found = [classes for classes in found if classes.count(classes[-1]) <= sizes[-1]]
    return [classes for classes in found if sorted(map(classes.count, range(num_classes))) == sizes]


def share_of(stage: Stage, items: Sequence[Item]) -> list[Item]:
    """The items that belong to a stage; no item belongs to two, unless there are too few to go round."""
    if len(items) < len(Stage):
        return list(items)
    first = list(Stage).index(stage)
    start, stop = (round(sum(SHARES[:count]) * len(items)) for count in (first, first + 1))
    return _by_hash(items)[start:stop]


def _held_out(digit: int) -> IntArray:
    of_digit = _by_hash(np.flatnonzero(load_images().digits == digit).tolist())
    return np.array(of_digit[: round(HELD_OUT * len(of_digit))])


def _by_hash(items: Sequence[Item]) -> list[Item]:
    """The items in an order that looks random and is the same everywhere."""
    return sorted(items, key=lambda item: hashlib.sha256(str(item).encode()).digest())
