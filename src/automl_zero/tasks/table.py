"""Tasks from a table of the user's own: many proxy tasks out of one table, split before anything is learnt from it.

Every row belongs to one stage. Search trains and validates on rows of its own; select is validated on rows that search
never sees, and final on rows that neither sees, so that the final score is what to expect of new rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.projected import project, standardize
from automl_zero.tasks.splits import Stage, share_of
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskError, TaskSet

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 10  # of a target of whole numbers: more are taken for quantities
MOST_LEVELS = 50  # of a column of text, each of which becomes a feature
LEAST_ROWS = 5  # of a class: each stage needs some
BUNDLED = "sklearn:"  # begins the name of a table that comes with scikit-learn
BUNDLED_TABLES = ("breast_cancer", "diabetes", "iris", "wine")
SEEN = {  # stages whose rows a stage trains on
    Stage.SEARCH: (Stage.SEARCH,),
    Stage.SELECT: (Stage.SEARCH,),
    Stage.FINAL: (Stage.SEARCH, Stage.SELECT),
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table as numbers.

    Attributes:
        x: [rows, columns] features, NaN where a value is missing.
        y: [rows] what to predict: numbers, or class numbers.
        classes: names of the classes in the order of their numbers; empty where numbers are predicted.
    """

    x: FloatArray
    y: FloatArray
    classes: tuple[str, ...] = ()


def table_tasks(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Tasks from the file that the config names.

    Raises:
        TaskError: the file cannot be read or used; the message names the column, the value and what to do.
    """
    if not config.table.path or not config.table.target:
        raise TaskError("kind 'table' needs a file and the column to predict: set tasks.table.path and .target")
    name, path = config.table.path, Path(config.table.path)
    if not path.is_file() and not name.startswith(BUNDLED):
        raise TaskError(f"tasks.table.path = {name!r} is no file, and does not begin with {BUNDLED!r}")
    try:
        table = _load(name, config.table.target, path.stat().st_mtime_ns if path.is_file() else 0)
        return tasks_from_table(table, config, stage, seed)
    except TaskError as error:
        raise TaskError(f"{name}: {error}") from None


def from_arrays(x: Any, y: Any) -> Table:
    """A table of arrays: ``x`` [rows, columns], NaN where missing, and ``y`` [rows], numbers or names of classes.

    Raises:
        TaskError: they cannot be used.
    """
    import pandas as pd

    frame = pd.DataFrame(np.asarray(x))
    frame.columns = [f"x{column}" for column in frame.columns]
    if len(frame) != len(y):
        raise TaskError(f"x has {len(frame)} rows but y {len(y)}")
    return from_frame(frame.assign(y=np.asarray(y)), "y")


def from_frame(frame: pd.DataFrame, target: str) -> Table:
    """A table of a pandas frame and the name of the column to predict.

    Columns of text and categories become one feature for each of their values; constant columns are left out.

    Raises:
        TaskError: naming the column, its value and what to do.
    """
    if target not in frame.columns:
        raise TaskError(f"there is no column {target!r}: columns are {', '.join(map(str, frame.columns))}")
    y, classes = _target(frame[target])
    columns = [_features(frame[name]) for name in frame.columns if name != target]
    x = np.concatenate([np.empty((len(frame), 0)), *columns], axis=1)
    varies = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in x.T], bool)
    if not varies.any():
        raise TaskError(f"besides {target!r} there is no column that varies, so nothing can be learnt from")
    return Table(x[:, varies], y, classes)


def tasks_from_table(table: Table, config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """The tasks of a stage; each has its own choice of rows and its own projection.

    Raises:
        TaskError: there are too few rows, or the config does not fit the table.
    """
    _check_fits(table, config)
    rows = {each: _rows_of(table, each) for each in Stage}
    seen = np.concatenate([rows[each] for each in SEEN[stage]])
    _check_enough(config, stage, len(seen), len(rows[stage]))
    rngs = [generator_at(seed, "tasks", stage, task) for task in range(stage.size(config).num_tasks)]
    tasks = [_task(table, config, stage, seen, rows[stage], rng) for rng in rngs]
    train_x, train_y, valid_x, valid_y = (np.stack(part) for part in zip(*tasks, strict=True))
    loss = Loss.ACCURACY if table.classes else Loss.RMSE
    return TaskSet(config.kind, train_x, train_y, valid_x, valid_y, loss, config.num_classes)


@lru_cache(maxsize=4)
def _load(name: str, target: str, _changed: int) -> Table:
    try:
        import pandas as pd
    except ImportError:
        raise TaskError("to read tables, pandas is needed: pip install 'automl-zero[table]'") from None
    if name.startswith(BUNDLED):
        return from_frame(_bundled(name.removeprefix(BUNDLED)), target)
    form = "parquet" if name.endswith(".parquet") else "csv"
    try:
        frame = pd.read_parquet(name) if form == "parquet" else pd.read_csv(name)
    except (ValueError, OSError, ImportError) as error:
        raise TaskError(f"cannot be read as {form}: {error}") from None
    return from_frame(frame, target)


def _bundled(name: str) -> pd.DataFrame:
    """A table that comes with scikit-learn; the column to predict is ``target``."""
    from sklearn import datasets

    if name not in BUNDLED_TABLES:
        raise TaskError(f"scikit-learn brings no table {name!r}: use one of {', '.join(BUNDLED_TABLES)}")
    frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame


def _target(column: pd.Series[Any]) -> tuple[FloatArray, tuple[str, ...]]:
    missing = int(column.isna().sum())
    if missing:
        raise TaskError(f"column {column.name!r} lacks a value in {missing} of {len(column)} rows: remove these rows")
    if not _names_classes(column):
        return _finite(column), ()
    counts = column.astype(str).value_counts().sort_index()
    if len(counts) < 2:
        raise TaskError(f"column {column.name!r} always holds {column.iloc[0]!r}: there is nothing to predict")
    if counts.min() < LEAST_ROWS:
        raise TaskError(
            f"class {counts.idxmin()!r} of column {column.name!r} has {counts.min()} rows, but each needs "
            f"{LEAST_ROWS}: add some, or remove or join small classes"
        )
    numbers = {name: float(number) for number, name in enumerate(counts.index)}
    return column.astype(str).map(numbers).to_numpy(np.float64), tuple(map(str, counts.index))


def _names_classes(column: pd.Series[Any]) -> bool:
    """Whether a column holds text, truth values, or few different whole numbers."""
    if column.dtype.kind not in "iuf":
        return True
    return bool((column % 1 == 0).all()) and column.nunique() <= MOST_CLASSES


def _features(column: pd.Series[Any]) -> FloatArray:
    """[rows, features] of a column: itself if it holds numbers, else one feature for each of its values."""
    if column.dtype.kind in "iufb":
        return _finite(column)[:, None]
    levels = sorted(column.dropna().astype(str).unique())
    if len(levels) > MOST_LEVELS:
        raise TaskError(
            f"column {column.name!r} has {len(levels)} different values that are no numbers: remove it, or join "
            f"values until there are at most {MOST_LEVELS}"
        )
    return np.stack([(column.astype(str) == level).to_numpy(np.float64) for level in levels], axis=1)


def _finite(column: pd.Series[Any]) -> FloatArray:
    values = column.to_numpy(np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise TaskError(f"column {column.name!r} holds infinite values: remove or replace them")
    return values


@lru_cache(maxsize=16)
def _rows_of(table: Table, stage: Stage) -> IntArray:
    """The rows of a stage, of every class the same share; which they are depends on no seed."""
    groups = range(len(table.classes)) if table.classes else (None,)
    members = [np.flatnonzero(table.y == group) if table.classes else np.arange(len(table.y)) for group in groups]
    return np.concatenate([np.array(share_of(stage, each.tolist()), np.int64) for each in members])


def _check_fits(table: Table, config: TasksConfig) -> None:
    if table.classes and len(table.classes) != config.num_classes:
        raise TaskError(
            f"tasks.num_classes = {config.num_classes}, but there are {len(table.classes)} classes "
            f"({', '.join(table.classes)}): set tasks.num_classes = {len(table.classes)}"
        )
    columns = table.x.shape[1]
    if config.table.projection == "none" and config.num_features != columns:
        raise TaskError(
            f"tasks.num_features = {config.num_features}, but without a projection there are {columns} features: "
            f"set tasks.num_features = {columns}, or tasks.table.projection = 'random'"
        )


def _check_enough(config: TasksConfig, stage: Stage, seen: int, own: int) -> None:
    size = stage.size(config)
    wanted, settings = size.num_train, f"tasks.{stage}.num_train = {size.num_train}"
    if stage is Stage.SEARCH:
        wanted, settings = wanted + size.num_valid, f"{settings} plus num_valid = {size.num_valid}"
    if wanted > seen:
        raise TaskError(f"{settings}: there are {seen} rows for that; use at most {seen}")
    if size.num_valid > own:
        raise TaskError(f"tasks.{stage}.num_valid = {size.num_valid}: there are {own} rows for that; use at most {own}")


def _task(
    table: Table, config: TasksConfig, stage: Stage, seen: IntArray, own: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    size = stage.size(config)
    train, rest = np.split(rng.permutation(seen), [size.num_train])
    valid = (rest if stage is Stage.SEARCH else rng.permutation(own))[: size.num_valid]
    train_x, valid_x = _standardized(table.x[train], table.x[valid])
    if config.table.projection == "random":
        train_x, valid_x = project(train_x, valid_x, config.num_features, rng)
    train_y, valid_y = table.y[train], table.y[valid]
    if not table.classes:
        train_y, valid_y = (part[:, 0] for part in standardize(train_y[:, None], valid_y[:, None]))
    return train_x, train_y, valid_x, valid_y


def _standardized(train_x: FloatArray, valid_x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """As ``standardize``, where values may be missing: they become the mean of the training rows, which is 0 then."""
    known = ~np.isnan(train_x)
    means = np.divide(np.where(known, train_x, 0).sum(axis=0), np.maximum(known.sum(axis=0), 1))
    return standardize(*(np.where(np.isnan(part), means, part) for part in (train_x, valid_x)))
