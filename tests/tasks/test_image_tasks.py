from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from automl_zero.config import StageConfig, TasksConfig
from automl_zero.tasks import image_tasks
from automl_zero.tasks.datasets.datasets import Dataset, Images, load_dataset
from automl_zero.tasks.image_tasks import (
    GRAIN,
    NO_CLASS,
    choose_images,
    image_groups,
    image_pairs,
    project_pixels,
    some_pairs,
    standardize,
)
from automl_zero.tasks.splits import SELECT_PAIRS, Stage, groupings, pairs_of, share_of
from automl_zero.tasks.task import IntArray, Loss, TaskError, TaskSet

Builder = Callable[[TasksConfig, Stage, int], TaskSet]
Choice = tuple[Images, Images]

BUILDERS: dict[str, Builder] = {"image-pairs": image_pairs, "image-groups": image_groups}
DIGIT_PAIRS = list(combinations(range(10), 2))


def build(kind: str, stage: Stage = Stage.SEARCH, seed: int = 0, projection: str = "random", **sizes: int) -> TaskSet:
    return BUILDERS[kind](tasks_config(kind, stage, projection, **sizes), stage, seed)


def tasks_config(kind: str, stage: Stage, projection: str = "random", **sizes: int) -> TasksConfig:
    size = {"num_tasks": 3, "num_train": 200, "num_valid": 60, "num_features": 8, "num_classes": 2, **sizes}
    shape = {name: size.pop(name) for name in ("num_features", "num_classes")}
    return TasksConfig.model_validate(
        {"kind": kind, "projection": projection, **shape, stage.value: StageConfig(**size)}
    )


def classes_of_pair(pair: tuple[int, int]) -> IntArray:
    classes = np.full(10, NO_CLASS)
    classes[list(pair)] = 0, 1
    return classes


def choose(stage: Stage, pair: tuple[int, int], seed: int) -> Choice:
    return choose_images(load_dataset("digits"), stage, classes_of_pair(pair), 200, 60, np.random.default_rng(seed))


def as_set(images: Images) -> set[bytes]:
    """No two images of digits are equal, so that the pixels tell which they are."""
    return {each.tobytes() for each in images.pixels}


def made_up(name: str, num_classes: int) -> Dataset:
    """A data set of twenty random images of each class, half of them for tests."""
    labels = np.tile(np.arange(num_classes), 10)
    train, test = (
        Images(np.random.default_rng(seed).integers(0, 256, (len(labels), 12), np.uint8), labels) for seed in (0, 1)
    )
    return Dataset(name, (2, 2, 3), tuple(map(str, range(num_classes))), train, test)


@pytest.fixture
def choices(monkeypatch: pytest.MonkeyPatch) -> list[Choice]:
    """The training and validation images of every task that is built in the test."""
    recorded: list[Choice] = []

    def choose_and_record(*arguments: object) -> Choice:
        recorded.append(choose_images(*arguments))  # type: ignore[arg-type]
        return recorded[-1]

    monkeypatch.setattr(image_tasks, "choose_images", choose_and_record)
    return recorded


def classes_of_digits(tasks: TaskSet, choices: list[Choice]) -> Iterator[dict[int, int]]:
    """The class of every digit that occurs in a task, for every task; fails where a digit has two classes."""
    for images, train_y, valid_y in zip(choices, tasks.train_y, tasks.valid_y, strict=True):
        digits = np.concatenate([each.labels for each in images]).tolist()
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
        assert (first, second) in pairs_of(stage, 10, as_published=False)


@pytest.mark.parametrize("num_classes", [2, 3, 5, 10])
@pytest.mark.parametrize("stage", Stage)
def test_labels_of_groups_match_a_grouping_of_the_stage(stage: Stage, num_classes: int, choices: list[Choice]) -> None:
    tasks = build("image-groups", stage, num_features=10, num_classes=num_classes, num_tasks=8)
    for classes in classes_of_digits(tasks, choices):
        in_order = [classes[digit] for digit in range(10)]
        renamed = tuple(list(dict.fromkeys(in_order)).index(of_digit) for of_digit in in_order)
        assert renamed in share_of(stage, groupings(10, num_classes))


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
def test_classes_that_are_used_again_are_projected_again(kind: str, distinct: int) -> None:
    tasks = build(kind, Stage.FINAL, num_tasks=distinct + 1)
    assert not np.isin(tasks.train_x[distinct], tasks.train_x[0]).any()


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_features_are_one_linear_image_of_the_pixels(kind: str, stage: Stage, choices: list[Choice]) -> None:
    tasks = build(kind, stage)
    for images, *features in zip(choices, tasks.train_x, tasks.valid_x, strict=True):
        pixels, x = np.concatenate([each.pixels for each in images]), np.concatenate(features)
        with_bias = np.column_stack([pixels, np.ones(len(pixels))])
        np.testing.assert_allclose(with_bias @ np.linalg.lstsq(with_bias, x, rcond=None)[0], x, atol=1e-9)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_training_features_are_standardized(kind: str, stage: Stage) -> None:
    x = build(kind, stage).train_x
    np.testing.assert_allclose(x.mean(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(x.std(axis=1), 1.0, atol=1e-9)


@pytest.mark.parametrize("stage", Stage)
def test_pairs_are_the_same_one_after_the_other(stage: Stage) -> None:
    together = build("image-pairs", stage, seed=3)
    alone = list(some_pairs(tasks_config("image-pairs", stage), stage, 3, [2, 0]))
    for name in ("train_x", "train_y", "valid_x", "valid_y"):
        assert np.array_equal(np.concatenate([getattr(each, name) for each in alone]), getattr(together, name)[[2, 0]])


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("kind", BUILDERS)
def test_without_a_projection_features_are_the_values_of_the_images(
    kind: str, stage: Stage, choices: list[Choice]
) -> None:
    tasks = build(kind, stage, projection="none", num_features=64)
    for (train, valid), train_x, valid_x in zip(choices, tasks.train_x, tasks.valid_x, strict=True):
        mean, deviation = train.pixels.mean(axis=0), train.pixels.std(axis=0)
        for images, x in ((train, train_x), (valid, valid_x)):
            np.testing.assert_allclose(x * np.where(deviation > 0, deviation, 1.0) + mean, images.pixels, atol=1e-9)


@pytest.mark.parametrize("kind", BUILDERS)
def test_without_a_projection_tasks_have_the_images_that_they_would_have_with_it(
    kind: str, choices: list[Choice]
) -> None:
    build(kind), build(kind, projection="none", num_features=64)
    for (train, valid), (same_train, same_valid) in zip(choices[:3], choices[3:], strict=True):
        assert np.array_equal(train.pixels, same_train.pixels)
        assert np.array_equal(valid.pixels, same_valid.pixels)


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_number_of_features_that_images_do_not_have_is_refused(kind: str) -> None:
    with pytest.raises(TaskError, match=r"num_features = 8, .* digits has 64 values: set tasks\.num_features = 64"):
        build(kind, projection="none")


@settings(deadline=None)
@given(st.integers(0, 2**63 - 1), st.sampled_from(Stage), st.sampled_from(DIGIT_PAIRS))
def test_no_image_is_used_twice_in_a_task_nor_one_of_another_class(
    seed: int, stage: Stage, pair: tuple[int, int]
) -> None:
    train, valid = choose(stage, pair, seed)
    assert (len(train.labels), len(valid.labels), len(as_set(train) | as_set(valid))) == (200, 60, 260)
    assert {*train.labels, *valid.labels} == {*pair}


@settings(deadline=None)
@given(st.integers(0, 2**63 - 1), st.sampled_from(Stage), st.sampled_from(DIGIT_PAIRS))
def test_test_images_are_seen_by_validation_of_the_final_stage_alone(
    seed: int, stage: Stage, pair: tuple[int, int]
) -> None:
    train, valid = choose(stage, pair, seed)
    test = as_set(load_dataset("digits").test)
    assert not as_set(train) & test
    assert len(as_set(valid) & test) == (60 if stage is Stage.FINAL else 0)


def test_every_image_is_used_if_as_many_are_wanted() -> None:
    everything, digits = np.zeros(10, np.int64), load_dataset("digits")
    train, valid = choose_images(digits, Stage.FINAL, everything, 1438, 359, np.random.default_rng(0))
    assert as_set(train) | as_set(valid) == as_set(digits.train) | as_set(digits.test)


@pytest.mark.parametrize(("stage", "expected"), [(Stage.SEARCH, 36), (Stage.SELECT, 9), (Stage.FINAL, 45)])
def test_pairs_of_the_papers_data_sets_are_split_as_published(
    stage: Stage, expected: int, monkeypatch: pytest.MonkeyPatch, choices: list[Choice]
) -> None:
    monkeypatch.setattr(image_tasks, "load_dataset", lambda _: made_up("cifar10", 10))
    tasks = build("image-pairs", stage, num_tasks=90, num_train=10, num_valid=4)
    pairs = {tuple(sorted(classes)) for classes in classes_of_digits(tasks, choices)}
    assert len(pairs) == expected
    assert stage is Stage.FINAL or (pairs == set(SELECT_PAIRS)) == (stage is Stage.SELECT)
    assert stage is not Stage.SEARCH or pairs.isdisjoint(SELECT_PAIRS)


def test_two_classes_make_one_pair_for_all_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_tasks, "load_dataset", lambda _: made_up("own", 2))
    for stage in Stage:
        assert len(build("image-pairs", stage, num_train=10, num_valid=4)) == 3


@pytest.mark.parametrize(
    ("available", "num_classes", "message"),
    [
        (13, 2, r"'own' has 13 classes, .* at most 12: use kind 'image-pairs'"),
        (3, 4, "num_classes = 4.* use at most 3"),
    ],
)
def test_classes_that_cannot_be_grouped_are_refused(
    available: int, num_classes: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_tasks, "load_dataset", lambda _: made_up("own", available))
    with pytest.raises(TaskError, match=message):
        build("image-groups", num_classes=num_classes, num_train=10, num_valid=4)


@settings(deadline=None)
@given(
    arrays(np.uint8, (7, 40)),
    arrays(np.int64, (40, 3), elements=st.integers(-(2**27), 2**27)),
    st.permutations(range(40)),
)
def test_a_projection_of_pixels_is_exact_whatever_the_order_of_the_sum(
    pixels: np.ndarray, numbers: np.ndarray, order: list[int]
) -> None:
    exact = (pixels.astype(object) @ numbers.astype(object)).astype(np.float64) * GRAIN
    assert np.array_equal(project_pixels(pixels[:, order], numbers[order] * GRAIN), exact)


def test_more_images_than_a_chunk_are_projected_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (25, 6), np.uint8)
    at_once = project_pixels(pixels, np.eye(6))
    monkeypatch.setattr(image_tasks, "CHUNK", 10)
    assert np.array_equal(project_pixels(pixels, np.eye(6)), at_once)


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
