"""The hurdle: who clears it, and how its height follows the scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.search.hurdle import RECENT, new_hurdle, passes_hurdle

SCORES = st.lists(st.integers(0, 12).map(lambda k: k / 12), min_size=RECENT, max_size=RECENT)


@given(scores=SCORES, quantile=st.floats(0, 0.999))
def test_its_height_is_a_quantile_of_the_different_scores(scores: list[float], quantile: float) -> None:
    hurdle = new_hurdle()
    assert all(passes_hurdle(hurdle, score, quantile) for score in scores)
    different = sorted(set(scores))
    assert hurdle.height[0] == different[int(quantile * len(different))]


def test_it_changes_with_every_hundredth_score_only() -> None:
    hurdle, heights = new_hurdle(), []
    for number in range(3 * RECENT):
        passes_hurdle(hurdle, float(number), 0.5)
        heights.append(hurdle.height[0])
    steps = np.flatnonzero(np.diff([0.0, *heights]))
    assert steps.tolist() == [RECENT - 1, 2 * RECENT - 1, 3 * RECENT - 1]
    assert heights[RECENT - 1 :: RECENT] == [50.0, 150.0, 250.0]


@pytest.mark.parametrize(("score", "cleared"), [(0.4999, False), (0.5, True), (0.6, True)])
def test_a_score_as_high_as_the_hurdle_clears_it(score: float, cleared: bool) -> None:
    hurdle = new_hurdle()
    hurdle.height[0] = 0.5
    assert passes_hurdle(hurdle, score, 0.75) == cleared


def test_the_best_score_always_clears_it() -> None:
    hurdle, rng = new_hurdle(), np.random.default_rng(0)
    best = 0.0
    for score in rng.random(1000).tolist():
        assert passes_hurdle(hurdle, score, 1.0) or score < best
        best = max(best, score)
