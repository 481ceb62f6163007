from __future__ import annotations

import numpy as np
import pytest

from automl_zero.analysis.studies.paired_test import paired_difference

RNG = np.random.default_rng(0)
TASKS = RNG.uniform(0.5, 1.0, (3, 40))


def test_what_is_common_to_both_does_not_widen_the_interval() -> None:
    found = paired_difference(TASKS, TASKS - 0.01)
    assert (found.value, found.low, found.high) == (pytest.approx(0.01),) * 3


def test_the_interval_covers_the_mean_and_turns_round_with_the_order() -> None:
    other = TASKS + RNG.normal(0, 0.05, TASKS.shape)
    one, reverse = paired_difference(TASKS, other), paired_difference(other, TASKS)
    assert one.low < one.value < one.high
    assert (reverse.value, reverse.low, reverse.high) == pytest.approx((-one.value, -one.high, -one.low), abs=2e-4)


def test_what_a_seed_decides_is_not_drowned_in_its_tasks() -> None:
    by_seed = np.array([[0.1], [-0.1], [0.1], [-0.1]])
    common = paired_difference(by_seed + np.zeros((4, 1000)), np.zeros((4, 1000)))
    assert common.high - common.low > 0.1


def test_it_is_the_same_every_time_and_about_as_wide_as_that_of_student() -> None:
    difference = RNG.normal(0.02, 0.1, (1, 400))
    found = paired_difference(difference, np.zeros_like(difference))
    assert found == paired_difference(difference, np.zeros_like(difference))
    error = difference.std() / 20
    assert (found.low, found.high) == pytest.approx(
        (found.value - 1.96 * error, found.value + 1.96 * error), abs=0.15 * error
    )
