"""Reading of tables by name: files, tables that come with scikit-learn, and downloads from OpenML.

Tables are cached in memory under the hash of the file, so that a file that has changed is read again. Files may be
untrusted: nothing in them is unpickled.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl_zero.config.paths import NAMED_TABLES, OPENML, SKLEARN
from automl_zero.tasks.datasets.dataset_cache import data_folder
from automl_zero.tasks.datasets.fetch import sha256_of
from automl_zero.tasks.npz import Arrays, TooLargeError, read_npz
from automl_zero.tasks.tables.compressed import DAMAGED, check_parquet, opened_unpacked
from automl_zero.tasks.tables.table import Table, from_arrays, from_frame
from automl_zero.tasks.task import TaskError

if TYPE_CHECKING:
    import pandas as pd

BUNDLED_TABLES = ("breast_cancer", "diabetes", "iris", "wine")


def read_table(name: str, target: str = "") -> Table:
    """Read a table by its name and the column to predict.

    Args:
        name: a CSV, Parquet or NPZ file; ``sklearn:NAME``; or ``openml:NAME``, ``openml:NAME@VERSION``, ``openml:ID``.
            An NPZ file contains ``x`` [rows, columns], numbers, and ``y`` [rows], numbers or strings; and optionally
            ``names`` [columns], or ``classes``: the names of the classes whose numbers are in ``y``, empty if these are
            quantities.
        target: the column; not for an NPZ file, and optional for a table with a default target.

    Raises:
        TaskError: the table cannot be read; the message names it, what is wrong and a remedy.
    """
    if not name.startswith(NAMED_TABLES) and not Path(name).is_file():
        raise TaskError(
            f"tasks.table.path = {name!r} is not a file, and does not begin with {SKLEARN!r} or {OPENML!r}: check the "
            "path; if the table of a run has moved, add --set tasks.table.path=NEW, or write it to its config.toml"
        )
    try:
        return _load(name, target, _content(name))
    except TaskError as error:
        raise TaskError(f"{name}: {error}") from None


def _content(name: str) -> str:
    """Return the hash of a file's content; an empty text for tables that are not files, as these do not change."""
    if name.startswith(NAMED_TABLES):
        return ""
    try:
        state = Path(name).stat()
        return _hash(Path(name).absolute(), state.st_mtime_ns, state.st_size)
    except OSError as error:
        raise TaskError(f"cannot be opened ({error.strerror}): check the path") from None


@lru_cache(maxsize=64)
def _hash(path: Path, _changed: int, _size: int) -> str:
    return sha256_of(path)


@lru_cache(maxsize=4)
def _load(name: str, target: str, _content: str) -> Table:
    if not find_spec("pandas"):
        raise TaskError("to read tables, pandas is needed: pip install 'automl-zero[table]'")
    if name.startswith(NAMED_TABLES) or Path(name).suffix.lower() != ".npz":
        frame, own_target = _frame(name)
        if not (target or own_target):
            columns = ", ".join(map(str, frame.columns))
            raise TaskError(f"which column is to be predicted? Set tasks.table.target (--target) to one of {columns}")
        return from_frame(frame, target or own_target)
    if target:
        raise TaskError(f"an NPZ file holds what to predict as y: leave tasks.table.target = {target!r} out")
    return _from_npz(read_npz(Path(name), ("x", "y"), ("names", "classes")))


def _from_npz(arrays: Arrays) -> Table:
    for name, kinds in {"x": "fiub", "y": "fiubU", "names": "U", "classes": "U"}.items():
        if name in arrays and arrays[name].dtype.kind not in kinds:
            wanted = {"U": "strings", "fiub": "numbers"}.get(kinds, "numbers or strings")
            raise TaskError(f"{name} is of type {arrays[name].dtype}: write {wanted}")
    x, y = arrays["x"], arrays["y"]
    if "classes" not in arrays:
        return from_arrays(x, y, arrays["names"].ravel().tolist() if "names" in arrays else ())
    if y.dtype.kind == "U":
        raise TaskError("y holds names although there is an array classes: write the numbers of the classes, from 0 on")
    return Table(x.astype(np.float64), y.astype(np.float64), tuple(arrays["classes"].ravel().tolist()))


def _frame(name: str) -> tuple[pd.DataFrame, str]:
    """Return the table, and its default target, which may be empty."""
    if name.startswith(SKLEARN):
        return _bundled(name.removeprefix(SKLEARN)), "target"
    return _from_openml(name.removeprefix(OPENML)) if name.startswith(OPENML) else (_read(name), "")


def _read(name: str) -> pd.DataFrame:
    import pandas as pd

    form = "parquet" if Path(name).suffix.lower() == ".parquet" else "csv"
    try:
        with opened_unpacked(Path(name)) as file:
            if form == "csv":
                return pd.read_csv(file)
            check_parquet(file)
            return pd.read_parquet(file)
    except TooLargeError as error:
        raise TaskError(f"{error}: give fewer rows, or unpack the file first") from None
    except (*DAMAGED, ImportError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise TaskError(f"cannot be read as {form}: {reason}") from None


def _bundled(name: str) -> pd.DataFrame:
    """Load a table that comes with scikit-learn; its default target is ``target``."""
    from sklearn import datasets

    if name not in BUNDLED_TABLES:
        raise TaskError(f"scikit-learn has no table {name!r}: use one of {', '.join(BUNDLED_TABLES)}")
    frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return frame


def _from_openml(name: str) -> tuple[pd.DataFrame, str]:
    """Download a table from OpenML; return it and its default target if that is one column."""
    from sklearn import datasets

    which = _openml_table(name)
    try:
        bunch = datasets.fetch_openml(**which, data_home=str(data_folder()), as_frame=True, parser="auto")
        frame, targets = bunch.frame, list(bunch.target_names)
    except Exception as error:  # a damaged response may raise any error
        reason = f"{type(error).__name__}: {error}"
        raise TaskError(
            f"cannot be downloaded from OpenML ({reason}): check the name and the network, or download the table and "
            "give it as a CSV, Parquet or NPZ file"
        ) from None
    return frame, targets[0] if len(targets) == 1 else ""


def _openml_table(name: str) -> dict[str, Any]:
    if name.isdecimal():
        return {"data_id": int(name)}
    title, at, version = name.partition("@")
    if not title or (at and not version.isdecimal()):
        raise TaskError(f"{name!r} names no table of OpenML: write {OPENML}NAME, {OPENML}NAME@VERSION or {OPENML}ID")
    return {"name": title, "version": int(version) if at else "active"}
