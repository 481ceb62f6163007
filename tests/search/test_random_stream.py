"""The random numbers of the search: the published generator, and draws that are spread as they say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest
from support.programs.xoshiro import Xoshiro

from automl_zero.search import random_stream

WORDS = st.integers(0, 2**64 - 1)
STATES = st.tuples(WORDS, WORDS, WORDS, WORDS).filter(any)
MANY = 100_000
UNLIKELY = 1e-6  # of a test that draws the same numbers on every run


def draws(draw: Callable[[Any], Any], count: int = MANY, seed: int = 0) -> Any:
    state = random_stream.new_state(seed)
    return np.array([draw(state) for _ in range(count)])


def test_the_first_words_are_the_published_ones() -> None:
    """From the state 1, 2, 3, 4, as in the test vectors of other implementations."""
    state = np.array([1, 2, 3, 4], np.uint64)
    known = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205, 9973669472204895162]
    assert [int(random_stream.next_word(state)) for _ in known] == known


@given(STATES)
def test_words_are_those_of_the_algorithm(words: tuple[int, ...]) -> None:
    state, twin = np.array(words, np.uint64), Xoshiro(words)
    for _ in range(20):
        assert int(random_stream.next_word(state)) == twin.next_word()
    assert state.tolist() == twin.state


@given(STATES, st.integers(1, 2**31 - 1))
def test_a_whole_number_is_below_its_limit(words: tuple[int, ...], limit: int) -> None:
    state, twin = np.array(words, np.uint64), Xoshiro(words)
    for _ in range(5):
        number = random_stream.below(state, limit)
        assert 0 <= number < limit
        assert number == twin.below(limit)


def test_the_only_number_below_one_is_zero() -> None:
    assert not draws(lambda state: random_stream.below(state, 1), 100).any()


@pytest.mark.parametrize("limit", [2, 3, 7, 45, 1000])
def test_whole_numbers_are_even(limit: int) -> None:
    counts = np.bincount(draws(lambda state: random_stream.below(state, limit)), minlength=limit)
    assert len(counts) == limit
    assert chisquare(counts).pvalue > UNLIKELY


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.5, 2.0)])
def test_numbers_of_an_interval_are_even(low: float, high: float) -> None:
    numbers = draws(lambda state: random_stream.uniform(state, low, high))
    assert low <= numbers.min()
    assert numbers.max() < high
    assert kstest(numbers, "uniform", (low, high - low)).pvalue > UNLIKELY


def test_normal_numbers_are_normal() -> None:
    numbers = draws(random_stream.normal)
    assert np.isfinite(numbers).all()
    assert kstest(numbers, "norm").pvalue > UNLIKELY
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 5 / np.sqrt(MANY)


def test_a_normal_number_is_finite_even_from_the_extremes() -> None:
    for words in ((0, 0, 0, 1), (1, 0, 0, 0), (2**64 - 1,) * 4):
        state = np.array(words, np.uint64)
        assert all(np.isfinite(random_stream.normal(state)) for _ in range(100))


def test_every_seed_has_its_own_stream() -> None:
    states = [tuple(random_stream.new_state(seed).tolist()) for seed in range(1000)]
    assert len(set(states)) == 1000
    assert all(len(set(state)) == 4 for state in states)
    assert random_stream.new_state(7).tolist() == random_stream.new_state(7).tolist()
    first = np.array([int(random_stream.next_word(np.array(state, np.uint64))) / 2**64 for state in states])
    assert kstest(first, "uniform").pvalue > UNLIKELY
