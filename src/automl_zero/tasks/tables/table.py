"""A table as numbers, made from a data frame or arrays: missing values are NaN, text becomes features or classes.

No statistics of rows are used here: only the set of distinct values of a column depends on other rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_zero.tasks.npz import write_npz
from automl_zero.tasks.task import FloatArray, TaskError

if TYPE_CHECKING:
    import pandas as pd

MAX_CLASSES = 10  # more distinct whole numbers count as quantities
MAX_LEVELS = 50  # distinct values of a text column, each of which becomes a feature
MIN_ROWS = 5  # rows of a class, so that each stage has some


@dataclass(frozen=True, eq=False)
class Table:
    """A table as numbers.

    Attributes:
        x: [rows, columns] features, NaN where a value is missing.
        y: [rows] the target: numbers, or class numbers.
        classes: names of the classes in the order of their numbers; empty if the target is a number.

    Raises:
        TaskError: the shapes are inconsistent, or there are too many classes or too few rows.
    """

    x: FloatArray
    y: FloatArray
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or self.y.shape != self.x.shape[:1] or 0 in self.x.shape:
            raise TaskError(
                f"x has shape {self.x.shape} and y {self.y.shape}: write x [rows, columns], y one value for every row"
            )
        if np.isinf(self.x).any() or not np.isfinite(self.y).all():
            raise TaskError("x holds infinite values, or y what is no number: remove or replace them")
        _check_classes(self)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, which is equal for tables that give the same tasks."""
        digest = hashlib.sha256(f"{self.x.shape} {self.classes}".encode())
        for array in (self.x, self.y):
            digest.update(np.ascontiguousarray(array, "<f8").data)
        return digest.hexdigest()

    def save(self, path: str | Path) -> None:
        """Write an NPZ file that a config can name as ``tasks.table.path``, and that reads back exactly.

        Example:
            >>> from_frame(frame, "price").save("houses.npz")

        Raises:
            TaskError: the name does not end in ``.npz``, the file exists, or it cannot be written.
        """
        if Path(path).suffix.lower() != ".npz":
            raise TaskError(f"{path} does not end in .npz, by which such a file is known: write {path}.npz")
        write_npz(Path(path), {"x": self.x, "y": self.y, "classes": np.array(self.classes, str)})


def from_arrays(x: Any, y: Any, names: Sequence[str] = ()) -> Table:
    """Return a table from ``x`` [rows, columns], NaN where missing, and ``y`` [rows], numbers or names of classes.

    ``names`` are the names of the columns, for messages.

    Raises:
        TaskError: the arrays are not a valid table.
    """
    import pandas as pd

    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or y.shape != x.shape[:1]:
        raise TaskError(f"x has shape {x.shape} and y {y.shape}: write x [rows, columns], y one value for every row")
    columns = list(names) or [f"x{column}" for column in range(x.shape[1])]
    if len(columns) != x.shape[1]:
        raise TaskError(f"there are {len(columns)} names, but x has {x.shape[1]} columns: give a name for each")
    return _table(pd.DataFrame(x, columns=columns).infer_objects(), pd.Series(y, name="y").infer_objects())


def from_frame(frame: pd.DataFrame, target: str) -> Table:
    """Return a table from a pandas frame and the name of the column to predict.

    Columns of text and categories become one feature for each of their values; constant columns are left out.

    Raises:
        TaskError: a column cannot be used; the message names it, its value and a remedy.

    Example:
        >>> from_frame(pd.DataFrame({"size": [1, 2, 3], "price": [2.5, 4.1, 6.0]}), "price").x.shape
        (3, 1)
    """
    names = list(frame.columns)
    if target not in names:
        raise TaskError(f"there is no column {target!r}: columns are {', '.join(map(str, names))}")
    if names.count(target) > 1:
        raise TaskError(f"there are {names.count(target)} columns {target!r}: rename or remove all but one")
    return _table(frame.drop(columns=target), frame[target])


def _table(features: pd.DataFrame, target: pd.Series[Any]) -> Table:
    y, classes = _target(target)
    columns = [_features(column) for _, column in features.items()]
    x = np.concatenate([np.empty((len(features), 0)), *columns], axis=1)
    varies = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in x.T], bool)
    if not varies.any():
        raise TaskError(f"besides {target.name!r} there is no column that varies, so nothing can be learnt from")
    return Table(x[:, varies], y, classes)


def _target(column: pd.Series[Any]) -> tuple[FloatArray, tuple[str, ...]]:
    missing = int(column.isna().sum())
    if missing:
        raise TaskError(f"column {column.name!r} lacks a value in {missing} of {len(column)} rows: remove these rows")
    if not _names_classes(column):
        return _finite(column), ()
    unique, numbers = np.unique(column.astype(str).to_numpy(str), return_inverse=True)
    names = tuple(unique.tolist())
    if len(names) == 1:
        raise TaskError(f"column {column.name!r} always holds {names[0]!r}: there is nothing to predict")
    return numbers.astype(np.float64), names


def _names_classes(column: pd.Series[Any]) -> bool:
    """Return whether a column contains text, truth values, or few distinct whole numbers."""
    if column.dtype.kind not in "iuf":
        return True
    return bool((column % 1 == 0).all()) and column.nunique() <= MAX_CLASSES


def _features(column: pd.Series[Any]) -> FloatArray:
    """Return a column as features [rows, features]: numbers unchanged, else one feature for each distinct value."""
    if column.dtype.kind in "iufb":
        return _finite(column)[:, None]
    levels = sorted(column.dropna().astype(str).unique())
    if len(levels) > MAX_LEVELS:
        raise TaskError(
            f"column {column.name!r} has {len(levels)} different values that are no numbers: remove it, or join "
            f"values until there are at most {MAX_LEVELS}"
        )
    text = column.astype(str)
    return np.array([(text == level) & column.notna() for level in levels], np.float64).reshape(-1, len(column)).T


def _finite(column: pd.Series[Any]) -> FloatArray:
    values = column.to_numpy(np.float64, na_value=np.nan)
    if np.isinf(values).any():
        raise TaskError(f"column {column.name!r} holds infinite values: remove or replace them")
    return values


def _check_classes(table: Table) -> None:
    names = table.classes
    if not names:
        return
    if not 2 <= len(names) <= MAX_CLASSES:
        raise TaskError(f"there are {len(names)} classes, not 2 to {MAX_CLASSES}: join small ones, or remove them")
    if not np.isin(table.y, np.arange(len(names))).all():
        raise TaskError(f"y must hold the numbers 0 to {len(names) - 1} of the classes {', '.join(names)}")
    rows = np.bincount(table.y.astype(np.int64), minlength=len(names))
    if rows.min() < MIN_ROWS:
        raise TaskError(
            f"class {names[rows.argmin()]!r} has {rows.min()} rows, but each needs {MIN_ROWS}: add some, or remove "
            "or join small classes"
        )
