from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config, ConfigError, ExperimentConfig, StopConfig
from automl_zero.run.record.limits import Usage, check_ends, experiment_limit, run_limit

SPENT = Usage(programs=100, train_steps=1000, fitness=0.5, seconds=10.0, experiments=2, idle_programs=40)
NO_LIMITS: dict[str, Any] = dict.fromkeys(StopConfig.model_fields)

EXPERIMENT_LIMITS = [
    ("max_programs", 100, "programs"),
    ("max_train_steps", 1000, "train_steps"),
    ("target_fitness", 0.5, "fitness"),
    ("patience", 40, "idle_programs"),
]
RUN_LIMITS = [
    ("max_programs", 100, "programs"),
    ("max_train_steps", 1000, "train_steps"),
    ("target_fitness", 0.5, "fitness"),
    ("max_seconds", 10.0, "seconds"),
    ("max_experiments", 2, "experiments"),
]


def with_stop(changes: dict[str, dict[str, Any]]) -> Config:
    """The small config with no other limits of the run than these."""
    return small_config(0, **changes | {"stop": NO_LIMITS | changes["stop"]})


def just_below(spent: Usage, field: str) -> Usage:
    changes: dict[str, Any] = {field: getattr(spent, field) * 0.99}
    return replace(spent, **changes)


@pytest.mark.parametrize(("key", "limit", "field"), EXPERIMENT_LIMITS)
def test_an_experiment_ends_when_a_limit_is_reached(key: str, limit: float, field: str) -> None:
    limits = ExperimentConfig.model_validate({key: limit})
    assert experiment_limit(limits, SPENT) == f"experiment.{key}"
    assert experiment_limit(limits, just_below(SPENT, field)) is None


@pytest.mark.parametrize(("key", "limit", "field"), RUN_LIMITS)
def test_a_run_ends_when_a_limit_is_reached(key: str, limit: float, field: str) -> None:
    limits = StopConfig.model_validate({**NO_LIMITS, key: limit})
    assert run_limit(limits, SPENT) == f"stop.{key}"
    assert run_limit(limits, just_below(SPENT, field)) is None


def test_without_limits_nothing_ends() -> None:
    assert experiment_limit(ExperimentConfig(), SPENT) is None
    assert run_limit(StopConfig.model_validate(NO_LIMITS), SPENT) is None


def test_every_limit_of_the_config_has_a_test() -> None:
    assert {key for key, *_ in EXPERIMENT_LIMITS} == {*ExperimentConfig.model_fields} - {"concurrent"}
    assert {key for key, *_ in RUN_LIMITS} == set(StopConfig.model_fields)


@pytest.mark.parametrize(
    "changes",
    [
        {"stop": {"max_seconds": 1}},
        {"stop": {"max_programs": 1}},
        {"stop": {"max_train_steps": 1}},
        {"stop": {"max_experiments": 1}, "experiment": {"patience": 1}},
        {"stop": {"target_fitness": 1}, "experiment": {"max_programs": 1}},
    ],
    ids=str,
)
def test_a_config_that_ends_is_accepted(changes: dict[str, dict[str, Any]]) -> None:
    check_ends(with_stop(changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"stop": {}},
        {"stop": {"max_experiments": 1}},
        {"stop": {"target_fitness": 1}},
        {"stop": {}, "experiment": {"max_programs": 1}},
    ],
    ids=str,
)
def test_a_config_that_never_ends_is_refused_with_the_keys_to_set(changes: dict[str, dict[str, Any]]) -> None:
    with pytest.raises(ConfigError, match=r"stop\.max_seconds.*stop\.max_programs.*experiment\.max_programs"):
        check_ends(with_stop(changes))
