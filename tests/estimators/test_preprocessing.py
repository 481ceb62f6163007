"""Rows made ready for programs: nothing is learned from rows that are not trained on, and every class has its share."""

from __future__ import annotations

import numpy as np
import pytest

from automl_zero.estimators.preprocessing import fit_scale, split_rows

X = np.array([[1.0, 5.0, np.nan], [3.0, 5.0, 2.0], [5.0, 5.0, 4.0]])


def test_columns_get_mean_0_and_deviation_1_and_missing_values_the_mean() -> None:
    scaled = fit_scale(X).apply(X, 1)
    assert np.allclose(scaled[:, 0], [-(1.5**0.5), 0, 1.5**0.5])
    assert scaled[:, 1].tolist() == [0, 0, 0]
    assert scaled[:, 2].tolist() == [0, -1, 1]


def test_other_rows_are_scaled_as_the_training_rows() -> None:
    scaled = fit_scale(X).apply(np.array([[3.0, 6.0, 3.0]]), 1)
    assert scaled.tolist() == [[0, 1, 0]]


def test_features_that_are_lacking_are_zeros() -> None:
    scaled = fit_scale(X).apply(X, 5)
    assert scaled.shape == (3, 5)
    assert (scaled[:, 3:] == 0).all()


@pytest.mark.parametrize("value", [np.nan, 1e308, 0.0])
def test_a_constant_column_gives_finite_numbers(value: float) -> None:
    x = np.array([[value], [value], [-value]])
    assert np.isfinite(fit_scale(x).apply(x, 1)).all()


def test_rows_are_dealt_without_loss_and_every_class_has_its_share() -> None:
    y = np.repeat([0.0, 1.0, 2.0], [60, 30, 10])
    part, rest = split_rows(y, 3, 20, np.random.default_rng(0))
    assert sorted([*part, *rest]) == list(range(100))
    assert np.bincount(y[part].astype(int)).tolist() == [12, 6, 2]


def test_numbers_are_dealt_at_random() -> None:
    first, second = (split_rows(np.arange(50.0), 0, 10, np.random.default_rng(seed))[0] for seed in (0, 1))
    assert len(set(first)) == len(set(second)) == 10
    assert set(first) != set(second)
