"""Suites of tasks by name: those of a preset, of a config file, or of a kind of tasks with suitable sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl_zero.config import Config, ConfigError, load_config, preset_names, with_overrides
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.tasks.splits import Stage


def suite_config(suite: str, overrides: Sequence[str] = ()) -> Config:
    """Return the config whose tasks are the suite of this name.

    Raises:
        ConfigError: there is no such suite, or an override cannot be used.
    """
    if suite in preset_names() or Path(suite).is_file():
        return load_config(suite, overrides)
    if suite in KINDS:
        tasks: dict[str, Any] = {"kind": suite, **dict.fromkeys(Stage, KINDS[suite].suite_sizes)}
        return with_overrides({"name": suite, "tasks": tasks}, overrides)
    presets, kinds = ", ".join(preset_names()), ", ".join(KINDS)
    raise ConfigError(f"no suite '{suite}': use a preset ({presets}), a kind ({kinds}), or a config file")
