"""Classification of images through random projections to F features, or unprojected (paper, section 4.2 and S4).

One data set gives any number of tasks, each with its own projection, classes and choice of examples. ``splits`` decides
which classes each stage uses; test images are used only for validation in the final stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.datasets.datasets import Dataset, Images, load_dataset
from automl_zero.tasks.datasets.images import pick
from automl_zero.tasks.datasets.sources import PAPER_DATASETS
from automl_zero.tasks.splits import Item, Stage, groupings, pairs_of, share_of
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet

NO_CLASS = -1  # stands for a class of the data set that a task does not use
MAX_GROUPED = 12  # the largest number of classes for which all groupings are listed
ROUNDING = 1e-12  # relative deviation up to which a feature counts as constant
GRAIN = 2.0**-24  # the elements of a projection are multiples of this
CHUNK = 1000  # images that are projected in one step


def image_pairs(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks of two classes of the data set; the smaller class number is class 1, as in the published program.

    Raises:
        TaskError: the data set cannot be loaded, its images do not have ``config.num_features`` values and are not
            projected, or a pair of its classes has fewer images than ``config`` asks for.
    """
    return _projected(config, stage, seed, *_pairs(config, stage, seed))


def some_pairs(config: TasksConfig, stage: Stage, seed: int, numbers: Iterable[int]) -> Iterator[TaskSet]:
    """Yield the tasks of ``image_pairs`` with these numbers, each as a set of one task.

    They are made one by one, for tasks that are too large to be in memory together.

    Raises:
        TaskError: see ``image_pairs``.
    """
    dataset, classes = _pairs(config, stage, seed)
    for task in numbers:
        train_x, train_y, valid_x, valid_y = _examples(config, dataset, stage, seed, task, classes[task])
        yield TaskSet(config.kind, train_x[None], train_y[None], valid_x[None], valid_y[None], Loss.ACCURACY)


def image_groups(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks whose ``config.num_classes`` classes are random groups of those of the data set, of even size.

    There is only one grouping of ten classes into ten, which all stages share; the order of the groups is random in
    each task.

    Raises:
        TaskError: the data set cannot be loaded or grouped, its images do not have ``config.num_features`` values and
            are not projected, or there are fewer images than ``config`` asks for.
    """
    dataset = load_dataset(config.dataset)
    _check_values(config, dataset)
    _check_grouping(dataset, config.num_classes)
    classes = [
        np.array(grouping) for grouping in share_of(stage, groupings(len(dataset.class_names), config.num_classes))
    ]
    _check_enough_images(config, dataset, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    assigned = _assign(classes, stage.size(config).num_tasks, rng)
    return _projected(config, stage, seed, dataset, [rng.permutation(config.num_classes)[each] for each in assigned])


def choose_images(
    dataset: Dataset, stage: Stage, classes: IntArray, num_train: int, num_valid: int, rng: np.random.Generator
) -> tuple[Images, Images]:
    """Return training and validation images of a task; no image is both.

    Args:
        dataset: the data set.
        stage: the final stage validates on test images, the others on train images that are not used for training.
        classes: [classes of the data set] the class of each in the task, or ``NO_CLASS``.
        num_train: number of training images.
        num_valid: number of validation images.
        rng: the random numbers of the choice.
    """
    train, rest = np.split(rng.permutation(_indices_of_classes(dataset.train, classes)), [num_train])
    if stage is not Stage.FINAL:
        return pick(dataset.train, train), pick(dataset.train, rest[:num_valid])
    test = rng.permutation(_indices_of_classes(dataset.test, classes))[:num_valid]
    return pick(dataset.train, train), pick(dataset.test, test)


def project(
    train_x: FloatArray, valid_x: FloatArray, num_features: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Project features [examples, columns] at random to F features, and standardize them."""
    projection = rng.standard_normal((train_x.shape[1], num_features))
    return standardize(train_x @ projection, valid_x @ projection)


def project_pixels(pixels: NDArray[np.uint8], projection: FloatArray) -> FloatArray:
    """Project images [images, pixels] by a matrix [pixels, F] of multiples of ``GRAIN``, in steps to save memory.

    All partial sums are multiples of the grain and small enough to be exact in double precision, so the result does not
    depend on the order in which a machine adds.
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
    """Return the data set, and for each task the class of each of the data set's classes in it."""
    dataset = load_dataset(config.dataset)
    _check_values(config, dataset)
    num_classes = len(dataset.class_names)
    pairs = pairs_of(stage, num_classes, as_published=dataset.name in PAPER_DATASETS)
    classes = [_pair_classes(num_classes, *pair) for pair in pairs]
    _check_enough_images(config, dataset, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    return dataset, _assign(classes, stage.size(config).num_tasks, rng)


def _pair_classes(num_classes: int, first: int, second: int) -> IntArray:
    classes = np.full(num_classes, NO_CLASS)
    classes[[first, second]] = 1, 0
    return classes


def _assign(items: Sequence[Item], num_tasks: int, rng: np.random.Generator) -> list[Item]:
    """Return an item for each task: all items in random order, repeated if there are fewer than tasks."""
    order = rng.permutation(len(items))
    return [items[order[task % len(items)]] for task in range(num_tasks)]


def _projected(config: TasksConfig, stage: Stage, seed: int, dataset: Dataset, classes: Sequence[IntArray]) -> TaskSet:
    """Return one task for each assignment of the data set's classes to those of a task."""
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
    """Return features and labels of the training and the validation examples of a task."""
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


def _indices_of_classes(images: Images, classes: IntArray) -> IntArray:
    """Return the indices of the images whose class is used in a task."""
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
    if available > MAX_GROUPED:
        raise TaskError(
            f"tasks.dataset = {dataset.name!r} has {available} classes, but kind 'image-groups' takes at most "
            f"{MAX_GROUPED}: use kind 'image-pairs', or leave classes out"
        )
    if num_classes > available:
        raise TaskError(
            f"tasks.num_classes = {num_classes}, but tasks.dataset = {dataset.name!r} has {available}: "
            f"use at most {available}"
        )


def _check_enough_images(config: TasksConfig, dataset: Dataset, stage: Stage, classes: Sequence[IntArray]) -> None:
    """Check all class assignments of a stage, so that the validity of a config does not depend on the seed."""
    size = stage.size(config)
    train, valid = f"tasks.{stage}.num_train = {size.num_train}", f"tasks.{stage}.num_valid = {size.num_valid}"
    num_open, num_test = (
        min(len(_indices_of_classes(images, each)) for each in classes) for images in (dataset.train, dataset.test)
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
