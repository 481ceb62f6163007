"""Known scores by key: a set-associative table in which the least recently used entry of a set is evicted.

Keys are hashes of pruned programs, or of their behaviour (fingerprints). The table is plain arrays, so a checkpoint
holds it with the rest of a search, and a search that is resumed does exactly what an uninterrupted one does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.conventions import Key
from automl_zero.vm.jit import jit

WAYS = 4  # entries of a set
# Layout of a row of Cache.values: four scores; where uses are counted, also four numbers of hits and of evaluations.
HITS, EVALUATIONS = WAYS, 2 * WAYS


class Cache(NamedTuple):
    """Sets of four entries, the most recently used entry of a set first.

    Attributes:
        keys: [sets, 4]; key 0 marks an empty entry.
        values: [sets, 4] scores; or [sets, 12], where uses are counted: the scores, how often each was found after it
            was stored, and the number of evaluations of which it is the mean.
    """

    keys: NDArray[np.uint64]
    values: NDArray[np.float64]


def new_cache(size: int, counts_uses: bool = False) -> Cache:
    """Return an empty table for at least ``size`` scores; one of size 0 stores nothing."""
    sets = -(-size // WAYS)
    columns = 3 * WAYS if counts_uses else WAYS
    return Cache(keys=np.zeros((sets, WAYS), np.uint64), values=np.zeros((sets, columns)))


# A hit or an insertion moves its entry to the front of the set, so the order of a set is that of its last uses, and the
# last entry is the one to evict. Functions that say "if it was looked up last" read the front only.


@jit
def look_up(cache: Cache, key: Key) -> float:
    """Return the score of a key, or -1; a hit makes it the most recently used of its set."""
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
def contains(cache: Cache, key: Key) -> bool:
    """Return whether a key has a score, without counting that as a use."""
    if cache.keys.shape[0] == 0:
        return False
    row = key % np.uint64(cache.keys.shape[0])
    found = False
    for way in range(WAYS):  # all four: comparisons without branches
        found |= cache.keys[row, way] == key
    return found


@jit
def store(cache: Cache, key: Key, value: float, evaluations: int = 1) -> None:
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
def hit_count(cache: Cache, key: Key) -> int:
    """Return how often a key was found after its score was stored, if it was looked up last in its set; else 0."""
    return _count_of(cache, key, HITS)


@jit
def evaluation_count(cache: Cache, key: Key) -> int:
    """Return the number of evaluations behind the score of a key, if it was looked up last in its set; else 0."""
    return _count_of(cache, key, EVALUATIONS)


@jit
def running_mean(known: float, score: float, count: int, most: int) -> float:
    """Return the mean of a score and of the mean ``known`` of ``count`` scores before it.

    From ``most`` scores on, it is an exponential moving average in which a score weighs 1 / ``most``.
    """
    weight = min(count + 1, most)
    return (known * (weight - 1) + score) / weight


@jit
def _count_of(cache: Cache, key: Key, column: int) -> int:
    if cache.keys.shape[0] == 0 or cache.values.shape[1] == WAYS:
        return 0
    row = key % np.uint64(cache.keys.shape[0])
    return int(cache.values[row, column]) if cache.keys[row, 0] == key else 0


@jit
def _shift(cache: Cache, row: np.uint64, last: int) -> None:
    """Move the entries before ``last`` one place back, over it."""
    for way in range(last, 0, -1):
        cache.keys[row, way] = cache.keys[row, way - 1]
        cache.values[row, way] = cache.values[row, way - 1]


@jit
def _shift_counts(values: NDArray[np.float64], last: int) -> None:
    """Move the counts of the entries before ``last`` one place back, as ``_shift`` moves the scores."""
    for way in range(last, 0, -1):
        for column in (HITS, EVALUATIONS):
            values[column + way] = values[column + way - 1]


@jit
def _start_counts(values: NDArray[np.float64], is_new: bool, evaluations: int) -> None:
    """Set the counts of the first entry of a set, which has just been evaluated."""
    if is_new:
        _shift_counts(values, WAYS - 1)
    values[HITS], values[EVALUATIONS] = 0, evaluations


@jit
def _count_hit(values: NDArray[np.float64], way: int) -> None:
    """Move the counts of an entry to the front of its set, with one more hit."""
    hits, evaluations = values[HITS + way], values[EVALUATIONS + way]
    _shift_counts(values, way)
    values[HITS], values[EVALUATIONS] = hits + 1, evaluations
