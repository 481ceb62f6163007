"""Known scores by key: a table of small sets, in each of which the least recently used entry gives way.

Keys are hashes of pruned programs or of their behaviour (fingerprints). The table is plain arrays, so it is saved and
restored with the rest of a search, and a search that goes on does exactly what an uninterrupted one does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.vm.jit import jit

WAYS = 4  # entries of a set
HITS, EVALUATIONS = WAYS, 2 * WAYS  # columns of Cache.values where these counts of the entries begin


class Cache(NamedTuple):
    """Sets of four entries, the most recently used one of a set first.

    Attributes:
        keys: [sets, 4]; key 0 is an empty entry.
        values: [sets, 4] scores; or [sets, 12], where uses are counted: the scores, how often each was found since it
            was stored, and of how many evaluations it is.
    """

    keys: NDArray[np.uint64]
    values: NDArray[np.float64]


def new_cache(size: int, counts_uses: bool = False) -> Cache:
    """An empty table for at least ``size`` scores; size 0 makes one that forgets everything."""
    sets = -(-size // WAYS)
    return Cache(np.zeros((sets, WAYS), np.uint64), np.zeros((sets, 3 * WAYS if counts_uses else WAYS)))


@jit
def look_up(cache: Cache, key: Any) -> float:
    """The score under a key, or -1; a hit makes it the most recently used of its set."""
    if cache.keys.shape[0] == 0:
        return -1.0
    row = key % np.uint64(cache.keys.shape[0])
    for way in range(WAYS):
        if cache.keys[row, way] == key:
            value = cache.values[row, way]
            _shift(cache, row, way)
            cache.keys[row, 0], cache.values[row, 0] = key, value
            if cache.values.shape[1] > WAYS:
                _count_hit(cache.values[row], way)
            return float(value)
    return -1.0


@jit
def contains(cache: Cache, key: Any) -> bool:
    """Whether there is a score under a key; nothing moves."""
    if cache.keys.shape[0] == 0:
        return False
    row = key % np.uint64(cache.keys.shape[0])
    found = False
    for way in range(WAYS):
        found |= cache.keys[row, way] == key
    return found


@jit
def remember(cache: Cache, key: Any, value: float, evaluations: int = 1) -> None:
    """Store the score of a key that is not in the table, or that was looked up last in its set."""
    if cache.keys.shape[0] == 0:
        return
    row = key % np.uint64(cache.keys.shape[0])
    if cache.values.shape[1] > WAYS:
        _start_counts(cache.values[row], cache.keys[row, 0] != key, evaluations)
    if cache.keys[row, 0] != key:
        _shift(cache, row, WAYS - 1)
    cache.keys[row, 0], cache.values[row, 0] = key, value


@jit
def hits_of(cache: Cache, key: Any) -> int:
    """How often a key was found since its score was stored, if it was looked up last in its set; else 0."""
    return _count_of(cache, key, HITS)


@jit
def evaluations_of(cache: Cache, key: Any) -> int:
    """Of how many evaluations the score of a key is, if it was looked up last in its set; else 0."""
    return _count_of(cache, key, EVALUATIONS)


@jit
def running_mean(known: float, score: float, count: int, most: int) -> float:
    """A score joined with that of ``count`` evaluations before: their mean, as if they were fewer than ``most``."""
    weight = min(count + 1, most)
    return (known * (weight - 1) + score) / weight


@jit
def _count_of(cache: Cache, key: Any, column: int) -> int:
    if cache.keys.shape[0] == 0 or cache.values.shape[1] == WAYS:
        return 0
    row = key % np.uint64(cache.keys.shape[0])
    return int(cache.values[row, column]) if cache.keys[row, 0] == key else 0


@jit
def _shift(cache: Cache, row: Any, last: int) -> None:
    """Move the entries before ``last`` one place back, over it."""
    for way in range(last, 0, -1):
        cache.keys[row, way] = cache.keys[row, way - 1]
        cache.values[row, way] = cache.values[row, way - 1]


@jit
def _shift_counts(values: Any, last: int) -> None:
    """As ``_shift``, for the counts of a set."""
    for way in range(last, 0, -1):
        for column in (HITS, EVALUATIONS):
            values[column + way] = values[column + way - 1]


@jit
def _start_counts(values: Any, is_new: bool, evaluations: int) -> None:
    """The counts of a first entry that has just been evaluated."""
    if is_new:
        _shift_counts(values, WAYS - 1)
    values[HITS], values[EVALUATIONS] = 0, evaluations


@jit
def _count_hit(values: Any, way: int) -> None:
    """Bring the counts of an entry to the front of its set, with one hit more."""
    hits, evaluations = values[HITS + way], values[EVALUATIONS + way]
    _shift_counts(values, way)
    values[HITS], values[EVALUATIONS] = hits + 1, evaluations
