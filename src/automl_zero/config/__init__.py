"""The config of a run: every setting with its range and default, presets, TOML files and overrides."""

from automl_zero.config.config import Config
from automl_zero.config.errors import ConfigError
from automl_zero.config.load import load_config, override, parse_config, preset_names, with_overrides
from automl_zero.config.sections import (
    BaselinesConfig,
    CheckpointConfig,
    EvaluationConfig,
    ExperimentConfig,
    Mutation,
    StageConfig,
    StopConfig,
    TasksConfig,
)

__all__ = [
    "BaselinesConfig",
    "CheckpointConfig",
    "Config",
    "ConfigError",
    "EvaluationConfig",
    "ExperimentConfig",
    "Mutation",
    "StageConfig",
    "StopConfig",
    "TasksConfig",
    "load_config",
    "override",
    "parse_config",
    "preset_names",
    "with_overrides",
]
