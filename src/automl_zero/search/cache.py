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


class Cache(NamedTuple):
    """``keys`` and ``values``: [sets, 4], the most recently used entry of a set first; key 0 is an empty entry."""

    keys: NDArray[np.uint64]
    values: NDArray[np.float64]


def new_cache(size: int) -> Cache:
    """An empty table for at least ``size`` scores; size 0 makes one that forgets everything."""
    sets = -(-size // WAYS)
    return Cache(np.zeros((sets, WAYS), np.uint64), np.zeros((sets, WAYS)))


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
def remember(cache: Cache, key: Any, value: float) -> None:
    """Store the score of a key that is not in the table."""
    if cache.keys.shape[0] == 0:
        return
    row = key % np.uint64(cache.keys.shape[0])
    _shift(cache, row, WAYS - 1)
    cache.keys[row, 0], cache.values[row, 0] = key, value


@jit
def _shift(cache: Cache, row: Any, last: int) -> None:
    """Move the entries before ``last`` one place back, over it."""
    for way in range(last, 0, -1):
        cache.keys[row, way] = cache.keys[row, way - 1]
        cache.values[row, way] = cache.values[row, way - 1]
