"""Proxy tasks of a table: the tasks on which an algorithm for it is evolved, tuned and selected.

Rows are split once: the select rows, held out, compare the programs in the end, and nothing is ever trained on them
before that. All other tasks are samples of the remaining rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl_zero.estimators.preprocessing import fit_scale, split_rows
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskSet, shuffled_epochs

SELECT_SHARE, MAX_SELECT = 0.25, 1000  # the fraction of the rows, and the number, that are held out
VALID_SHARE = 0.25  # the fraction of the other rows for validation, in each search and tune task
NUM_SEARCH, NUM_TUNE, NUM_SELECT = 16, 8, 8  # numbers of tasks
MAX_SEARCH, MAX_TRAIN, MAX_VALID = 300, 1000, 300  # training rows in search and later, and validation rows
SEARCH_STEPS, TUNE_STEPS, SELECT_STEPS, MAX_EPOCHS = 600, 12_000, 40_000, 100  # approximate training steps of a task
FEW = 32  # features up to which tasks have that many steps; beyond, steps take longer
WIDE, PROJECTED = 32, 16  # with more features than WIDE, search sees PROJECTED random projections of them


@dataclass(frozen=True, eq=False)
class RefitData:
    """Unscaled rows on which a program is trained just as in the end, and the select rows, on which it is then scored.

    Attributes:
        x: [rows, columns] training features.
        y: [rows] training targets.
        holdout_x: [select rows, columns] held-out features.
        holdout_y: [select rows] held-out targets.
        num_classes: the number of classes; 0 for regression.
        width: the minimum size of vectors.
    """

    x: FloatArray
    y: FloatArray
    holdout_x: FloatArray
    holdout_y: FloatArray
    num_classes: int
    width: int


@dataclass(frozen=True, eq=False)
class ProxyTasks:
    """The tasks of one table.

    Attributes:
        search: to evolve on; many features are projected, so that programs run fast.
        tune: other samples of the same rows, with all features and more epochs.
        select: validated on the held-out rows, to find the number of epochs that a program needs.
        refit_data: the rows of the first select task, unscaled.
    """

    search: TaskSet
    tune: TaskSet
    select: TaskSet
    refit_data: RefitData


@dataclass(frozen=True, eq=False)
class _Source:
    """The table, the number of classes (0 for regression), and the minimum size of vectors."""

    x: FloatArray
    y: FloatArray
    num_classes: int
    width: int
    seed: int


def build_proxy_tasks(x: FloatArray, y: FloatArray, num_classes: int, width: int, seed: int) -> ProxyTasks:
    """Build the tasks of a table.

    Args:
        x: [rows, columns] features, NaN where missing.
        y: [rows] targets: numbers, or class numbers.
        num_classes: the number of classes; 0 for regression.
        width: the minimum size of vectors.
        seed: the seed of all splits and projections.
    """
    source = _Source(x=x, y=y, num_classes=num_classes, width=max(width, num_classes), seed=seed)
    rng = generator_at(seed, "estimator", "stages")
    count = min(MAX_SELECT, max(1, round(SELECT_SHARE * len(y))))
    holdout, seen = split_rows(y, num_classes, count, rng)
    splits = [_split(source, seen, MAX_SEARCH, rng) for _ in range(NUM_SEARCH)]
    search = _task_set(source, "search", splits, SEARCH_STEPS, is_projected=x.shape[1] > WIDE)
    splits = [_split(source, seen, MAX_TRAIN, rng) for _ in range(NUM_TUNE)]
    tune = _task_set(source, "tune", splits, TUNE_STEPS)
    splits = [(seen[split_rows(y[seen], num_classes, MAX_TRAIN, rng)[0]], holdout) for _ in range(NUM_SELECT)]
    select = _task_set(source, "select", splits, SELECT_STEPS)
    train, _ = splits[0]
    refit_data = RefitData(
        x=x[train], y=y[train], holdout_x=x[holdout], holdout_y=y[holdout], num_classes=num_classes, width=source.width
    )
    return ProxyTasks(search=search, tune=tune, select=select, refit_data=refit_data)


def _split(source: _Source, rows: IntArray, most: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return the training and validation rows of a task."""
    count = min(MAX_VALID, max(1, round(VALID_SHARE * len(rows))))
    valid, rest = split_rows(source.y[rows], source.num_classes, count, rng)
    train, _ = split_rows(source.y[rows[rest]], source.num_classes, most, rng)
    return rows[rest[train]], rows[valid]


def _task_set(
    source: _Source, name: str, splits: list[tuple[IntArray, IntArray]], steps: int, is_projected: bool = False
) -> TaskSet:
    rng = generator_at(source.seed, "estimator", name)
    parts = [_task(source, train, valid, rng if is_projected else None) for train, valid in splits]
    num_train = len(splits[0][0])
    steps = round(steps * min(1.0, (FEW / parts[0][0].shape[1]) ** 2))  # the time of a step with a matrix is quadratic
    epochs = int(np.clip(round(steps / num_train), 1, MAX_EPOCHS))
    loss, classes = (Loss.ACCURACY, source.num_classes) if source.num_classes else (Loss.RMSE, 2)
    order = shuffled_epochs(num_train, epochs, rng)
    train_x, train_y, valid_x, valid_y = (np.stack(part) for part in zip(*parts, strict=True))
    noise = seed_at(source.seed, "estimator", name, "noise")
    return TaskSet(
        name=name,
        train_x=train_x,
        train_y=train_y,
        valid_x=valid_x,
        valid_y=valid_y,
        loss=loss,
        num_classes=classes,
        train_order=order,
        noise_seed=noise,
    )


def _task(
    source: _Source, train: IntArray, valid: IntArray, rng: np.random.Generator | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return scaled examples; with ``rng``, through a random projection."""
    x, y = source.x, source.y
    scale = fit_scale(x[train])
    train_x, valid_x = (scale.apply(x[rows], source.width) for rows in (train, valid))
    if rng is not None:
        # Random projections roughly preserve distances (Johnson and Lindenstrauss 1984).
        projection = rng.standard_normal((train_x.shape[1], max(PROJECTED, source.width)))
        train_x, valid_x = train_x @ projection, valid_x @ projection
        scale = fit_scale(train_x)
        train_x, valid_x = (scale.apply(part, 1) for part in (train_x, valid_x))
    if source.num_classes:
        return train_x, y[train], valid_x, y[valid]
    target = fit_scale(y[train, None])
    return train_x, target.apply(y[train, None], 1)[:, 0], valid_x, target.apply(y[valid, None], 1)[:, 0]
