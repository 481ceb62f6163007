"""Fitting the sizes of a config to the user's table, so that any preset runs on any table.

The resulting config is complete: used again as it is, it gives the same tasks without fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl_zero.config import Config, ConfigError, load_config, override, parse_config
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.tables.table import Table
from automl_zero.tasks.tables.table_tasks import rows_of, table_of

MAX_FEATURES = 16  # unless there are more classes, or the config uses all columns without projection
NUM_TASKS = {Stage.SEARCH: 16, Stage.SELECT: 25, Stage.FINAL: 25}
MAX_TRAIN = {Stage.SEARCH: 300, Stage.SELECT: 1000, Stage.FINAL: 1000}  # few in search, which scores many programs
MAX_VALID = {Stage.SEARCH: 100, Stage.SELECT: 300, Stage.FINAL: 300}
VALID_SHARE = 4  # search validates on one in four of its rows


def load_config_for_table(name_or_path: str, data: str | None, target: str | None, overrides: Sequence[str]) -> Config:
    """Load a preset or a file; if there is a table, ``data``, fit the sizes to it, unless overrides set them.

    Raises:
        ConfigError: there is no such preset, an override cannot be used, or there is a target without a table.
        TaskError: the table cannot be read.
    """
    if data is None:
        if target is not None:
            raise ConfigError(f"--target {target} needs a table: give --data TABLE, too")
        return load_config(name_or_path, overrides)
    on_table = _on_table(load_config(name_or_path), data, target or "")
    return override(fit_to_table(override(on_table, overrides)), overrides)


def fit_to_table(config: Config) -> Config:
    """Set the number of classes and the sizes that the table of a config allows; other kinds of tasks stay as they are.

    Raises:
        TaskError: the table cannot be read.
    """
    if not KINDS[config.tasks.kind].uses_table:
        return config
    table = table_of(config.tasks)
    num_classes = max(2, len(table.classes))
    stages = {stage.value: _stage_sizes(table, stage) for stage in Stage}
    sizes = {"num_classes": num_classes, "num_features": _num_features(table, config.tasks.table.projection), **stages}
    return _with_tasks(config, sizes)


def _on_table(config: Config, path: str, target: str) -> Config:
    return _with_tasks(
        config, {"kind": "table", "table": {**config.tasks.table.model_dump(), "path": path, "target": target}}
    )


def _with_tasks(config: Config, changes: dict[str, Any]) -> Config:
    values = config.model_dump(mode="json")
    return parse_config({**values, "tasks": {**values["tasks"], **changes}})


def _num_features(table: Table, projection: str) -> int:
    """Return the number of features: that of the columns, or half of it where each task uses a subset of them.

    It is at least the number of classes, since labels are one-hot vectors of this size.
    """
    columns = int(table.x.shape[1])
    projected, subset = min(MAX_FEATURES, columns), min(MAX_FEATURES, (columns + 1) // 2)
    wanted = {"random": projected, "subset": subset, "none": columns}[projection]
    return max(wanted, len(table.classes))


def _stage_sizes(table: Table, stage: Stage) -> dict[str, int]:
    """Return the sizes of a stage: all available rows, up to the limits."""
    seen, own = map(len, rows_of(table, stage))
    available = own // VALID_SHARE if stage is Stage.SEARCH else own
    num_valid = max(1, min(MAX_VALID[stage], available))
    num_train = max(1, min(MAX_TRAIN[stage], seen - num_valid if stage is Stage.SEARCH else seen))
    return {"num_tasks": NUM_TASKS[stage], "num_train": num_train, "num_valid": num_valid}
