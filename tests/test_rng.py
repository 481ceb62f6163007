"""The seed tree: reproducible for ever, and independent along every path."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.rng import generator_at, seed_at

SEEDS = st.integers(0, 2**63 - 1)
PATHS = st.lists(st.one_of(st.text(min_size=1, max_size=8), st.integers(0, 2**32 - 1)), max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("seed", "path", "value"),
    [
        (0, (), 7896617691693857887),
        (7, ("island", 3), 3716142449953161434),
        (2**63 - 1, ("experiment", 12, "noise"), 3009345028868313883),
    ],
)
def test_seeds_never_change_between_versions(seed: int, path: tuple[str | int, ...], value: int) -> None:
    assert seed_at(seed, *path) == value


@given(SEEDS, PATHS)
def test_the_same_path_gives_the_same_seed_of_63_bits(seed: int, path: tuple[str | int, ...]) -> None:
    assert seed_at(seed, *path) == seed_at(seed, *path)
    assert 0 <= seed_at(seed, *path) < 2**63


@given(SEEDS, PATHS, PATHS)
def test_different_paths_give_different_seeds(
    seed: int, one: tuple[str | int, ...], other: tuple[str | int, ...]
) -> None:
    assert (seed_at(seed, *one) == seed_at(seed, *other)) == (one == other)


@given(SEEDS, SEEDS, PATHS)
def test_different_seeds_give_different_seeds(one: int, other: int, path: tuple[str | int, ...]) -> None:
    assert (seed_at(one, *path) == seed_at(other, *path)) == (one == other)


@given(SEEDS, PATHS)
def test_the_same_path_gives_the_same_numbers(seed: int, path: tuple[str | int, ...]) -> None:
    one, other = generator_at(seed, *path), generator_at(seed, *path)
    assert np.array_equal(one.integers(2**63, size=4), other.integers(2**63, size=4))


def test_neighbouring_paths_are_not_correlated() -> None:
    draws = np.array([generator_at(7, "island", island).standard_normal(1000) for island in range(20)])
    correlations = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 0.15


def test_names_and_numbers_may_not_be_swapped() -> None:
    assert seed_at(7, "island", 3) != seed_at(7, 3, "island")
