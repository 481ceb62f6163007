from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.runs.sample_events import EPOCH
from support.runs.saved_states import checkpoint
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.run.checkpoint.compatibility import check_changes, check_resumable, config_changes, other_changes
from automl_zero.run.record.events import Stop
from automl_zero.run.record.run_folder import StoredRun, StoreError

ORIGIN = checkpoint().origin


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({}, []),
        ({"stop": {"max_programs": 10_000, "max_seconds": 7}}, []),
        ({"checkpoint": {"every_epochs": 3, "keep": 9}}, []),
        ({"search": {"population_size": 40}}, ["search.population_size: 20 before, 40 now"]),
        ({"experiment": {"patience": 7}}, ["experiment.patience: None before, 7 now"]),
        (
            {"islands": {"count": 4}, "tasks": {"search": {"num_tasks": 9, "num_train": 20, "num_valid": 10}}},
            ["islands.count: 3 before, 4 now", "tasks.search.num_tasks: 10 before, 9 now"],
        ),
    ],
    ids=str,
)
def test_all_settings_but_limits_and_checkpoints_are_compared(changes: dict[str, Any], reported: list[str]) -> None:
    assert config_changes(ORIGIN, small_config(**changes)) == reported


def test_the_seed_is_compared() -> None:
    assert config_changes(ORIGIN, small_config(seed=1)) == ["seed: 0 before, 1 now"]


def test_a_setting_that_one_version_does_not_have_is_reported() -> None:
    origin = replace(ORIGIN, config=ORIGIN.config | {"search": ORIGIN.config["search"] | {"magic": 7}})
    assert config_changes(origin, small_config()) == ["search.magic: 7 before, not there now"]


def test_tasks_and_package_are_compared() -> None:
    assert other_changes(ORIGIN, ORIGIN) == []
    now = replace(ORIGIN, tasks=("one", "three"), engine="edited", version="9.9")
    assert other_changes(ORIGIN, now) == [
        "the tasks of island 1: their data are not the same",
        f"the package, or its libraries: automl-zero {ORIGIN.version} before, 9.9 now",
    ]


def test_changes_are_refused_unless_they_are_allowed() -> None:
    check_changes([], False)
    check_changes(["a: 1 before, 2 now"], True)
    with pytest.raises(StoreError, match=r"(?s)this has changed:\n  a: 1 before, 2 now\nundo it, .* --allow-change"):
        check_changes(["a: 1 before, 2 now"], False)


def ended(reason: str, config: Config) -> StoredRun:
    stop = Stop(seconds=1.0, reason=reason, experiments=1, programs=600, train_steps=1)
    return StoredRun(config, (EPOCH, stop))


def test_a_run_that_its_limit_has_ended_goes_on_when_that_limit_is_another_one() -> None:
    before, raised = small_config(), small_config(stop={"max_programs": 1200})
    check_resumable(ended("stop.max_programs", before), raised)
    with pytest.raises(
        StoreError, match=r"it was ended by stop\.max_programs = 600: to continue it, raise that limit with"
    ):
        check_resumable(ended("stop.max_programs", before), before)
    with pytest.raises(StoreError, match=r"it was ended by stop\.max_experiments = 1"):
        check_resumable(ended("stop.max_experiments", before), raised)


def test_a_run_that_was_interrupted_or_killed_goes_on() -> None:
    config = small_config()
    check_resumable(ended("interrupted", config), config)
    check_resumable(StoredRun(config, (EPOCH,)), config)
    check_resumable(StoredRun(config, ()), config)
