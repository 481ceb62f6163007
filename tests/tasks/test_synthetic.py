from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_zero.config import StageConfig, TasksConfig
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.synthetic import absolute, affine, linear, teacher_net
from automl_zero.tasks.task import Loss, TaskSet

Builder = Callable[[TasksConfig, Stage, int], TaskSet]

BUILDERS = (linear, affine, absolute, teacher_net)


def build(
    builder: Builder, seed: int = 0, num_tasks: int = 3, num_features: int = 4, num_train: int = 50, spread: float = 0.0
) -> TaskSet:
    size = StageConfig(num_tasks=num_tasks, num_train=num_train, num_valid=20)
    config = TasksConfig(kind="linear", num_features=num_features, search=size, scale_spread=spread)
    return builder(config, Stage.SEARCH, seed)


def errors_of_least_squares(tasks: TaskSet, with_bias: bool) -> list[float]:
    def design(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x, np.ones(len(x))]) if with_bias else x

    errors = []
    for train_x, train_y, valid_x, valid_y in zip(
        tasks.train_x, tasks.train_y, tasks.valid_x, tasks.valid_y, strict=True
    ):
        solution = np.linalg.lstsq(design(train_x), train_y, rcond=None)[0]
        errors.append(float(np.abs(design(valid_x) @ solution - valid_y).max()))
    return errors


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 16))
def test_linear_tasks_are_solved_by_least_squares(seed: int, num_features: int) -> None:
    assert max(errors_of_least_squares(build(linear, seed, num_features=num_features), with_bias=False)) < 1e-9


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 16))
def test_affine_tasks_are_solved_by_least_squares_with_a_bias(seed: int, num_features: int) -> None:
    assert max(errors_of_least_squares(build(affine, seed, num_features=num_features), with_bias=True)) < 1e-9


def test_affine_tasks_need_the_bias() -> None:
    assert min(errors_of_least_squares(build(affine), with_bias=False)) > 0.1


def test_no_line_fits_a_teacher_net() -> None:
    assert min(errors_of_least_squares(build(teacher_net), with_bias=True)) > 0.1


def test_teacher_nets_are_linear_along_every_ray() -> None:
    """They have no bias and relu is homogeneous: with one feature, labels depend on its sign and size alone."""
    tasks = build(teacher_net, num_features=1)
    for x, y in zip(tasks.train_x[..., 0], tasks.train_y, strict=True):
        for half in (x > 0, x < 0):
            slopes = y[half] / x[half]
            np.testing.assert_allclose(slopes, slopes[0])


def test_nothing_of_an_absolute_value_is_linear() -> None:
    """Least squares on features that are normal finds no slope: its error is that of predicting nothing."""
    tasks = build(absolute, num_tasks=20, num_train=5000)
    for x, y in zip(tasks.train_x, tasks.train_y, strict=True):
        slopes = np.linalg.lstsq(x, y, rcond=None)[0]
        assert np.std(y - x @ slopes) == pytest.approx(np.std(y), rel=0.05)


def test_absolute_tasks_are_solved_by_two_units_that_mirror_each_other() -> None:
    tasks = build(absolute, num_features=1)
    for x, y in zip(tasks.train_x[..., 0], tasks.train_y, strict=True):
        relu = np.maximum(x, 0.0) + np.maximum(-x, 0.0)
        np.testing.assert_allclose(y / relu, y[0] / relu[0])


@pytest.mark.parametrize("spread", [0.2, 0.5])
def test_a_spread_of_scales_is_the_deviation_of_the_logarithm_of_the_sizes_of_examples(spread: float) -> None:
    plain, spread_out = (
        build(linear, num_tasks=1, num_features=512, num_train=2000, spread=each).train_x for each in (0.0, spread)
    )
    logarithms = np.log(np.linalg.norm(spread_out, axis=-1))
    assert logarithms.std() == pytest.approx(spread, rel=0.1)
    assert np.square(spread_out).mean() == pytest.approx(np.square(plain).mean(), rel=0.1)


@pytest.mark.parametrize("builder", [linear, absolute, teacher_net])
def test_labels_without_a_bias_grow_with_the_scale_of_their_example(builder: Builder) -> None:
    """So there are at most two slopes with one feature, one for each sign, however large the examples are."""
    tasks = build(builder, num_features=1, spread=1.0)
    slopes = tasks.train_y / tasks.train_x[..., 0]
    assert all(len(np.unique(row.round(9))) <= 2 for row in slopes)


def test_features_are_standard_normal() -> None:
    x = build(linear, num_tasks=10, num_train=2000).train_x
    np.testing.assert_allclose(x.mean(axis=(0, 1)), 0.0, atol=0.05)
    np.testing.assert_allclose(x.std(axis=(0, 1)), 1.0, atol=0.05)


def test_parameters_are_standard_normal() -> None:
    """So the variance of a label, over tasks, too, is the number of products that add up to it."""
    assert build(linear, num_tasks=2000).train_y[:, 0].var() == pytest.approx(4, rel=0.15)
    assert build(affine, num_tasks=2000).train_y[:, 0].var() == pytest.approx(5, rel=0.15)
    assert build(teacher_net, num_tasks=2000).train_y[:, 0].var() == pytest.approx(8, rel=0.25)


@pytest.mark.parametrize("builder", BUILDERS)
def test_every_task_has_its_own_teacher_and_examples(builder: Builder) -> None:
    tasks = build(builder, num_tasks=2)
    x = np.concatenate([tasks.train_x, tasks.valid_x], axis=1)
    assert len(np.unique(x)) == x.size
    swapped = replace(tasks, valid_x=tasks.valid_x[::-1], valid_y=tasks.valid_y[::-1])
    assert min(errors_of_least_squares(swapped, with_bias=True)) > 0.1


@pytest.mark.parametrize("builder", BUILDERS)
def test_they_are_regression(builder: Builder) -> None:
    assert build(builder).loss is Loss.RMSE
