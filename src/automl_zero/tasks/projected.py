"""Classification of images seen through random projections to F features (paper, section 4.2 and supplement S4).

One small image set gives any number of tasks, each with its own projection, classes and choice of examples. What the
stages keep apart is decided in ``splits``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.splits import (
    NUM_DIGITS,
    Item,
    Stage,
    class_pairs,
    groupings,
    held_out_images,
    load_images,
    open_images,
    share_of,
)
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet

NO_CLASS = -1  # of a digit that does not occur in a task
ROUNDING = 1e-12  # relative deviation of a feature that is constant but for rounding


def image_pairs(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """One digit against another; the smaller digit is class 1, as in the published program.

    Raises:
        TaskError: a pair of digits has fewer images than ``config`` asks for.
    """
    classes = [_pair_classes(*pair) for pair in share_of(stage, class_pairs())]
    _check_enough_images(config, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    return _projected(config, stage, seed, _deal(classes, stage.size(config).num_tasks, rng))


def image_groups(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """The ten digits grouped at random into ``config.num_classes`` classes, as even in size as possible.

    Into ten classes there is one grouping, which all stages share; the classes are named at random in every task.

    Raises:
        TaskError: there are fewer images than ``config`` asks for.
    """
    classes = [np.array(grouping) for grouping in share_of(stage, groupings(config.num_classes))]
    _check_enough_images(config, stage, classes)
    rng = generator_at(seed, "tasks", stage, "classes")
    dealt = _deal(classes, stage.size(config).num_tasks, rng)
    return _projected(config, stage, seed, [rng.permutation(config.num_classes)[each] for each in dealt])


def choose_images(
    stage: Stage, classes: IntArray, num_train: int, num_valid: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Numbers of the training and of the validation images of a task; no image is both.

    Args:
        stage: the final stage validates on held-out images, the others hold validation images back from training.
        classes: [10] class of every digit, or ``NO_CLASS``.
        num_train: number of training images.
        num_valid: number of validation images.
        rng: makes the choice.
    """
    train, rest = np.split(rng.permutation(_of_classes(open_images(), classes)), [num_train])
    if stage is Stage.FINAL:
        rest = rng.permutation(_of_classes(held_out_images(), classes))
    return train, rest[:num_valid]


def project(
    train_x: FloatArray, valid_x: FloatArray, num_features: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Features [examples, columns] through one random projection to F of them, standardized."""
    projection = rng.standard_normal((train_x.shape[1], num_features))
    return standardize(train_x @ projection, valid_x @ projection)


def standardize(train_x: FloatArray, valid_x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shift and scale features [examples, F] so that those of the training examples have mean 0 and deviation 1.

    A feature that is constant in the training examples is only shifted.
    """
    mean, std = train_x.mean(axis=0), train_x.std(axis=0)
    scale = np.where(std > ROUNDING * np.abs(mean), std, 1.0)
    return (train_x - mean) / scale, (valid_x - mean) / scale


def _pair_classes(first: int, second: int) -> IntArray:
    classes = np.full(NUM_DIGITS, NO_CLASS)
    classes[[first, second]] = 1, 0
    return classes


def _deal(items: Sequence[Item], num_tasks: int, rng: np.random.Generator) -> list[Item]:
    """An item for every task: all of them in random order, and the same again when they have run out."""
    order = rng.permutation(len(items))
    return [items[order[task % len(items)]] for task in range(num_tasks)]


def _projected(config: TasksConfig, stage: Stage, seed: int, classes: Sequence[IntArray]) -> TaskSet:
    """One task for each assignment of the ten digits to classes."""
    rngs = [generator_at(seed, "tasks", stage, task) for task in range(len(classes))]
    tasks = [_project(config, stage, each, rng) for each, rng in zip(classes, rngs, strict=True)]
    train_x, train_y, valid_x, valid_y = (np.stack(part) for part in zip(*tasks, strict=True))
    return TaskSet(config.kind, train_x, train_y, valid_x, valid_y, Loss.ACCURACY, config.num_classes)


def _project(
    config: TasksConfig, stage: Stage, classes: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    images, size = load_images(), stage.size(config)
    train, valid = choose_images(stage, classes, size.num_train, size.num_valid, rng)
    train_x, valid_x = project(images.pixels[train], images.pixels[valid], config.num_features, rng)
    train_y, valid_y = (classes[images.digits[part]].astype(np.float64) for part in (train, valid))
    return train_x, train_y, valid_x, valid_y


def _of_classes(numbers: IntArray, classes: IntArray) -> IntArray:
    occurs = classes[load_images().digits[numbers]] != NO_CLASS
    return np.compress(occurs, numbers)


def _check_enough_images(config: TasksConfig, stage: Stage, classes: Sequence[IntArray]) -> None:
    """Every class assignment of the stage must do, so that whether a config works does not depend on the seed."""
    size = stage.size(config)
    train, valid = f"tasks.{stage}.num_train = {size.num_train}", f"tasks.{stage}.num_valid = {size.num_valid}"
    num_open, num_held_out = (
        min(len(_of_classes(numbers, each)) for each in classes) for numbers in (open_images(), held_out_images())
    )
    if stage is Stage.FINAL:
        _check_enough(config.kind, train, size.num_train, num_open)
        _check_enough(config.kind, valid, size.num_valid, num_held_out)
    else:
        _check_enough(config.kind, f"{train} plus {valid}", size.num_train + size.num_valid, num_open)


def _check_enough(kind: str, settings: str, wanted: int, available: int) -> None:
    if wanted > available:
        more = " or kind 'image-groups', whose tasks have more" if kind == "image-pairs" else ""
        raise TaskError(
            f"{settings}: every task needs {wanted} images, but kind '{kind}' has {available} for that; "
            f"use at most {available}{more}"
        )
