import numpy as np
import pytest

from automl_zero.config import TasksConfig
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks

SIZE = {"num_tasks": 3, "num_train": 1000, "num_valid": 50}


def build(kind: str = "linear", num_tasks: int = 3, **settings: float) -> TaskSet:
    config = {"kind": kind, "num_features": 8, "search": {**SIZE, "num_tasks": num_tasks}, **settings}
    return build_tasks(TasksConfig.model_validate(config), Stage.SEARCH, seed=1)


def test_without_noise_nothing_changes() -> None:
    assert np.array_equal(build(label_noise=0.0, feature_noise=0.0).train_y, build().train_y)


@pytest.mark.parametrize("num_classes", [2, 5])
def test_the_share_of_the_labels_that_is_asked_for_becomes_another_class(num_classes: int) -> None:
    clean, noisy = (build("image-groups", num_classes=num_classes, label_noise=noise) for noise in (0.0, 0.3))
    wrong = clean.train_y != noisy.train_y
    assert wrong.mean() == pytest.approx(0.3, abs=0.03)
    assert set(np.unique(noisy.train_y[wrong])) == set(range(num_classes))


def test_all_labels_can_be_wrong() -> None:
    clean, noisy = (build("image-groups", label_noise=noise) for noise in (0.0, 1.0))
    assert np.array_equal(noisy.train_y, 1 - clean.train_y)


def test_noise_of_numbers_is_in_standard_deviations_of_the_labels() -> None:
    clean, noisy = build(), build(label_noise=0.5)
    added = (noisy.train_y - clean.train_y).std(axis=1) / clean.train_y.std(axis=1)
    np.testing.assert_allclose(added, 0.5, rtol=0.1)


def test_noise_of_features_has_the_standard_deviation_that_is_asked_for() -> None:
    clean, noisy = build(), build(feature_noise=0.7)
    np.testing.assert_allclose((noisy.train_x - clean.train_x).std(axis=(1, 2)), 0.7, rtol=0.05)
    assert np.array_equal(noisy.train_y, clean.train_y)


@pytest.mark.parametrize("kind", ["linear", "image-groups"])
def test_validation_stays_clean(kind: str) -> None:
    clean, noisy = build(kind), build(kind, label_noise=0.5, feature_noise=1.0)
    assert np.array_equal(noisy.valid_x, clean.valid_x)
    assert np.array_equal(noisy.valid_y, clean.valid_y)


def test_a_task_has_the_same_noise_however_many_there_are() -> None:
    few, many = (build(num_tasks=count, label_noise=0.5, feature_noise=1.0) for count in (2, 4))
    assert np.array_equal(few.train_x, many.train_x[:2])
    assert np.array_equal(few.train_y, many.train_y[:2])
