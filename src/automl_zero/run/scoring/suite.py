"""Suites of tasks by name: those of a preset, of a config file, or of a kind of tasks with suitable sizes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from automl_zero.config import Config, ConfigError, load_config, preset_names, with_overrides
from automl_zero.tasks.task_kinds import KINDS, Stage

KIND_SIZES = {"image-pairs": {"num_train": 200, "num_valid": 50}}  # where there are too few digits for the default


def suite_config(suite: str, overrides: Sequence[str] = ()) -> Config:
    """Return the config whose tasks are the suite of this name.

    Raises:
        ConfigError: there is no such suite, or an override cannot be used.
    """
    if suite in preset_names() or Path(suite).is_file():
        return load_config(suite, overrides)
    if suite in KINDS:
        tasks: dict[str, Any] = {"kind": suite, **dict.fromkeys(Stage, KIND_SIZES.get(suite, {}))}
        return with_overrides({"name": suite, "tasks": tasks}, overrides)
    presets, kinds = ", ".join(preset_names()), ", ".join(KINDS)
    raise ConfigError(f"no suite '{suite}': use a preset ({presets}), a kind ({kinds}), or a config file")
