"""The table of known scores behaves like the model: sets of four, in each the least recently used is forgotten."""

from __future__ import annotations

from collections import OrderedDict, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_zero.search.cache import WAYS, evaluation_count, hit_count, look_up, new_cache, running_mean, store

KEYS = st.integers(1, 40) | st.integers(1, 2**64 - 1)


class Model:
    """Sets of four entries, the most recently used last."""

    def __init__(self, sets: int) -> None:
        self.sets: dict[int, OrderedDict[int, float]] = defaultdict(OrderedDict)
        self.count = sets

    def look_up(self, key: int) -> float:
        entries = self.sets[key % self.count] if self.count else OrderedDict()
        if key not in entries:
            return -1.0
        entries.move_to_end(key)
        return entries[key]

    def store(self, key: int, value: float) -> None:
        if self.count:
            entries = self.sets[key % self.count]
            entries[key] = value
            if len(entries) > WAYS:
                entries.popitem(last=False)


@settings(max_examples=300)
@given(st.integers(0, 30), st.lists(st.tuples(KEYS, st.floats(0, 1)), max_size=120))
def test_scores_are_found_and_forgotten_as_in_the_model(size: int, scores: list[tuple[int, float]]) -> None:
    """As in the search: look up, and remember what is not found."""
    cache = new_cache(size)
    model = Model(len(cache.keys))
    for key, value in scores:
        known = look_up(cache, np.uint64(key))
        assert known == model.look_up(key)
        if known < 0:
            store(cache, np.uint64(key), value)
            model.store(key, value)


@settings(max_examples=300)
@given(st.integers(1, 30), st.integers(1, 4), st.lists(KEYS, max_size=120))
def test_hits_and_evaluations_are_counted_until_an_entry_is_forgotten(
    size: int, forget_after: int, keys: list[int]
) -> None:
    """As in the search with noise: a score that was found too often is stored again, with one evaluation more."""
    cache, uses = new_cache(size, counts_uses=True), dict[int, list[int]]()
    for key in map(np.uint64, keys):
        known = look_up(cache, key)
        hits, evaluations = uses.get(int(key), [0, 0]) if known >= 0 else [-1, 0]
        uses[int(key)] = [hits + 1, evaluations]
        assert [hit_count(cache, key), evaluation_count(cache, key)] == uses[int(key)]
        if known < 0 or hits + 1 > forget_after:
            store(cache, key, 0.5, evaluations + 1)
            uses[int(key)] = [0, evaluations + 1]
            assert [hit_count(cache, key), evaluation_count(cache, key)] == uses[int(key)]
        assert len({int(k) for k in cache.keys.ravel() if k}) == np.count_nonzero(cache.keys)


def test_uses_are_zero_where_nobody_counts_them() -> None:
    for cache in (new_cache(8), new_cache(0), new_cache(0, counts_uses=True)):
        store(cache, np.uint64(5), 0.5)
        look_up(cache, np.uint64(5))
        assert (hit_count(cache, np.uint64(5)), evaluation_count(cache, np.uint64(5))) == (0, 0)


def test_a_score_that_is_stored_again_takes_the_place_of_the_one_before() -> None:
    for cache in (new_cache(WAYS), new_cache(WAYS, counts_uses=True)):
        for key in range(1, WAYS + 1):
            store(cache, np.uint64(key), key)
        look_up(cache, np.uint64(2))
        store(cache, np.uint64(2), 0.25)
        assert [look_up(cache, np.uint64(key)) for key in (1, 2, 3, 4)] == [1, 0.25, 3, 4]


@pytest.mark.parametrize("most", [1, 3, 10])
def test_scores_are_joined_to_their_mean_and_then_to_a_moving_one(most: int) -> None:
    scores, mean = [0.1, 0.7, 0.4, 0.9, 0.2], -1.0
    for count, score in enumerate(scores):
        before, mean = mean, running_mean(mean, score, count, most)
        if count < most:
            assert mean == pytest.approx(np.mean(scores[: count + 1]))
        else:
            assert mean - before == pytest.approx((score - before) / most)
    assert (mean == scores[-1]) == (most == 1)


@pytest.mark.parametrize("size", [1, 4, 5, 1000])
def test_there_is_room_for_as_many_as_asked(size: int) -> None:
    keys = new_cache(size).keys
    assert keys.shape[1] == WAYS
    assert size <= keys.size < size + WAYS


def test_neighbouring_keys_are_all_remembered() -> None:
    cache = new_cache(1000)
    for key in range(1, 1001):
        store(cache, np.uint64(key), key / 1000)
    assert [look_up(cache, np.uint64(key)) for key in range(1, 1001)] == [key / 1000 for key in range(1, 1001)]


def test_an_empty_table_knows_nothing() -> None:
    assert {look_up(new_cache(100), np.uint64(key)) for key in (1, 7, 2**63, 2**64 - 1)} == {-1.0}


def test_a_table_of_size_zero_forgets_everything() -> None:
    cache = new_cache(0)
    store(cache, np.uint64(5), 0.5)
    assert look_up(cache, np.uint64(5)) == -1.0


def test_a_score_of_zero_is_known() -> None:
    cache = new_cache(8)
    store(cache, np.uint64(5), 0.0)
    assert look_up(cache, np.uint64(5)) == 0.0


def test_what_was_used_last_stays() -> None:
    cache = new_cache(WAYS)
    for key in range(1, WAYS + 1):
        store(cache, np.uint64(key), key)
    look_up(cache, np.uint64(1))
    store(cache, np.uint64(99), 99)
    assert [look_up(cache, np.uint64(key)) for key in (1, 2, 3, 4, 99)] == [1, -1, 3, 4, 99]
