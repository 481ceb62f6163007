from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.config import TasksConfig
from automl_zero.tasks.task import Loss, TaskError, TaskSet, first, shuffled_epochs
from automl_zero.tasks.task_kinds import Stage, build_tasks

EXAMPLES = ("train_x", "train_y", "valid_x", "valid_y")


def arrays(num_tasks: int = 2, num_train: int = 5, num_valid: int = 3, num_features: int = 4) -> dict[str, Any]:
    return {
        "train_x": np.zeros((num_tasks, num_train, num_features)),
        "train_y": np.zeros((num_tasks, num_train)),
        "valid_x": np.zeros((num_tasks, num_valid, num_features)),
        "valid_y": np.zeros((num_tasks, num_valid)),
    }


def task_set(**changes: Any) -> TaskSet:
    return TaskSet(**{"name": "test", "loss": Loss.ACCURACY, **arrays(), **changes})


def test_sizes_follow_from_the_arrays() -> None:
    tasks = task_set(**arrays(2, 5, 3, 4))
    assert (len(tasks), tasks.num_train_examples, tasks.num_valid_examples, tasks.num_features) == (2, 5, 3, 4)


def test_without_an_order_there_is_one_epoch_in_the_order_of_storage() -> None:
    assert task_set().train_order.tolist() == [[0, 1, 2, 3, 4]]
    assert task_set().num_epochs == 1


def test_each_row_of_the_order_is_an_epoch() -> None:
    assert task_set(train_order=np.zeros((7, 5), np.int64)).num_epochs == 7


@pytest.mark.parametrize(
    ("loss", "num_classes", "expected"), [(Loss.RMSE, 3, False), (Loss.ACCURACY, 2, False), (Loss.ACCURACY, 3, True)]
)
def test_only_accuracy_with_more_than_two_classes_is_multiclass(loss: Loss, num_classes: int, expected: bool) -> None:
    assert task_set(loss=loss, num_classes=num_classes).is_multiclass is expected


@pytest.mark.parametrize("name", arrays())
@pytest.mark.parametrize("spoil", [lambda x: x[0], lambda x: x[None], lambda x: x[:0], lambda x: x[..., :0], np.sum])
def test_an_array_of_wrong_shape_is_named(name: str, spoil: Callable[[Any], Any]) -> None:
    with pytest.raises(TaskError, match=rf"{name} has shape \("):
        task_set(**{name: np.asarray(spoil(arrays()[name]))})


@pytest.mark.parametrize("name", arrays())
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(name: str, value: float) -> None:
    with pytest.raises(TaskError, match=f"{name} holds nan or infinite values"):
        task_set(**{name: np.full_like(arrays()[name], value)})


@pytest.mark.parametrize(
    ("name", "other"), [("train_x", "train_y"), ("train_y", "train_x"), ("valid_x", "valid_y"), ("valid_y", "valid_x")]
)
def test_features_and_labels_must_have_as_many_examples(name: str, other: str) -> None:
    with pytest.raises(TaskError, match=rf"{name}.*{other}|{other}.*{name}"):
        task_set(**{name: arrays()[name][:, :2]})


def test_training_and_validation_must_have_the_same_tasks_and_features() -> None:
    with pytest.raises(TaskError, match="tasks and features must agree"):
        task_set(valid_x=np.zeros((2, 3, 5)))
    with pytest.raises(TaskError, match="tasks and features must agree"):
        task_set(valid_x=np.zeros((1, 3, 4)), valid_y=np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (np.zeros((1, 4), np.int64), "rows of 5 entries"),
        (np.zeros(5, np.int64), "rows of 5 entries"),
        (np.full((1, 5), 5), "numbers from 0 to 4"),
        (np.full((1, 5), -1), "numbers from 0 to 4"),
    ],
)
def test_an_order_must_name_examples(order: np.ndarray, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        task_set(train_order=order)


@pytest.mark.parametrize("label", [-1.0, 0.5, 2.0])
@pytest.mark.parametrize("name", ["train_y", "valid_y"])
def test_labels_of_accuracy_are_class_numbers(name: str, label: float) -> None:
    with pytest.raises(TaskError, match=f"{name} must hold the class numbers 0 to 1"):
        task_set(**{name: np.full_like(arrays()[name], label)})


def test_labels_of_rmse_are_any_numbers() -> None:
    assert task_set(loss=Loss.RMSE, train_y=np.full((2, 5), -17.25)).train_y[0, 0] == -17.25


def test_features_must_not_be_fewer_than_classes() -> None:
    assert task_set(num_classes=4).is_multiclass
    with pytest.raises(TaskError, match="4 features are too few for 5 classes"):
        task_set(num_classes=5)


def test_two_classes_do_with_one_feature() -> None:
    assert task_set(**arrays(num_features=1)).num_features == 1


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 1000))
def test_every_epoch_uses_every_example_once_and_the_first_in_the_order_of_storage(
    num_examples: int, num_epochs: int, seed: int
) -> None:
    order = shuffled_epochs(num_examples, num_epochs, np.random.default_rng(seed))
    assert order.shape == (num_epochs, num_examples)
    assert order[0].tolist() == list(range(num_examples))
    assert (np.sort(order, axis=1) == order[0]).all()


def test_later_epochs_are_shuffled_each_in_its_own_way() -> None:
    order = shuffled_epochs(100, 3, np.random.default_rng(0))
    assert len({tuple(row) for row in order.tolist()}) == 3


def test_the_digest_is_that_of_all_a_score_depends_on() -> None:
    tasks = build_tasks(TasksConfig(kind="linear", num_features=2), Stage.SEARCH, 0)
    assert replace(tasks, name="another name").digest == tasks.digest
    changed: list[dict[str, Any]] = [{name: getattr(tasks, name) + 1.0} for name in EXAMPLES]
    changed += [{"noise_seed": 5}, {"loss": Loss.ACCURACY, "train_y": tasks.train_y > 0, "valid_y": tasks.valid_y > 0}]
    changed += [{"train_order": tasks.train_order[:, ::-1]}]
    assert len({tasks.digest, *(replace(tasks, **change).digest for change in changed)}) == 1 + len(changed)


def test_the_first_tasks_are_those_of_the_whole_set() -> None:
    tasks = build_tasks(TasksConfig(kind="linear", num_features=2), Stage.SEARCH, 0)
    few = first(tasks, 3)
    assert len(few) == 3
    assert all(np.array_equal(getattr(few, name), getattr(tasks, name)[:3]) for name in EXAMPLES)
    assert (few.noise_seed, len(first(tasks, 100))) == (tasks.noise_seed, len(tasks))
