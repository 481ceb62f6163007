"""Tables by name: files of every kind, scikit-learn's, OpenML's; and messages with a remedy about what is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
from sklearn.utils import Bunch
from support.data.table_file import NUMBERS

from automl_zero.tasks.tables import table_reader as module
from automl_zero.tasks.tables.table import from_frame
from automl_zero.tasks.tables.table_reader import BUNDLED_TABLES, read_table
from automl_zero.tasks.task import TaskError

X, Y = NUMBERS[["a", "b"]].to_numpy(), NUMBERS.y.to_numpy()
NAMES = np.array(["no", "yes"] * 20)


def written(folder: Path, **arrays: Any) -> str:
    np.savez(folder / "mine.npz", **{name: array for name, array in arrays.items() if array is not None})
    return str(folder / "mine.npz")


def test_every_kind_of_file_gives_the_same_table(tmp_path: Path) -> None:
    NUMBERS.to_csv(tmp_path / "t.csv", index=False)
    NUMBERS.to_parquet(tmp_path / "t.parquet")
    tables = [read_table(str(tmp_path / name), "y") for name in ("t.csv", "t.parquet")]
    tables += [read_table(written(tmp_path, x=X, y=Y, names=np.array(["a", "b"])))]
    assert {table.digest for table in tables} == {from_frame(NUMBERS, "y").digest}


@pytest.mark.parametrize("y", [NAMES, np.arange(40) % 2, np.arange(40) % 2 == 1])
def test_an_npz_file_holds_classes_as_names_or_numbers(y: Any, tmp_path: Path) -> None:
    table = read_table(written(tmp_path, x=X, y=y))
    assert table.classes == tuple(map(str, np.unique(y)))
    np.testing.assert_array_equal(table.y, np.arange(40) % 2)


@pytest.mark.parametrize("name", BUNDLED_TABLES)
def test_tables_of_scikit_learn_have_a_target_of_their_own(name: str) -> None:
    table = read_table(f"sklearn:{name}")
    assert len(table.classes) == {"breast_cancer": 2, "diabetes": 0, "iris": 3, "wine": 3}[name]
    assert table is read_table(f"sklearn:{name}")


def test_a_file_is_read_again_when_its_content_changes_and_only_then(tmp_path: Path) -> None:
    path, tables = tmp_path / "t.csv", []
    for factor, time in ((1, 1), (1, 2), (-1, 3)):
        NUMBERS.assign(y=NUMBERS.y * factor).to_csv(path, index=False)
        os.utime(path, (time, time))
        tables.append(read_table(str(path), "y"))
    assert tables[0] is tables[1]
    np.testing.assert_array_equal(tables[2].y, -tables[0].y)


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("sklearn:moons", "", "sklearn:moons: scikit-learn has no table 'moons': use one of breast_cancer"),
        ("nowhere.csv", "y", "'nowhere.csv' is not a file, and does not begin with 'sklearn:' or 'openml:'"),
        ("openml:iris@new", "", "'iris@new' names no table of OpenML: write openml:NAME, openml:NAME@VERSION"),
        ("openml:", "", "'' names no table of OpenML"),
    ],
)
def test_a_name_of_no_table_is_reported_with_what_is_possible(name: str, target: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        read_table(name, target)


def test_which_column_to_predict_is_asked_with_the_columns(tmp_path: Path) -> None:
    NUMBERS.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(TaskError, match=r"t\.csv: which column .*--target.* one of a, b, y"):
        read_table(str(tmp_path / "t.csv"))


@pytest.mark.parametrize("name", ["empty.csv", "broken.parquet", "broken.npz"])
def test_a_file_that_is_no_table_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(TaskError, match=f"{name}: (cannot be read as|not a readable NPZ file)"):
        read_table(str(tmp_path / name), "" if name.endswith("npz") else "y")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": None}, "array y is missing: the file needs x, y"),
        ({"z": X}, "unknown array z: besides x, y there may be names, classes"),
        ({"x": X.astype(str)}, "x is of type <U.*: write numbers"),
        ({"y": Y.astype("S")}, "y is of type .S.*: write numbers or strings"),
        ({"y": Y + 1j}, "y is of type complex128: write numbers or strings"),
        ({"y": np.array([None, 1] * 20)}, "array y cannot be read"),
        ({"y": Y[1:]}, r"x has shape \(40, 2\) and y \(39,\)"),
        ({"names": np.arange(2)}, "names is of type int64: write strings"),
        ({"names": np.array(["a"])}, "there are 1 names, but x has 2 columns"),
        (
            {"x": X + np.inf, "names": np.array(["a", "b"])},
            "column 'a' holds infinite values",
        ),
        ({"y": NAMES, "classes": np.array(["no", "yes"])}, "y holds names although there is an array classes"),
        ({"classes": np.array(["no", "yes"])}, "y must hold the numbers 0 to 1 of the classes no, yes"),
    ],
)
def test_an_npz_file_of_other_arrays_is_refused(arrays: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=message) as caught:
        read_table(written(tmp_path, **{"x": X, "y": Y, **arrays}))
    assert "mine.npz: " in str(caught.value)


def test_an_npz_file_needs_no_target(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=r"holds what to predict as y: leave tasks\.table\.target = 'y' out"):
        read_table(written(tmp_path, x=X, y=Y), "y")


def test_without_pandas_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(TaskError, match=r"pandas is needed: pip install 'automl-zero\[table\]'"):
        read_table(written(tmp_path, x=X, y=Y))


class OpenML:
    """Answers as ``fetch_openml`` does, or fails."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.frame, self.targets = NUMBERS, ["y"]
        self.failure: Exception | None = None

    def __call__(self, **asked: Any) -> Bunch:
        self.asked = asked
        if self.failure:
            raise self.failure
        return Bunch(frame=self.frame, target_names=self.targets)


@pytest.fixture
def openml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> OpenML:
    module._load.cache_clear()
    answers = OpenML()
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", answers)
    monkeypatch.setenv("AUTOML_ZERO_DATA_DIR", str(tmp_path))
    return answers


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("houses", {"name": "houses", "version": "active"}),
        ("houses@3", {"name": "houses", "version": 3}),
        ("537", {"data_id": 537}),
    ],
)
def test_openml_is_asked_by_name_version_or_number(
    name: str, asked: dict[str, Any], openml: OpenML, tmp_path: Path
) -> None:
    table = read_table(f"openml:{name}")
    assert openml.asked == {**asked, "data_home": str(tmp_path), "as_frame": True, "parser": "auto"}
    assert table.digest == from_frame(NUMBERS, "y").digest


def test_openml_keeps_its_tables_in_the_users_cache_folder(openml: OpenML, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOML_ZERO_DATA_DIR")
    read_table("openml:houses")
    assert Path(openml.asked["data_home"]).parts[-2:] == ("automl-zero", "data")


def test_another_column_of_openml_can_be_predicted_and_must_be_named_if_it_has_not_one_target(openml: OpenML) -> None:
    assert read_table("openml:houses", "b").digest == from_frame(NUMBERS, "b").digest
    openml.targets = ["a", "b"]
    with pytest.raises(TaskError, match="openml:houses: which column is to be predicted"):
        read_table("openml:houses")


@pytest.mark.parametrize(
    "failure", [URLError("no route"), ValueError("No known dataset"), KeyError("data"), EOFError(), AttributeError("x")]
)
def test_an_answer_that_does_not_come_or_is_damaged_is_reported_with_a_remedy(
    failure: Exception, openml: OpenML
) -> None:
    openml.failure = failure
    with pytest.raises(TaskError, match=rf"openml:houses: .*{type(failure).__name__}.*check the name and the network"):
        read_table("openml:houses")


def test_frames_are_understood_as_openml_gives_them(openml: OpenML) -> None:
    openml.frame = NUMBERS.assign(b=NUMBERS.b.astype("Int64"), y=pd.Categorical(NAMES))
    assert read_table("openml:houses").classes == ("no", "yes")
