"""The config of a run: settings with their ranges and defaults, presets, TOML files and overrides."""

from automl_zero.config.config import Config
from automl_zero.config.config_error import ConfigError
from automl_zero.config.groups import IslandGroup, IslandsConfig
from automl_zero.config.load import load_config, override, parse_config, preset_names, with_overrides
from automl_zero.config.search_tables import Mutation, SearchMethod
from automl_zero.config.sections import (
    BaselinesConfig,
    CheckpointConfig,
    EvaluationConfig,
    ExperimentConfig,
    MemoryConfig,
    MutationConfig,
    ProgramConfig,
    SearchConfig,
    StopConfig,
)
from automl_zero.config.task_sections import StageConfig, TableConfig, TasksConfig

__all__ = [
    "BaselinesConfig",
    "CheckpointConfig",
    "Config",
    "ConfigError",
    "EvaluationConfig",
    "ExperimentConfig",
    "IslandGroup",
    "IslandsConfig",
    "MemoryConfig",
    "Mutation",
    "MutationConfig",
    "ProgramConfig",
    "SearchConfig",
    "SearchMethod",
    "StageConfig",
    "StopConfig",
    "TableConfig",
    "TasksConfig",
    "load_config",
    "override",
    "parse_config",
    "preset_names",
    "with_overrides",
]
