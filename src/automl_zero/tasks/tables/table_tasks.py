"""Tasks from a table of the user: many tasks from one table, whose rows are split between the stages first.

Every row belongs to one stage. Search trains and validates on its rows; select is validated on rows that search does
not use, and final on rows that neither uses, so that the final score is an estimate for new rows.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.image_tasks import project, standardize
from automl_zero.tasks.splits import Stage, share_of
from automl_zero.tasks.tables.table import Table
from automl_zero.tasks.tables.table_reader import read_table
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet

TRAINED_ON = {  # for each stage, the stages whose rows it trains on
    Stage.SEARCH: (Stage.SEARCH,),
    Stage.SELECT: (Stage.SEARCH,),
    Stage.FINAL: (Stage.SEARCH, Stage.SELECT),
}


def table_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks from the table that the config names.

    Raises:
        TaskError: the table cannot be read or used; the message names the column, the value and a remedy.
    """
    table = table_of(config)
    try:
        return tasks_from_table(table, config, stage, seed)
    except TaskError as error:
        raise TaskError(f"{config.table.path}: {error}") from None


def table_of(config: TasksConfig) -> Table:
    """Return the table that the config names.

    Raises:
        TaskError: the config names no table, or it cannot be read.
    """
    if not config.table.path:
        raise TaskError(
            "kind 'table' needs a table: run with --data FILE --target COLUMN, or set tasks.table.path and .target"
        )
    return read_table(config.table.path, config.table.target)


def tasks_from_table(table: Table, config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return the tasks of a stage; each has its own choice of rows, and of features or a projection.

    Raises:
        TaskError: there are too few rows, or the config does not fit the table.
    """
    _check_fits(table, config)
    seen, own = rows_of(table, stage)
    _check_enough(config, stage, len(seen), len(own))
    rngs = [generator_at(seed, "tasks", stage, task) for task in range(stage.size(config).num_tasks)]
    tasks = [_task(table, config, stage, rng) for rng in rngs]
    train_x, train_y, valid_x, valid_y = (np.stack(part) for part in zip(*tasks, strict=True))
    loss = Loss.ACCURACY if table.classes else Loss.RMSE
    return TaskSet(config.kind, train_x, train_y, valid_x, valid_y, loss, config.num_classes)


def rows_of(table: Table, stage: Stage) -> tuple[IntArray, IntArray]:
    """Return the rows that a stage may train on, and those it is validated on, which are the same for search."""
    return np.concatenate([_share(table, each) for each in TRAINED_ON[stage]]), _share(table, stage)


@lru_cache(maxsize=16)
def _share(table: Table, stage: Stage) -> IntArray:
    """Return the rows that belong to a stage, with the same share of every class, independently of the seed."""
    groups = range(len(table.classes)) if table.classes else (None,)
    members = [np.flatnonzero(table.y == group) if table.classes else np.arange(len(table.y)) for group in groups]
    return np.concatenate([np.array(share_of(stage, each.tolist()), np.int64) for each in members])


def _check_fits(table: Table, config: TasksConfig) -> None:
    if table.classes and len(table.classes) != config.num_classes:
        raise TaskError(
            f"tasks.num_classes = {config.num_classes}, but there are {len(table.classes)} classes "
            f"({', '.join(table.classes)}): set tasks.num_classes = {len(table.classes)}"
        )
    columns, settings = table.x.shape[1], f"tasks.num_features = {config.num_features}"
    if config.table.projection == "none" and config.num_features != columns:
        raise TaskError(
            f"{settings}, but without a projection there are {columns} features: "
            f"set tasks.num_features = {columns}, or tasks.table.projection = 'random'"
        )
    if config.table.projection == "subset" and config.num_features > columns:
        raise TaskError(
            f"{settings}, but a subset can have no more than all {columns} features: "
            f"set tasks.num_features to at most {columns}, or tasks.table.projection = 'random'"
        )


def _check_enough(config: TasksConfig, stage: Stage, seen: int, own: int) -> None:
    size = stage.size(config)
    # With replacement, a single row is enough to train on.
    wanted = 1 if config.table.resample == "bootstrap" else size.num_train
    settings = f"tasks.{stage}.num_train = {size.num_train}"
    if stage is Stage.SEARCH:
        wanted, settings = wanted + size.num_valid, f"{settings} plus num_valid = {size.num_valid}"
    if wanted > seen:
        raise TaskError(f"{settings}: there are {seen} rows for that; use at most {seen}")
    if size.num_valid > own:
        raise TaskError(f"tasks.{stage}.num_valid = {size.num_valid}: there are {own} rows for that; use at most {own}")


def _task(
    table: Table, config: TasksConfig, stage: Stage, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    train, valid = _choose_rows(table, config, stage, rng)
    columns = np.arange(table.x.shape[1])
    if config.table.projection == "subset":
        columns = rng.choice(columns, config.num_features, replace=False)
    train_x, valid_x = _standardized(*(table.x[np.ix_(part, columns)] for part in (train, valid)))
    if config.table.projection == "random":
        train_x, valid_x = project(train_x, valid_x, config.num_features, rng)
    train_y, valid_y = table.y[train], table.y[valid]
    if not table.classes:
        train_y, valid_y = (part[:, 0] for part in standardize(train_y[:, None], valid_y[:, None]))
    return train_x, train_y, valid_x, valid_y


def _choose_rows(
    table: Table, config: TasksConfig, stage: Stage, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Return the training and the validation rows of a task; no row is both."""
    size, (seen, own) = stage.size(config), rows_of(table, stage)
    valid, rest = _draw(table, own, size.num_valid, rng)
    pool = rest if stage is Stage.SEARCH else seen
    if config.table.resample == "bootstrap":
        return rng.choice(pool, size.num_train), valid
    return _draw(table, pool, size.num_train, rng)[0], valid


def _draw(table: Table, rows: IntArray, count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return rows drawn without replacement, stratified by class, and the remaining rows."""
    order = rng.permutation(rows)
    if table.classes:
        rank = np.empty(len(order))  # the relative rank of a row in its class, from 0 to 1
        for number in range(len(table.classes)):
            members = np.flatnonzero(table.y[order] == number)
            rank[members] = np.arange(len(members)) / len(members)
        order = order[np.argsort(rank, kind="stable")]
    return rng.permutation(order[:count]), order[count:]


def _standardized(train_x: FloatArray, valid_x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standardize features with missing values, which become the mean of the training rows, that is 0."""
    known = ~np.isnan(train_x)
    means = np.divide(np.where(known, train_x, 0).sum(axis=0), np.maximum(known.sum(axis=0), 1))
    return standardize(*(np.where(np.isnan(part), means, part) for part in (train_x, valid_x)))
