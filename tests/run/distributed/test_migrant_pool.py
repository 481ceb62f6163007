"""Migrants are drawn evenly from what has left the other islands last."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from automl_zero.run.distributed.migrant_pool import MigrantPool

MIGRANTS = 3


def leaving(island: int) -> dict[str, NDArray[Any]]:
    """Programs whose numbers tell from where they come."""
    number = 10 * island + np.arange(MIGRANTS)
    code = np.repeat(number, 8).reshape(MIGRANTS, 2, 4).astype(np.int16)
    return {"code": code, "fitness": number.astype(float), "ancestor": number.astype(np.uint64)}


def filled(*islands: int) -> MigrantPool:
    pool = MigrantPool(5)
    for island in islands:
        pool.put(island, leaving(island))
    return pool


@pytest.mark.parametrize("islands", [(), (2,)])
def test_where_no_other_island_has_given_any_there_are_none(islands: tuple[int, ...]) -> None:
    assert filled(*islands).draw(2, MIGRANTS, np.random.default_rng(0)) is None


def test_programs_of_other_islands_are_drawn_evenly_and_whole() -> None:
    drawn = filled(0, 1, 2, 4).draw(2, 9000, np.random.default_rng(0))
    assert drawn is not None
    sources, programs = drawn
    assert (programs["fitness"] // 10 == sources).all()
    assert (programs["code"] == programs["fitness"][:, None, None]).all()
    counts = Counter(programs["fitness"].tolist())
    assert counts.keys() == {10.0 * island + place for island in (0, 1, 4) for place in range(MIGRANTS)}
    assert 850 < min(counts.values()) <= max(counts.values()) < 1150


def test_what_leaves_an_island_takes_the_place_of_what_had_left_it_before() -> None:
    pool = filled(1, 3)
    pool.put(1, leaving(7))
    assert pool.ancestors.tolist() == [70, 71, 72, 30, 31, 32]
    assert filled().ancestors.tolist() == []
