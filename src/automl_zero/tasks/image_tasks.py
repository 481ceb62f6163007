"""Classification of images seen through random projections to F features, or as they are (paper, 4.2 and S4).

One data set gives any number of tasks, each with its own projection, classes and choice of examples. What the stages
keep apart is decided in ``splits``; test images are for the validation of the final stage and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.datasets.datasets import Dataset, Images, load_dataset
from automl_zero.tasks.datasets.images import pick
from automl_zero.tasks.splits import Item, Stage, groupings, pairs_of, share_of
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet

NO_CLASS = -1  # of a class of the data set that does not occur in a task
MOST_GROUPED = 12  # classes of a data set whose groupings can be listed
ROUNDING = 1e-12  # relative deviation of a feature that is constant but for rounding
GRAIN = 2.0**-24  # of which the elements of a projection are multiples
CHUNK = 1000  # images that are projected at a time


def image_pairs(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """One class of the data set against another; the one of smaller number is class 1, as in the published program.

    Raises:
        TaskError: the data set cannot be had, its images do not have ``config.num_features`` values where they are not
            projected, or a pair of its classes has fewer images than ``config`` asks for.
    """
    return _projected(config, stage, seed, *_pairs(config, stage, seed))


def some_pairs(config: TasksConfig, stage: Stage, seed: int, numbers: Iterable[int]) -> Iterator[TaskSet]:
    """The tasks of ``image_pairs`` with these numbers, each a set of its own, made when it is asked for.

    So tasks can be gone through that are too large to be in memory together.

    Raises:
        TaskError: as of ``image_pairs``.
    """
    dataset, classes = _pairs(config, stage, seed)
    for task in numbers:
        train_x, train_y, valid_x, valid_y = _examples(config, dataset, stage, seed, task, classes[task])
        yield TaskSet(config.kind, train_x[None], train_y[None], valid_x[None], valid_y[None], Loss.ACCURACY)


def image_groups(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """The classes of the data set grouped at random into ``config.num_classes``, as even in number as possible.

    Ten classes can be grouped into ten in one way, which all stages share; the groups are named at random in every
    task.

    Raises:
        TaskError: the data set cannot be had, cannot be grouped so, its images do not have ``config.num_features``
            values where they are not projected, or there are fewer of them than ``config`` asks for.
    """
    dataset = load_dataset(config.dataset)
    _check_values(config, dataset)
    _check_grouping(dataset, config.num_classes)
    classes = [
        np.array(grouping) for grouping in share_of(stage, groupings(len(dataset.class_names), config.num_classes))
    ]
    _check_enough_images(config, dataset, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    dealt = _deal(classes, stage.size(config).num_tasks, rng)
    return _projected(config, stage, seed, dataset, [rng.permutation(config.num_classes)[each] for each in dealt])


def choose_images(
    dataset: Dataset, stage: Stage, classes: IntArray, num_train: int, num_valid: int, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Training and validation images of a task; no image is both.

    Args:
        dataset: where they are from.
        stage: the final stage validates on test images, the others hold validation images back from training.
        classes: [classes of the data set] the class of each in the task, or ``NO_CLASS``.
        num_train: number of training images.
        num_valid: number of validation images.
        rng: makes the choice.
    """
    train, rest = np.split(rng.permutation(_of_classes(dataset.train, classes)), [num_train])
    if stage is not Stage.FINAL:
        return pick(dataset.train, train), pick(dataset.train, rest[:num_valid])
    test = rng.permutation(_of_classes(dataset.test, classes))[:num_valid]
    return pick(dataset.train, train), pick(dataset.test, test)


def project(
    train_x: FloatArray, valid_x: FloatArray, num_features: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Features [examples, columns] through one random projection to F of them, standardized."""
    projection = rng.standard_normal((train_x.shape[1], num_features))
    return standardize(train_x @ projection, valid_x @ projection)


def project_pixels(pixels: NDArray[np.uint8], projection: FloatArray) -> FloatArray:
    """Images [images, pixels] through a projection [pixels, F] in whole ``GRAIN``, some at a time to save memory.

    All partial sums are multiples of the grain, and small enough for double precision to hold them exactly. So the
    result is the same whatever the order in which a machine adds.
    """
    features = np.empty((len(pixels), projection.shape[1]))
    for start in range(0, len(pixels), CHUNK):
        features[start : start + CHUNK] = pixels[start : start + CHUNK].astype(np.float64) @ projection
    return features


def standardize(train_x: FloatArray, valid_x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shift and scale features [examples, F] so that those of the training examples have mean 0 and deviation 1.

    A feature that is constant in the training examples is only shifted.
    """
    mean, std = train_x.mean(axis=0), train_x.std(axis=0)
    scale = np.where(std > ROUNDING * np.abs(mean), std, 1.0)
    return (train_x - mean) / scale, (valid_x - mean) / scale


def _pairs(config: TasksConfig, stage: Stage, seed: int) -> tuple[Dataset, list[IntArray]]:
    """The data set, and for each task the classes of the data set in it."""
    dataset = load_dataset(config.dataset)
    _check_values(config, dataset)
    num_classes = len(dataset.class_names)
    classes = [_pair_classes(num_classes, *pair) for pair in pairs_of(stage, dataset.name, num_classes)]
    _check_enough_images(config, dataset, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    return dataset, _deal(classes, stage.size(config).num_tasks, rng)


def _pair_classes(num_classes: int, first: int, second: int) -> IntArray:
    classes = np.full(num_classes, NO_CLASS)
    classes[[first, second]] = 1, 0
    return classes


def _deal(items: Sequence[Item], num_tasks: int, rng: np.random.Generator) -> list[Item]:
    """An item for every task: all of them in random order, and the same again when they have run out."""
    order = rng.permutation(len(items))
    return [items[order[task % len(items)]] for task in range(num_tasks)]


def _projected(config: TasksConfig, stage: Stage, seed: int, dataset: Dataset, classes: Sequence[IntArray]) -> TaskSet:
    """One task for each assignment of the data set's classes to those of a task."""
    size, num_features = stage.size(config), config.num_features
    train_x = np.empty((len(classes), size.num_train, num_features))
    valid_x = np.empty((len(classes), size.num_valid, num_features))
    train_y, valid_y = np.empty(train_x.shape[:2]), np.empty(valid_x.shape[:2])
    for task, each in enumerate(classes):
        examples = _examples(config, dataset, stage, seed, task, each)
        train_x[task], train_y[task], valid_x[task], valid_y[task] = examples
    return TaskSet(config.kind, train_x, train_y, valid_x, valid_y, Loss.ACCURACY, config.num_classes)


def _examples(
    config: TasksConfig, dataset: Dataset, stage: Stage, seed: int, task: int, classes: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Features and labels of the training and of the validation examples of a task."""
    rng, size = generator_at(seed, "tasks", stage, task), stage.size(config)
    train, valid = choose_images(dataset, stage, classes, size.num_train, size.num_valid, rng)
    train_x, valid_x = _features(train, valid, config, rng)
    train_y, valid_y = (classes[images.labels].astype(np.float64) for images in (train, valid))
    return train_x, train_y, valid_x, valid_y


def _features(
    train: Images, valid: Images, config: TasksConfig, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    if config.projection == "none":
        return standardize(train.pixels.astype(np.float64), valid.pixels.astype(np.float64))
    projection = np.rint(rng.standard_normal((train.pixels.shape[1], config.num_features)) / GRAIN) * GRAIN
    return standardize(project_pixels(train.pixels, projection), project_pixels(valid.pixels, projection))


def _of_classes(images: Images, classes: IntArray) -> IntArray:
    """Numbers of the images whose class occurs in a task."""
    return np.flatnonzero(classes[images.labels] != NO_CLASS)


def _check_values(config: TasksConfig, dataset: Dataset) -> None:
    values = dataset.train.pixels.shape[1]
    if config.projection == "none" and config.num_features != values:
        raise TaskError(
            f"tasks.num_features = {config.num_features}, but without a projection an image of {dataset.name} has "
            f"{values} values: set tasks.num_features = {values}, or tasks.projection = 'random'"
        )


def _check_grouping(dataset: Dataset, num_classes: int) -> None:
    available = len(dataset.class_names)
    if available > MOST_GROUPED:
        raise TaskError(
            f"tasks.dataset = {dataset.name!r} has {available} classes, but kind 'image-groups' takes at most "
            f"{MOST_GROUPED}: use kind 'image-pairs', or leave classes out"
        )
    if num_classes > available:
        raise TaskError(
            f"tasks.num_classes = {num_classes}, but tasks.dataset = {dataset.name!r} has {available}: "
            f"use at most {available}"
        )


def _check_enough_images(config: TasksConfig, dataset: Dataset, stage: Stage, classes: Sequence[IntArray]) -> None:
    """Every class assignment of the stage must do, so that whether a config works does not depend on the seed."""
    size = stage.size(config)
    train, valid = f"tasks.{stage}.num_train = {size.num_train}", f"tasks.{stage}.num_valid = {size.num_valid}"
    num_open, num_test = (
        min(len(_of_classes(images, each)) for each in classes) for images in (dataset.train, dataset.test)
    )
    if stage is Stage.FINAL:
        _check_enough(config, train, size.num_train, num_open)
        _check_enough(config, valid, size.num_valid, num_test)
    else:
        _check_enough(config, f"{train} plus {valid}", size.num_train + size.num_valid, num_open)


def _check_enough(config: TasksConfig, settings: str, wanted: int, available: int) -> None:
    if wanted > available:
        more = " or kind 'image-groups', whose tasks have more" if config.kind == "image-pairs" else ""
        raise TaskError(
            f"{settings}: every task needs {wanted} images, but kind '{config.kind}' of {config.dataset} has "
            f"{available} for that; use at most {available}{more}"
        )
