"""The tasks on which an algorithm for a table is evolved, tuned and chosen; no row that chooses is ever trained on.

Rows are shared out once: the select rows judge the programs in the end, and all else is made of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl_zero.estimators.preprocessing import scale_of, split_rows
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskSet, shuffled_epochs

SELECT_SHARE, MOST_SELECT = 0.25, 1000  # of the rows
VALID_SHARE = 0.25  # of the other rows, in each search and tune task
NUM_SEARCH, NUM_TUNE, NUM_SELECT = 16, 8, 8  # tasks
MOST_SEARCH, MOST_TRAIN, MOST_VALID = 300, 1000, 300  # rows to train on, in search and later, and to validate on
SEARCH_STEPS, TUNE_STEPS, SELECT_STEPS, MOST_EPOCHS = 600, 12_000, 40_000, 100  # training steps of a task, about
FEW = 32  # features, up to which programs make so many steps
WIDE, PROJECTED = 32, 16  # above so many features, search sees so many projections of them


@dataclass(frozen=True, eq=False)
class RefitData:
    """Rows as they are, to train a program on as it will be in the end, and the select rows, to judge it.

    Attributes:
        x: [rows, columns] to train on; ``y``: [rows].
        judged_x: [select rows, columns]; ``judged_y``: [select rows].
        num_classes: 0 where numbers are predicted.
        width: vectors have at least so many elements.
    """

    x: FloatArray
    y: FloatArray
    judged_x: FloatArray
    judged_y: FloatArray
    num_classes: int
    width: int


@dataclass(frozen=True, eq=False)
class ProxyTasks:
    """Tasks of one table.

    Attributes:
        search: to evolve on; features may be projected, so that programs run fast.
        tune: other samples of the same rows, features as they are, and more epochs.
        select: validated on rows that neither of the others has, to see how many epochs a program needs.
        rehearsal: the same rows as they are.
    """

    search: TaskSet
    tune: TaskSet
    select: TaskSet
    refit_data: RefitData


@dataclass(frozen=True, eq=False)
class _Source:
    """The table, with the number of classes (0: numbers are predicted) and the least size of vectors."""

    x: FloatArray
    y: FloatArray
    num_classes: int
    width: int
    seed: int


def build_proxy_tasks(x: FloatArray, y: FloatArray, num_classes: int, width: int, seed: int) -> ProxyTasks:
    """The tasks of rows ``x`` [rows, columns] and ``y`` [rows], numbers or class numbers.

    Args:
        x: features, NaN where missing.
        y: what to predict.
        num_classes: 0 where numbers are predicted.
        width: vectors have at least so many elements.
        seed: of all choices.
    """
    source = _Source(x, y, num_classes, max(width, num_classes), seed)
    rng = generator_at(seed, "estimator", "stages")
    count = min(MOST_SELECT, max(1, round(SELECT_SHARE * len(y))))
    judged, seen = split_rows(y, num_classes, count, rng)
    splits = [_split(source, seen, MOST_SEARCH, rng) for _ in range(NUM_SEARCH)]
    search = _task_set(source, "search", splits, SEARCH_STEPS, is_projected=x.shape[1] > WIDE)
    splits = [_split(source, seen, MOST_TRAIN, rng) for _ in range(NUM_TUNE)]
    tune = _task_set(source, "tune", splits, TUNE_STEPS)
    splits = [(seen[split_rows(y[seen], num_classes, MOST_TRAIN, rng)[0]], judged) for _ in range(NUM_SELECT)]
    select = _task_set(source, "select", splits, SELECT_STEPS)
    train, _ = splits[0]
    refit_data = RefitData(x[train], y[train], x[judged], y[judged], num_classes, source.width)
    return ProxyTasks(search, tune, select, refit_data)


def _split(source: _Source, rows: IntArray, most: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Training and validation rows of a task."""
    count = min(MOST_VALID, max(1, round(VALID_SHARE * len(rows))))
    valid, rest = split_rows(source.y[rows], source.num_classes, count, rng)
    train, _ = split_rows(source.y[rows[rest]], source.num_classes, most, rng)
    return rows[rest[train]], rows[valid]


def _task_set(
    source: _Source, name: str, splits: list[tuple[IntArray, IntArray]], steps: int, is_projected: bool = False
) -> TaskSet:
    rng = generator_at(source.seed, "estimator", name)
    parts = [_task(source, train, valid, rng if is_projected else None) for train, valid in splits]
    num_train = len(splits[0][0])
    steps = round(steps * min(1.0, (FEW / parts[0][0].shape[1]) ** 2))  # one of a matrix takes so much longer
    epochs = int(np.clip(round(steps / num_train), 1, MOST_EPOCHS))
    loss, classes = (Loss.ACCURACY, source.num_classes) if source.num_classes else (Loss.RMSE, 2)
    order = shuffled_epochs(num_train, epochs, rng)
    train_x, train_y, valid_x, valid_y = (np.stack(part) for part in zip(*parts, strict=True))
    noise = seed_at(source.seed, "estimator", name, "noise")
    return TaskSet(name, train_x, train_y, valid_x, valid_y, loss, classes, order, noise)


def _task(
    source: _Source, train: IntArray, valid: IntArray, rng: np.random.Generator | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Scaled examples; with ``rng``, seen through a random projection."""
    x, y = source.x, source.y
    scale = scale_of(x[train])
    train_x, valid_x = (scale.apply(x[rows], source.width) for rows in (train, valid))
    if rng is not None:
        projection = rng.standard_normal((train_x.shape[1], max(PROJECTED, source.width)))
        train_x, valid_x = train_x @ projection, valid_x @ projection
        scale = scale_of(train_x)
        train_x, valid_x = (scale.apply(part, 1) for part in (train_x, valid_x))
    if source.num_classes:
        return train_x, y[train], valid_x, y[valid]
    target = scale_of(y[train, None])
    return train_x, target.apply(y[train, None], 1)[:, 0], valid_x, target.apply(y[valid, None], 1)[:, 0]
