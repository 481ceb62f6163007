"""The split of class pairs and groupings between the stages search, select and final.

The split does not depend on a seed, so a program of one run can be scored on the final tasks of any other run without
having been trained on their classes. It follows the published list, or an order by hashes, which depends on no library.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # the command loads this module for its help, and must not wait for the config
    from automl_zero.config import StageConfig, TasksConfig

SHARES = (0.6, 0.2, 0.2)  # shares of the class pairs and groupings, in the order of the stages
SELECT_PAIRS = ((0, 5), (0, 9), (1, 8), (2, 9), (3, 5), (3, 6), (3, 8), (4, 6), (8, 9))  # the published held-out list

Item = TypeVar("Item")


class Stage(StrEnum):
    """The use of tasks: to evolve programs, to select the best of several experiments, or for its final score."""

    SEARCH = "search"
    SELECT = "select"
    FINAL = "final"

    def size(self, config: TasksConfig) -> StageConfig:
        """Return the numbers of tasks and examples of this stage."""
        sizes = {Stage.SEARCH: config.search, Stage.SELECT: config.select, Stage.FINAL: config.final}
        return sizes[self]


def pairs_of(stage: Stage, num_classes: int, *, as_published: bool) -> list[tuple[int, int]]:
    """Return the class pairs of a stage, for data sets of the paper ``as_published``.

    As published, search has 36 pairs, and select the 9 of the published list; final has all 45, on test images.
    Otherwise, the stages have disjoint pairs, unless there are fewer pairs than stages.
    """
    pairs = list(combinations(range(num_classes), 2))
    if not as_published:
        return share_of(stage, pairs)
    published = {Stage.SEARCH: [pair for pair in pairs if pair not in SELECT_PAIRS], Stage.SELECT: list(SELECT_PAIRS)}
    return published.get(stage, pairs)


@cache
def groupings(num_items: int, num_classes: int) -> list[tuple[int, ...]]:
    """Return all ways to group items into classes whose sizes differ by at most 1.

    Entry i of a grouping is the class of item i. Classes are numbered in the order of their first items, so that
    groupings that differ only in the numbers of classes are one. Ten items have 126 groupings into two classes, and one
    into ten.
    """
    small, num_larger = divmod(num_items, num_classes)
    sizes = [small] * (num_classes - num_larger) + [small + 1] * num_larger
    found: list[tuple[int, ...]] = [()]
    for _ in range(num_items):
        found = [(*classes, new) for classes in found for new in range(min(len(set(classes)) + 1, num_classes))]
        found = [classes for classes in found if classes.count(classes[-1]) <= sizes[-1]]
    return [classes for classes in found if sorted(map(classes.count, range(num_classes))) == sizes]


def share_of(stage: Stage, items: Sequence[Item]) -> list[Item]:
    """Return the items that belong to a stage; each belongs to one, unless there are fewer items than stages."""
    if len(items) < len(Stage):
        return list(items)
    first = list(Stage).index(stage)
    start, stop = (round(sum(SHARES[:count]) * len(items)) for count in (first, first + 1))
    return by_hash(items)[start:stop]


def by_hash(items: Sequence[Item]) -> list[Item]:
    """Return the items in a pseudorandom order that is the same on all machines."""
    return sorted(items, key=lambda item: hashlib.sha256(str(item).encode()).digest())
