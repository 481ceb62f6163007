from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from automl_zero.config import StageConfig, TasksConfig
from automl_zero.tasks import projected
from automl_zero.tasks.projected import NO_CLASS, choose_images, image_groups, image_pairs, standardize
from automl_zero.tasks.splits import Stage, class_pairs, groupings, held_out_images, load_images, share_of
from automl_zero.tasks.task import IntArray, Loss, TaskError, TaskSet

Builder = Callable[[TasksConfig, Stage, int], TaskSet]
Choice = tuple[IntArray, IntArray]

BUILDERS: dict[str, Builder] = {"image-pairs": image_pairs, "image-groups": image_groups}


def build(kind: str, stage: Stage = Stage.SEARCH, seed: int = 0, **sizes: int) -> TaskSet:
    size = {"num_tasks": 3, "num_train": 200, "num_valid": 60, "num_features": 8, "num_classes": 2, **sizes}
    shape = {name: size.pop(name) for name in ("num_features", "num_classes")}
    config = TasksConfig.model_validate({"kind": kind, **shape, stage.value: StageConfig(**size)})
    return BUILDERS[kind](config, stage, seed)


def classes_of_pair(pair: tuple[int, int]) -> IntArray:
    classes = np.full(10, NO_CLASS)
    classes[list(pair)] = 0, 1
    return classes


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """Numbers of the training and validation images of every task that is built in the test."""
    recorded: list[Choice] = []

    def choose_and_record(*arguments: object) -> Choice:
        recorded.append(choose_images(*arguments))  # type: ignore[arg-type]
        return recorded[-1]

    monkeypatch.setattr(projected, "choose_images", choose_and_record)
    return recorded


def classes_of_digits(tasks: TaskSet, choices: list[Choice]) -> Iterator[dict[int, int]]:
    """The class of every digit that occurs in a task, for every task; fails where a digit has two classes."""
    for (train, valid), train_y, valid_y in zip(choices, tasks.train_y, tasks.valid_y, strict=True):
        digits = load_images().digits[np.concatenate([train, valid])].tolist()
        seen = set(zip(digits, np.concatenate([train_y, valid_y]).tolist(), strict=True))
        assert len(dict(seen)) == len(seen)
        yield {digit: int(of_digit) for digit, of_digit in seen}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_they_are_binary_classification(kind: str, stage: Stage) -> None:
    tasks = build(kind, stage)
    assert (tasks.loss, tasks.num_classes, tasks.is_multiclass) == (Loss.ACCURACY, 2, False)


@pytest.mark.parametrize("stage", Stage)
def test_labels_of_pairs_match_a_pair_of_the_stage_with_the_first_digit_as_class_1(
    stage: Stage, choices: list[Choice]
) -> None:
    tasks = build("image-pairs", stage)
    for classes in classes_of_digits(tasks, choices):
        first, second = sorted(classes)
        assert classes == {first: 1, second: 0}
        assert (first, second) in share_of(stage, class_pairs())


@pytest.mark.parametrize("num_classes", [2, 3, 5, 10])
@pytest.mark.parametrize("stage", Stage)
def test_labels_of_groups_match_a_grouping_of_the_stage(stage: Stage, num_classes: int, choices: list[Choice]) -> None:
    tasks = build("image-groups", stage, num_features=10, num_classes=num_classes, num_tasks=8)
    for classes in classes_of_digits(tasks, choices):
        in_order = [classes[digit] for digit in range(10)]
        renamed = tuple(list(dict.fromkeys(in_order)).index(of_digit) for of_digit in in_order)
        assert renamed in share_of(stage, groupings(num_classes))


def test_the_classes_of_groups_are_named_at_random(choices: list[Choice]) -> None:
    tasks = build("image-groups", num_tasks=20)
    assert {classes[0] for classes in classes_of_digits(tasks, choices)} == {0, 1}


@pytest.mark.parametrize(("kind", "distinct"), [("image-pairs", 9), ("image-groups", 25)])
def test_all_classes_of_a_stage_are_used_before_any_is_used_again(
    kind: str, distinct: int, choices: list[Choice]
) -> None:
    tasks = build(kind, Stage.FINAL, num_tasks=2 * distinct)
    seen = [
        frozenset(frozenset(digit for digit in classes if classes[digit] == of_digit) for of_digit in (0, 1))
        for classes in classes_of_digits(tasks, choices)
    ]
    assert len(set(seen[:distinct])) == distinct
    assert seen[distinct:] == seen[:distinct]


@pytest.mark.parametrize(("kind", "distinct"), [("image-pairs", 9), ("image-groups", 25)])
def test_classes_that_are_used_again_are_projected_anew(kind: str, distinct: int) -> None:
    tasks = build(kind, Stage.FINAL, num_tasks=distinct + 1)
    assert not np.isin(tasks.train_x[distinct], tasks.train_x[0]).any()


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_features_are_one_linear_image_of_the_pixels(kind: str, stage: Stage, choices: list[Choice]) -> None:
    tasks = build(kind, stage)
    for images, *features in zip(choices, tasks.train_x, tasks.valid_x, strict=True):
        pixels, x = load_images().pixels[np.concatenate(images)], np.concatenate(features)
        with_bias = np.column_stack([pixels, np.ones(len(pixels))])
        np.testing.assert_allclose(with_bias @ np.linalg.lstsq(with_bias, x, rcond=None)[0], x, atol=1e-9)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_training_features_are_standardized(kind: str, stage: Stage) -> None:
    x = build(kind, stage).train_x
    np.testing.assert_allclose(x.mean(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(x.std(axis=1), 1.0, atol=1e-9)


@settings(deadline=None)
@given(st.integers(0, 2**63 - 1), st.sampled_from(Stage), st.sampled_from(class_pairs()))
def test_no_image_is_used_twice_in_a_task_nor_one_of_another_class(
    seed: int, stage: Stage, pair: tuple[int, int]
) -> None:
    train, valid = choose_images(stage, classes_of_pair(pair), 200, 60, np.random.default_rng(seed))
    assert (len(train), len(valid), len({*train, *valid})) == (200, 60, 260)
    assert {*load_images().digits[train], *load_images().digits[valid]} == {*pair}


@settings(deadline=None)
@given(st.integers(0, 2**63 - 1), st.sampled_from(Stage), st.sampled_from(class_pairs()))
def test_held_out_images_are_seen_by_validation_of_the_final_stage_alone(
    seed: int, stage: Stage, pair: tuple[int, int]
) -> None:
    train, valid = choose_images(stage, classes_of_pair(pair), 200, 60, np.random.default_rng(seed))
    assert not np.isin(train, held_out_images()).any()
    assert np.isin(valid, held_out_images()).all() == (stage is Stage.FINAL)
    assert np.isin(valid, held_out_images()).any() == (stage is Stage.FINAL)


def test_every_image_is_used_if_as_many_are_wanted() -> None:
    everything = np.zeros(10, np.int64)
    train, valid = choose_images(Stage.FINAL, everything, 1438, 359, np.random.default_rng(0))
    assert sorted([*train, *valid]) == list(range(1797))


@settings(deadline=None)
@given(arrays(np.float64, (5, 3), elements=st.floats(-1e6, 1e6)))
def test_standardizing_is_finite_and_leaves_constant_features_at_zero(x: np.ndarray) -> None:
    x[:, 0] = x[0, 0]
    train, valid = standardize(x, x[:2])
    np.testing.assert_allclose(train[:, 0], 0.0, atol=1e-9)
    assert np.isfinite(train).all()
    np.testing.assert_array_equal(train[:2], valid)


@pytest.mark.parametrize("stage", [Stage.SEARCH, Stage.SELECT])
def test_too_many_images_for_training_and_validation_are_refused(stage: Stage) -> None:
    build("image-groups", stage, num_train=1338, num_valid=100, num_tasks=1)
    with pytest.raises(TaskError) as error:
        build("image-groups", stage, num_train=1339, num_valid=100)
    for part in (f"tasks.{stage}.num_train = 1339", f"tasks.{stage}.num_valid = 100", "1439 images", "at most 1438"):
        assert part in str(error.value)


def test_too_many_images_for_final_training_are_refused() -> None:
    build("image-groups", Stage.FINAL, num_train=1438, num_tasks=1)
    with pytest.raises(TaskError, match=r"tasks\.final\.num_train = 1439: .* use at most 1438"):
        build("image-groups", Stage.FINAL, num_train=1439)


def test_too_many_images_for_final_validation_are_refused() -> None:
    build("image-groups", Stage.FINAL, num_valid=359, num_tasks=1)
    with pytest.raises(TaskError, match=r"tasks\.final\.num_valid = 360: .* use at most 359"):
        build("image-groups", Stage.FINAL, num_valid=360)


@pytest.mark.parametrize("stage", Stage)
def test_whether_pairs_have_enough_images_does_not_depend_on_the_seed(stage: Stage) -> None:
    with pytest.raises(TaskError, match="use at most") as error:
        build("image-pairs", stage, num_train=1000)
    most = int(str(error.value).partition("use at most ")[2].split()[0])
    least_that_fails = most + 1 if stage is Stage.FINAL else most - 60 + 1
    for seed in range(20):
        build("image-pairs", stage, seed, num_train=least_that_fails - 1, num_tasks=1)
        with pytest.raises(TaskError, match="image-groups"):
            build("image-pairs", stage, seed, num_train=least_that_fails, num_tasks=1)
