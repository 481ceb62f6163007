"""Tables become tasks: rows belong to one stage, nothing is learnt from others, and what cannot be used is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import table_file

from automl_zero.config import TasksConfig
from automl_zero.tasks import table
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.table import Table, from_arrays, from_frame, table_tasks, tasks_from_table
from automl_zero.tasks.task import Loss, TaskError, TaskSet

SIZE = {"num_tasks": 3, "num_train": 60, "num_valid": 30}
every_stage = pytest.mark.parametrize("stage", Stage)
NUMBERS = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) ** 2, "y": np.arange(40.0) / 7})


def config(**changes: Any) -> TasksConfig:
    sizes = {stage.value: SIZE for stage in Stage}
    return TasksConfig.model_validate({"kind": "table", "num_features": 6, **sizes, **changes})


def tasks_of(target: str, stage: Stage = Stage.SEARCH, seed: int = 0, **changes: Any) -> TaskSet:
    table = {"path": str(table_file.path()), "target": target, **changes.pop("table", {})}
    return table_tasks(config(table=table, **changes), stage, seed)


def numbered(rows: int = 400, classes: tuple[str, ...] = ()) -> Table:
    """A table whose rows can be told by their only feature."""
    x = np.arange(float(rows))
    return Table(x[:, None], x % max(len(classes), 1) if classes else x, classes)


@every_stage
@pytest.mark.parametrize(("target", "classes"), [("sold", 2), ("kind", 3)])
def test_text_and_few_whole_numbers_are_classes(target: str, classes: int, stage: Stage) -> None:
    tasks = tasks_of(target, stage, num_classes=classes)
    assert (tasks.loss, tasks.num_classes) == (Loss.ACCURACY, classes)
    assert set(np.unique(tasks.train_y)) == set(range(classes))


@every_stage
def test_other_numbers_are_predicted_in_units_of_their_deviation(stage: Stage) -> None:
    tasks = tasks_of("price", stage)
    assert tasks.loss is Loss.RMSE
    np.testing.assert_allclose(tasks.train_y.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(tasks.train_y.std(axis=1), 1)


@every_stage
def test_features_are_standardized_on_the_training_rows(stage: Stage) -> None:
    tasks = tasks_of("price", stage)
    np.testing.assert_allclose(tasks.train_x.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(tasks.train_x.std(axis=1), 1)


def test_columns_of_text_become_features_and_constant_ones_go() -> None:
    table = from_frame(table_file.frame().drop(columns=["sold", "kind"]), "price")
    assert table.x.shape == (table_file.ROWS, 3 + 3)  # a, b, d, and the three colors
    assert set(np.unique(table.x[:, 2:5])) == {0, 1}


def test_a_missing_value_counts_as_the_mean() -> None:
    x = np.arange(100.0)
    x[::7] = np.nan
    tasks = tasks_from_table(Table(x[:, None], np.arange(100.0)), _plain(SIZE | {"num_train": 20}), Stage.SEARCH, 0)
    filled = tasks.train_x[np.isin(tasks.train_x, 0)]
    assert len(filled) > 2
    assert np.isfinite(tasks.valid_x).all()


def _plain(size: dict[str, int], **changes: Any) -> TasksConfig:
    sizes = {stage.value: size for stage in Stage}
    return config(num_features=1, table={"projection": "none"}, **sizes, **changes)


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features stay as they are, so that rows can be told by them."""
    monkeypatch.setattr(table, "standardize", lambda train, valid: (train, valid))


def rows_of(stage: Stage, seed: int, classes: tuple[str, ...]) -> tuple[set[float], set[float]]:
    """The rows that many tasks of a stage train on, and those they are validated on."""
    plain = _plain(SIZE | {"num_tasks": 60}, num_classes=max(2, len(classes)))
    tasks = tasks_from_table(numbered(classes=classes), plain, stage, seed)
    for train, valid in zip(tasks.train_x, tasks.valid_x, strict=True):
        assert len(np.unique(np.concatenate([train, valid]))) == len(train) + len(valid)
    return set(np.unique(tasks.train_x).tolist()), set(np.unique(tasks.valid_x).tolist())


@pytest.mark.usefixtures("raw")
@pytest.mark.parametrize("classes", [(), ("no", "yes")])
def test_a_row_belongs_to_one_stage_whatever_the_seed(classes: tuple[str, ...]) -> None:
    (search, search_valid), (select, select_valid), (final, final_valid) = (
        rows_of(stage, seed, classes) for seed, stage in enumerate(Stage)
    )
    assert search == search_valid == select
    assert final == search | select_valid
    assert not final_valid & final
    assert [len(search), len(select_valid), len(final_valid)] == [240, 80, 80]


@pytest.mark.usefixtures("raw")
@every_stage
def test_every_class_is_shared_out_alike(stage: Stage) -> None:
    y = np.repeat([0.0, 1.0], [360, 40])
    tasks = tasks_from_table(Table(np.arange(400.0)[:, None], y, ("no", "yes")), _plain(SIZE), stage, 0)
    rare = {Stage.SEARCH: 24, Stage.SELECT: 24, Stage.FINAL: 32}[stage]
    assert len(np.unique(tasks.train_x[tasks.train_y == 1])) <= rare
    assert (tasks.valid_y == 1).any()


def test_without_a_projection_columns_are_seen_as_they_are() -> None:
    tasks = tasks_of("price", num_features=9, table={"projection": "none"})
    assert tasks.num_features == 9
    with pytest.raises(TaskError, match="num_features = 6, but without a projection there are 9 features"):
        tasks_of("price", table={"projection": "none"})


def test_parquet_and_arrays_give_the_same_tasks(tmp_path: Path) -> None:
    NUMBERS.to_parquet(tmp_path / "table.parquet")
    size = {"num_tasks": 2, "num_train": 10, "num_valid": 5}
    settings = config(table={"path": str(tmp_path / "table.parquet"), "target": "y"}, **{s.value: size for s in Stage})
    of_file = table_tasks(settings, Stage.FINAL, 0)
    of_arrays = tasks_from_table(from_arrays(NUMBERS[["a", "b"]], NUMBERS["y"]), settings, Stage.FINAL, 0)
    for name in ("train_x", "train_y", "valid_x", "valid_y"):
        np.testing.assert_array_equal(getattr(of_file, name), getattr(of_arrays, name))


@pytest.mark.parametrize("name", table.BUNDLED_TABLES)
def test_tables_of_scikit_learn_need_no_file(name: str) -> None:
    classes = {"breast_cancer": 2, "diabetes": 0, "iris": 3, "wine": 3}[name]
    sizes = {stage.value: {"num_tasks": 2, "num_train": 40, "num_valid": 20} for stage in Stage}
    settings = config(table={"path": f"sklearn:{name}", "target": "target"}, num_classes=max(classes, 2), **sizes)
    for stage in Stage:
        assert table_tasks(settings, stage, 0).loss is (Loss.ACCURACY if classes else Loss.RMSE)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    size = {"num_tasks": 2, "num_train": 10, "num_valid": 5}
    settings = config(table={"path": str(tmp_path / "t.csv"), "target": "y"}, **{s.value: size for s in Stage})
    means = []
    for factor, time in ((1, 1), (-1, 2)):
        NUMBERS.assign(y=NUMBERS.y * factor).to_csv(tmp_path / "t.csv", index=False)
        os.utime(tmp_path / "t.csv", (time, time))
        means.append(table_tasks(settings, Stage.SEARCH, 0).train_y[0, 0])
    assert means[0] == pytest.approx(-means[1])


BAD: dict[str, tuple[pd.DataFrame, str]] = {
    "no such column": (NUMBERS.rename(columns={"y": "z"}), "there is no column 'y': columns are a, b, z"),
    "missing targets": (NUMBERS.assign(y=[None, 1.5] * 20), "column 'y' lacks a value in 20 of 40 rows: remove"),
    "one class": (NUMBERS.assign(y="yes"), "column 'y' always holds 'yes'"),
    "a tiny class": (NUMBERS.assign(y=["a"] * 37 + ["b"] * 3), "class 'b' of column 'y' has 3 rows, but each needs 5"),
    "infinite": (NUMBERS.assign(a=np.inf), "column 'a' holds infinite values: remove or replace"),
    "infinite target": (NUMBERS.assign(y=np.inf), "column 'y' holds infinite values"),
    "names": (
        pd.DataFrame({"a": [f"n{k}" for k in range(60)], "y": np.arange(60) / 7}),
        "column 'a' has 60 different values that are no numbers",
    ),
    "nothing varies": (NUMBERS[["y"]].assign(a=1, b="x"), "besides 'y' there is no column that varies"),
    "too many classes": (NUMBERS.assign(y=["a", "b", "c", "d"] * 10), "there are 4 classes .a, b, c, d.: set"),
    "too few rows": (NUMBERS, "num_train = 60 plus num_valid = 30: there are 24 rows for that; use at most 24"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_named_with_a_remedy(name: str, tmp_path: Path) -> None:
    bad, message = BAD[name]
    bad.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(TaskError, match=message) as caught:
        table_tasks(config(table={"path": str(tmp_path / "bad.csv"), "target": "y"}), Stage.SEARCH, 0)
    assert "bad.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "sklearn:moons", "target": "y"}, "sklearn:moons: scikit-learn brings no table 'moons': use one of"),
        ({}, "set tasks.table.path and .target"),
        (
            {"path": "nowhere.csv", "target": "y"},
            "tasks.table.path = 'nowhere.csv' is no file, and does not begin with 'sklearn:'",
        ),
    ],
)
def test_a_file_and_a_target_are_needed(settings: dict[str, str], message: str) -> None:
    with pytest.raises(TaskError, match=message):
        table_tasks(config(table=settings), Stage.SEARCH, 0)


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    for name in ("empty.csv", "broken.parquet"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(TaskError, match=f"{name}: cannot be read as"):
            table_tasks(config(table={"path": str(tmp_path / name), "target": "y"}), Stage.SEARCH, 0)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(TaskError, match="x has 3 rows but y 2"):
        from_arrays(np.zeros((3, 1)), np.zeros(2))
