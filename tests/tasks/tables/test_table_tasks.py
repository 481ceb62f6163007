"""Tables become tasks: rows belong to one stage, every class has its share, and what does not fit is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.data import table_file

from automl_zero.config import TasksConfig
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.tables import table_tasks as module
from automl_zero.tasks.tables.table import Table
from automl_zero.tasks.tables.table_tasks import rows_of, table_tasks, tasks_from_table
from automl_zero.tasks.task import Loss, TaskError, TaskSet

SIZE = {"num_tasks": 3, "num_train": 60, "num_valid": 30}
every_stage = pytest.mark.parametrize("stage", Stage)


def config(**changes: Any) -> TasksConfig:
    sizes = {stage.value: SIZE for stage in Stage}
    return TasksConfig.model_validate({"kind": "table", "num_features": 6, **sizes, **changes})


def tasks_of(target: str, stage: Stage = Stage.SEARCH, seed: int = 0, **changes: Any) -> TaskSet:
    table = {"path": str(table_file.path()), "target": target, **changes.pop("table", {})}
    return table_tasks(config(table=table, **changes), stage, seed)


def numbered(rows: int = 400, classes: tuple[str, ...] = ()) -> Table:
    """A table whose rows can be identified by their only feature."""
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
    """Features stay as they are, so that rows can be identified by them."""
    monkeypatch.setattr(module, "standardize", lambda train, valid: (train, valid))


def rows_met(stage: Stage, seed: int, classes: tuple[str, ...]) -> tuple[set[float], set[float]]:
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
        rows_met(stage, seed, classes) for seed, stage in enumerate(Stage)
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


@pytest.mark.usefixtures("raw")
@every_stage
def test_every_class_is_trained_on_and_validated_in_its_share(stage: Stage) -> None:
    rare = Table(np.arange(400.0)[:, None], np.repeat([0.0, 1.0], [380, 20]), ("no", "yes"))
    tasks = tasks_from_table(rare, _plain(SIZE | {"num_tasks": 50, "num_valid": 20}), stage, 0)
    np.testing.assert_array_equal(tasks.valid_y.sum(axis=1), 1)
    assert set(np.unique(tasks.train_y.sum(axis=1))) <= {3.0, 4.0}
    assert len(np.unique(tasks.valid_x[tasks.valid_y == 1])) == {"search": 12, "select": 4, "final": 4}[stage]


@pytest.mark.usefixtures("raw")
@every_stage
def test_a_single_row_of_a_class_is_validated_where_there_is_room_for_every_class(stage: Stage) -> None:
    y = np.repeat([0.0, 1.0, 2.0], [390, 5, 5])
    tiny = Table(np.arange(400.0)[:, None] * [1, 1, 1], y, ("a", "b", "c"))
    sizes = {each.value: SIZE | {"num_valid": 3} for each in Stage}
    settings = config(num_features=3, num_classes=3, table={"projection": "none"}, **sizes)
    tasks = tasks_from_table(tiny, settings, stage, 0)
    assert [sorted(each) for each in tasks.valid_y.tolist()] == [[0, 1, 2]] * 3


@pytest.mark.usefixtures("raw")
@every_stage
@pytest.mark.parametrize("classes", [(), ("no", "yes")])
def test_a_bootstrap_draws_training_rows_again_but_never_those_of_validation(
    classes: tuple[str, ...], stage: Stage
) -> None:
    sizes = {each.value: SIZE | {"num_tasks": 20, "num_train": 500} for each in Stage}
    again = config(num_features=1, table={"projection": "none", "resample": "bootstrap"}, **sizes)
    table = numbered(classes=classes)
    tasks = tasks_from_table(table, again, stage, 0)
    for train, valid in zip(tasks.train_x, tasks.valid_x, strict=True):
        assert 100 < len(np.unique(train)) < 320
        assert len(np.unique(valid)) == SIZE["num_valid"]
        assert not np.isin(train, valid).any()
    assert set(np.unique(tasks.train_x)) <= set(rows_of(table, stage)[0].tolist())


@pytest.mark.usefixtures("raw")
@every_stage
def test_a_subset_is_different_columns_in_every_task(stage: Stage) -> None:
    columns = np.arange(7) * 1000.0
    wide = Table(np.arange(400.0)[:, None] + columns, np.arange(400.0))
    sizes = {each.value: SIZE | {"num_tasks": 30} for each in Stage}
    tasks = tasks_from_table(wide, config(num_features=4, table={"projection": "subset"}, **sizes), stage, 0)
    seen = [tuple(x) for x in (tasks.train_x[:, 0] // 1000).tolist()]
    assert all(len(set(each)) == 4 for each in seen)
    assert len(set(seen)) > 20
    assert set().union(*seen) == set(range(7))
    np.testing.assert_array_equal(tasks.valid_x[:, 0] // 1000, tasks.train_x[:, 0] // 1000)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "kind", "num_classes": 2}, "num_classes = 2, but there are 3 classes .0, 1, 2.: set"),
        ({"num_features": 10, "table": {"projection": "subset"}}, "subset can have no more than all 9 features: set"),
        ({"table": {"projection": "none"}}, "num_features = 6, but without a projection there are 9 features: set"),
        ({"search": {"num_train": 999}}, "num_train = 999 plus num_valid = 100: there are 240 rows for that; use at"),
        (
            {"search": {"num_valid": 240}, "table": {"resample": "bootstrap"}},
            "plus num_valid = 240: there are 240 rows",
        ),
    ],
)
def test_settings_that_do_not_fit_are_reported_with_the_table_and_a_remedy(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(TaskError, match=message) as caught:
        tasks_of(**{"target": "price", **settings})
    assert "table.csv: tasks." in str(caught.value)


def test_more_validation_rows_than_a_stage_has_are_refused() -> None:
    with pytest.raises(TaskError, match=r"tasks.final.num_valid = 81: there are 80 rows for that; use at most 80"):
        tasks_of("price", Stage.FINAL, final=SIZE | {"num_valid": 81})


def test_a_table_is_needed() -> None:
    with pytest.raises(TaskError, match="run with --data FILE --target COLUMN, or set"):
        table_tasks(config(), Stage.SEARCH, 0)
