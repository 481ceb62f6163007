"""Frames and arrays become numbers, what cannot be used is named, and what is saved is read back exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.data import table_file
from support.data.table_file import NUMBERS

from automl_zero.tasks.tables.table import Table, from_arrays, from_frame
from automl_zero.tasks.tables.table_reader import read_table
from automl_zero.tasks.task import TaskError


def same(one: Table, other: Table) -> bool:
    equal = [np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in ("x", "y")]
    return all(equal) and one.classes == other.classes


def test_columns_of_text_become_features_and_constant_ones_go() -> None:
    table = from_frame(table_file.frame().drop(columns=["sold", "kind"]), "price")
    assert table.x.shape == (table_file.ROWS, 3 + 3)  # a, b, d, and the three colors
    assert set(np.unique(table.x[:, 2:5])) == {0, 1}


def test_missing_text_is_none_of_the_values() -> None:
    for dtype in (object, "category"):
        column = pd.Series(["nan", None, "red", None] * 10, dtype=dtype)
        table = from_frame(NUMBERS.assign(color=column, empty=pd.Series([None] * 40, dtype=dtype)), "y")
        np.testing.assert_array_equal(table.x[:4, 2:], [[1, 0], [0, 0], [0, 1], [0, 0]])


def test_columns_of_the_types_of_extensions_are_numbers() -> None:
    frame = NUMBERS.assign(a=NUMBERS.a.astype("Int64").where(NUMBERS.a > 1), y=(NUMBERS.y > 3).astype("boolean"))
    table = from_frame(frame, "y")
    assert table.classes == ("False", "True")
    assert np.isnan(table.x[:2, 0]).all()
    np.testing.assert_array_equal(table.x[2:, 0], np.arange(2, 40))


def test_columns_of_one_name_are_each_a_feature() -> None:
    frame = NUMBERS.set_axis(["a", "a", "y"], axis=1)
    np.testing.assert_array_equal(from_frame(frame, "y").x, NUMBERS[["a", "b"]])
    with pytest.raises(TaskError, match="there are 2 columns 'a': rename or remove all but one"):
        from_frame(frame, "a")


def test_arrays_and_the_frame_of_them_give_the_same_table() -> None:
    of_frame, x = from_frame(NUMBERS, "y"), NUMBERS[["a", "b"]]
    assert same(from_arrays(x, NUMBERS.y), of_frame)
    assert same(from_arrays(x.to_numpy(object), NUMBERS.y.tolist()), of_frame)
    assert same(from_arrays(x, NUMBERS.y, ["y", "y"]), of_frame)


BAD: dict[str, tuple[pd.DataFrame, str]] = {
    "no such column": (NUMBERS.rename(columns={"y": "z"}), "there is no column 'y': columns are a, b, z"),
    "missing targets": (NUMBERS.assign(y=[None, 1.5] * 20), "column 'y' lacks a value in 20 of 40 rows: remove"),
    "one class": (NUMBERS.assign(y="yes"), "column 'y' always holds 'yes'"),
    "a tiny class": (NUMBERS.assign(y=["a"] * 37 + ["b"] * 3), "class 'b' has 3 rows, but each needs 5: add some"),
    "many classes": (NUMBERS.assign(y=list("abcdefghijk") * 3 + list("abcdefg")), "there are 11 classes, not 2 to 10"),
    "infinite": (NUMBERS.assign(a=np.inf), "column 'a' holds infinite values: remove or replace"),
    "infinite target": (NUMBERS.assign(y=np.inf), "column 'y' holds infinite values"),
    "names": (
        pd.DataFrame({"a": [f"n{k}" for k in range(60)], "y": np.arange(60) / 7}),
        "column 'a' has 60 different values that are no numbers",
    ),
    "nothing varies": (NUMBERS[["y"]].assign(a=1, b="x"), "besides 'y' there is no column that varies"),
    "no rows": (NUMBERS[:0], "there is no column that varies"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named_with_a_remedy(name: str) -> None:
    bad, message = BAD[name]
    with pytest.raises(TaskError, match=message):
        from_frame(bad, "y")


@pytest.mark.parametrize(
    ("x", "y", "names", "message"),
    [
        (np.zeros((3, 1)), np.zeros(2), [], r"x has shape \(3, 1\) and y \(2,\): write x \[rows, columns\]"),
        (np.zeros(3), np.zeros(3), [], r"x has shape \(3,\)"),
        (np.zeros((3, 1)), np.zeros((3, 1)), [], r"y \(3, 1\)"),
        (np.zeros((3, 2)), np.zeros(3), ["a"], "there are 1 names, but x has 2 columns"),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(x: Any, y: Any, names: list[str], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        from_arrays(x, y, names)


def test_a_table_checks_what_it_is_made_of() -> None:
    x, y = np.zeros((20, 1)), np.repeat([0.0, 1.0], 10)
    for made, message in (
        (lambda: Table(x, y[1:]), "x has shape"),
        (lambda: Table(x + np.inf, y), "infinite"),
        (lambda: Table(x, y * np.nan), "y what is no number"),
        (lambda: Table(x, y, ("a",)), "there are 1 classes, not 2 to 10"),
        (lambda: Table(x, y / 2, ("a", "b")), "y must hold the numbers 0 to 1 of the classes a, b"),
        (lambda: Table(x, y, ("a", "b", "c")), "class 'c' has 0 rows, but each needs 5"),
    ):
        with pytest.raises(TaskError, match=message):
            made()


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Any table: quantities that look like classes, class names in any order, missing values."""
    names = draw(st.lists(st.text("aé1 ", min_size=1), max_size=3, unique=True))
    classes = tuple(names) if len(names) > 1 else ()
    rows = 5 * max(1, len(classes)) + draw(st.integers(0, 3))
    x = draw(arrays(np.float64, (rows, draw(st.integers(1, 3))), elements=st.floats(allow_infinity=False)))
    y = np.arange(rows) % len(classes) if classes else draw(arrays(np.float64, rows, elements=st.integers(0, 3)))
    return Table(x, np.asarray(y, np.float64), classes)


@given(tables())
def test_what_is_saved_is_read_back_exactly(table: Table) -> None:
    with TemporaryDirectory() as folder:
        table.save(Path(folder) / "mine.npz")
        read = read_table(str(Path(folder) / "mine.npz"))
    assert same(read, table)
    assert read.digest == table.digest


def test_the_digest_distinguishes_tables() -> None:
    table = from_frame(table_file.frame(), "sold")
    changed = table.x.copy()
    changed[0, 0] += 1
    others = [replace(table, x=changed), replace(table, y=1 - table.y), replace(table, classes=("a", "b"))]
    assert len({each.digest for each in (table, *others)}) == 4
    assert from_frame(table_file.frame(), "sold").digest == table.digest


def test_saving_overwrites_nothing_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    table = from_frame(NUMBERS, "y")
    with pytest.raises(TaskError, match=r"mine does not end in \.npz, .*: write .*mine\.npz"):
        table.save(tmp_path / "mine")
    (tmp_path / "mine.npz").write_bytes(b"precious")
    with pytest.raises(TaskError, match="exists and is not overwritten"):
        table.save(tmp_path / "mine.npz")
    with pytest.raises(TaskError, match="cannot be written"):
        table.save(tmp_path / "nowhere" / "mine.npz")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"precious"]
