from __future__ import annotations

from typing import Any

import pytest
from support.runs.small_config import mixed_config, small_config

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.run.budget import BUDGETS, is_started, with_budget
from automl_zero.run.record.limits import check_ends

EVERY = pytest.mark.parametrize("name", BUDGETS)


@EVERY
@pytest.mark.parametrize("preset", preset_names())
def test_every_budget_fits_every_preset_and_ends(preset: str, name: str) -> None:
    before = load_config(preset)
    after = with_budget(before, BUDGETS[name], cores=8)
    check_ends(after)
    kept = ("memory", "program", "mutation", "search", "evaluation")
    assert all(getattr(after, section) == getattr(before, section) for section in kept)


@EVERY
def test_an_effort_is_part_of_the_config_that_it_gives(name: str) -> None:
    once = with_budget(small_config(), BUDGETS[name], cores=2)
    assert with_budget(once, BUDGETS[name], cores=2) == once


@pytest.mark.parametrize(("name", "seconds"), [("smoke", 3), ("demo", 180), ("laptop", 7200), ("paper", None)])
def test_its_limit_takes_the_place_of_the_configs(name: str, seconds: float | None) -> None:
    stop = with_budget(small_config(stop={"max_train_steps": 5}), BUDGETS[name], cores=2).stop
    assert (stop.max_seconds, stop.max_train_steps) == (seconds, None)
    assert stop.max_programs == (10**12 if name == "paper" else None)


def test_a_smoke_run_has_tasks_that_are_no_larger_in_any_group() -> None:
    groups = [{}, {"tasks": {"num_epochs": 9, "search": {"num_train": 5000}}}, {"tasks": {"kind": "affine"}}]
    stage = {"num_tasks": 50, "num_train": 20, "num_valid": 5000}
    config = small_config(tasks={"num_epochs": 5, "search": stage}, islands={"groups": groups})
    after = with_budget(config, BUDGETS["smoke"], cores=2)
    first, second, third = (after.of_island(number).tasks for number in range(3))
    assert (first.num_epochs, second.num_epochs, third.num_epochs) == (2, 2, 2)
    assert [each.search.num_train for each in (first, second, third)] == [20, 200, 20]
    assert (first.search.num_tasks, first.search.num_valid) == (4, 100)
    assert (second.select, third.kind) == (config.tasks.select.model_copy(update={"num_tasks": 4}), "affine")


def test_islands_follow_the_cores_and_each_has_as_much_time_as_before() -> None:
    experiment: dict[str, Any] = {"max_programs": 500, "patience": 7, "max_train_steps": None}
    config = small_config(islands={"count": 4}, experiment=experiment)
    after = with_budget(config, BUDGETS["laptop"], cores=8)
    assert after.islands.count == 16
    assert (after.experiment.max_programs, after.experiment.patience) == (2000, 28)
    assert after.experiment.max_train_steps is None


def test_there_are_never_fewer_islands_than_groups() -> None:
    config = mixed_config("linear", islands={"groups": [{}, {}, {}, {}]})
    assert with_budget(config, BUDGETS["laptop"], cores=1).islands.count == 4


def test_overrides_win_over_the_budget() -> None:
    overrides = ["stop.max_seconds=7", "islands.count=3"]
    after = with_budget(small_config(), BUDGETS["laptop"], 8, overrides)
    assert (after.stop.max_seconds, after.islands.count) == (7, 3)


def test_an_override_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"islands\.cuont"):
        with_budget(small_config(), BUDGETS["demo"], 8, ["islands.cuont=3"])


@pytest.mark.parametrize(
    ("name", "overrides", "started"),
    [
        ("demo", [], True),
        ("paper", [], False),
        ("paper", ["islands.count=8"], False),
        ("paper", ["islands.count=8", "stop.max_seconds=3600"], True),
    ],
    ids=str,
)
def test_a_run_of_the_papers_scale_starts_with_a_limit_of_ones_own_alone(
    name: str, overrides: list[str], started: bool
) -> None:
    assert is_started(BUDGETS[name], overrides) == started
