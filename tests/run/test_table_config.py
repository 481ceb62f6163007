"""Configs that fit a table: sizes are what its rows and columns allow, and what the user says comes first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.data.table_file import path
from support.runs.small_config import small_config

from automl_zero.config import Config, ConfigError, load_config
from automl_zero.run.table_config import fit_to_table, load_config_for_table
from automl_zero.tasks.tables.table import Table
from automl_zero.tasks.task import TaskError
from automl_zero.tasks.task_kinds import Stage, build_tasks


def table_file(folder: Path, rows: int, columns: int, num_classes: int = 0) -> str:
    rng = np.random.default_rng(5)
    y = np.arange(rows) % num_classes if num_classes else rng.normal(size=rows)
    table = Table(rng.normal(size=(rows, columns)), y.astype(float), tuple(f"c{n}" for n in range(num_classes)))
    table.save(folder / "mine.npz")
    return str(folder / "mine.npz")


def fit(folder: Path, rows: int, columns: int, num_classes: int = 0, **table: str) -> Config:
    settings = {"path": table_file(folder, rows, columns, num_classes), **table}
    return fit_to_table(small_config(tasks={"kind": "table", "table": settings}))


def sizes(config: Config) -> list[tuple[int, int, int]]:
    each = [stage.size(config.tasks) for stage in Stage]
    return [(size.num_tasks, size.num_train, size.num_valid) for size in each]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (20, [(16, 9, 3), (25, 12, 4), (25, 16, 4)]),
        (400, [(16, 180, 60), (25, 240, 80), (25, 320, 80)]),
        (10_000, [(16, 300, 100), (25, 1000, 300), (25, 1000, 300)]),
    ],
)
def test_stages_are_as_large_as_the_rows_allow_up_to_a_limit(
    rows: int, expected: list[tuple[int, int, int]], tmp_path: Path
) -> None:
    assert sizes(fit(tmp_path, rows, 3)) == expected


@pytest.mark.parametrize("rows", [5, 7, 11, 23, 100, 1001])
@pytest.mark.parametrize("num_classes", [0, 2, 3])
@pytest.mark.parametrize("projection", ["random", "subset", "none"])
def test_what_is_fitted_can_be_built(rows: int, num_classes: int, projection: str, tmp_path: Path) -> None:
    config = fit(tmp_path, rows + 5 * num_classes, 4, num_classes, projection=projection)
    assert config.tasks.num_classes == max(2, num_classes)
    for stage in Stage:
        assert len(build_tasks(config.tasks, stage, 0)) == stage.size(config.tasks).num_tasks


@pytest.mark.parametrize(
    ("projection", "columns", "num_classes", "expected"),
    [
        ("random", 4, 0, 4),
        ("random", 40, 0, 16),
        ("random", 2, 5, 5),
        ("none", 4, 3, 4),
        ("none", 40, 0, 40),
        ("subset", 5, 0, 3),
        ("subset", 5, 4, 4),
        ("subset", 40, 0, 16),
    ],
)
def test_features_are_few_but_enough_for_the_labels(
    projection: str, columns: int, num_classes: int, expected: int, tmp_path: Path
) -> None:
    assert fit(tmp_path, 60, columns, num_classes, projection=projection).tasks.num_features == expected


def test_all_but_the_sizes_stays_and_other_kinds_are_left_alone(tmp_path: Path) -> None:
    config = fit(tmp_path, 60, 3)
    before = small_config(tasks={"kind": "table", "table": config.tasks.table})
    assert config.model_copy(update={"tasks": before.tasks}) == before
    assert fit_to_table(small_config()) is not None
    assert fit_to_table(small_config()) == small_config()


def test_any_preset_runs_on_a_table_and_keeps_its_search() -> None:
    config = load_config_for_table("linear", str(path()), "kind", [])
    assert (config.tasks.kind, config.tasks.num_classes, config.tasks.table.target) == ("table", 3, "kind")
    assert config.model_copy(update={"tasks": load_config("linear").tasks}) == load_config("linear")


def test_what_the_user_sets_comes_before_what_fits() -> None:
    overrides = ["tasks.num_features=7", "tasks.search.num_train=50", "tasks.final={num_tasks=2}", "seed=4"]
    config = load_config_for_table("table", str(path()), "price", overrides)
    assert (config.tasks.num_features, config.seed) == (7, 4)
    assert sizes(config)[0] == (16, 50, 60)
    assert config.tasks.final.num_tasks == 2


def test_a_projection_that_the_user_sets_decides_the_number_of_features() -> None:
    config = load_config_for_table("table", str(path()), "price", ["tasks.table.projection=none"])
    assert config.tasks.num_features == 9


def test_the_written_config_is_fitted_already(tmp_path: Path) -> None:
    config = load_config_for_table("table", str(path()), "price", [])
    (tmp_path / "config.toml").write_text(config.to_toml())
    again = load_config_for_table(str(tmp_path / "config.toml"), None, None, [])
    assert again == config == fit_to_table(again)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((None, "price", []), ConfigError, "--target price needs a table: give --data TABLE, too"),
        (("nowhere.csv", "price", []), TaskError, "'nowhere.csv' is not a file"),
        ((str(path()), None, []), TaskError, r"which column is to be predicted\? .*--target.* one of a, b, color"),
        ((str(path()), "prize", []), TaskError, "there is no column 'prize': columns are a, b, color"),
        ((str(path()), "price", ["tasks.colour=1"]), ConfigError, "unknown key tasks.colour = 1"),
    ],
)
def test_what_cannot_be_fitted_is_reported_with_a_remedy(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load_config_for_table("table", *arguments)
