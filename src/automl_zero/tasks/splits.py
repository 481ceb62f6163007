"""What each stage may see: the split of class pairs and groupings into search, select and final.

The split depends on no seed, so that a program evolved by one run can be judged on the final suite of any other run
without having met its classes. It follows the published list, or the order of hashes, which no library can change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import TypeVar

import numpy as np

from automl_zero.config import StageConfig, TasksConfig

SHARES = (0.6, 0.2, 0.2)  # of the class pairs and groupings, in the order of the stages
PAPER_DATASETS = ("cifar10", "mnist", "fashion-mnist")  # whose pairs are split as published
SELECT_PAIRS = ((0, 5), (0, 9), (1, 8), (2, 9), (3, 5), (3, 6), (3, 8), (4, 6), (8, 9))  # the published held-out list

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


def pairs_of(stage: Stage, dataset: str, num_classes: int) -> list[tuple[int, int]]:
    """The class pairs of a stage.

    Of the data sets of the paper, 36 pairs are for search and the 9 of the published list for select; final has all
    45, on test images. Of others, no stage has a pair of another, unless there are too few to go round.
    """
    pairs = list(combinations(range(num_classes), 2))
    if dataset not in PAPER_DATASETS:
        return share_of(stage, pairs)
    published = {Stage.SEARCH: [pair for pair in pairs if pair not in SELECT_PAIRS], Stage.SELECT: list(SELECT_PAIRS)}
    return published.get(stage, pairs)


@cache
def groupings(num_items: int, num_classes: int) -> list[tuple[int, ...]]:
    """All ways to group items into classes as even in size as possible.

    Entry i is the class of item i. Classes are numbered by their first items: groupings that differ in no more than
    the names of their classes are one. There are 126 of ten items into two classes, and only one into ten.
    """
    sizes = sorted(len(part) for part in np.array_split(np.arange(num_items), num_classes))
    found: list[tuple[int, ...]] = [()]
    for _ in range(num_items):
        found = [(*classes, new) for classes in found for new in range(min(len(set(classes)) + 1, num_classes))]
        found = [classes for classes in found if classes.count(classes[-1]) <= sizes[-1]]
    return [classes for classes in found if sorted(map(classes.count, range(num_classes))) == sizes]


def share_of(stage: Stage, items: Sequence[Item]) -> list[Item]:
    """The items that belong to a stage; no item belongs to two, unless there are too few to go round."""
    if len(items) < len(Stage):
        return list(items)
    first = list(Stage).index(stage)
    start, stop = (round(sum(SHARES[:count]) * len(items)) for count in (first, first + 1))
    return by_hash(items)[start:stop]


def by_hash(items: Sequence[Item]) -> list[Item]:
    """The items in an order that looks random and is the same everywhere."""
    return sorted(items, key=lambda item: hashlib.sha256(str(item).encode()).digest())
