from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import ConfigError
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.islands.thread_engine import ThreadEngine


def pool(concurrent: int, max_experiments: int | None, **changes: dict[str, Any]) -> ExperimentPool:
    stop = {"max_experiments": max_experiments, **changes.pop("stop", {})}
    config = small_config(experiment={"concurrent": concurrent, "max_programs": 800}, stop=stop, **changes)
    return ExperimentPool(config, None, ThreadEngine(1))


@pytest.mark.parametrize(
    ("concurrent", "max_experiments", "numbers"), [(1, 1, [0]), (3, None, [0, 1, 2]), (3, 2, [0, 1]), (2, 5, [0, 1])]
)
def test_as_many_experiments_start_as_may_run_side_by_side_and_in_all(
    concurrent: int, max_experiments: int | None, numbers: list[int]
) -> None:
    experiments = pool(concurrent, max_experiments)
    assert [each.number for each in experiments.start_next()] == numbers
    assert [each.number for each in experiments.active] == numbers
    assert experiments.start_next() == []


def test_a_finished_experiment_makes_room_for_the_next_number_and_its_counters_stay() -> None:
    experiments = pool(2, 3)
    first, second = experiments.start_next()
    before = experiments.counters
    experiments.num_finished += 1
    experiments.remove([first])
    assert experiments.counters == before
    assert experiments.finished_counters == first.archipelago.counters
    assert [each.number for each in experiments.start_next()] == [2]
    assert [each.number for each in experiments.active] == [second.number, 2]


def test_an_epoch_stops_at_the_limit_on_programs_of_the_run() -> None:
    experiments = pool(2, None, stop={"max_programs": 100}, islands={"count": 1, "migrants": 0})
    experiments.start_next()
    with ThreadPoolExecutor(2) as threads:
        assert experiments.run_epoch(threads) == []
    assert experiments.counters["programs"] == 100
    assert all(each.archipelago.position for each in experiments.active)


def test_only_islands_that_wait_for_each_other_run_in_several_experiments() -> None:
    experiments = pool(1, None, islands={"synchronous": False})
    experiments.check_concurrency(1)
    with pytest.raises(ConfigError, match=r"experiment\.concurrent = 2 .*use islands\.synchronous = true"):
        experiments.check_concurrency(2)
