"""The config of a run: every setting with its range and default, presets, TOML files and overrides."""

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
    StageConfig,
    StopConfig,
    TableConfig,
    TasksConfig,
)

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
