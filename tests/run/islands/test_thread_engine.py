"""Islands in threads: the number of threads changes nothing, and the stop flag ends whatever they do."""

from __future__ import annotations

import pytest
from support.runs.small_config import mixed_config, small_config

from automl_zero.config import ConfigError
from automl_zero.program.library import library_program
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import ExperimentSpec
from automl_zero.run.islands.migration import plan_migration
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.vm.stop_flag import Stopped


def spec(**changes: dict[str, object]) -> ExperimentSpec:
    config = small_config(**changes)
    return ExperimentSpec(config, search_tasks(config, 0), seed=7)


def test_islands_that_do_not_wait_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"islands\.synchronous = false is for clusters.*use --engine ray"):
        ThreadEngine(1).islands(spec(islands={"synchronous": False}))


@pytest.mark.parametrize("workers", [1, 4])
def test_islands_are_those_of_the_spec(workers: int) -> None:
    made = spec()
    islands = ThreadEngine(workers).islands(made)
    assert islands.fitness.tolist() == [made.island(number).best_fitness for number in range(3)]
    assert islands.counters[:, 0].tolist() == [20] * 3


def test_an_epoch_reports_each_island_before_programs_migrate() -> None:
    islands = ThreadEngine(2).islands(spec())
    result = islands.run_epoch(50, plan_migration(7, 1, 3, 20, 5))
    assert len(result.epoch_stats) == len(result.latest) == 3
    assert not result.is_cut
    assert islands.drain() is None  # type: ignore[func-returns-value]


def test_a_raised_flag_cuts_an_epoch_and_islands_still_report_their_best() -> None:
    config = mixed_config("linear")
    engine = ThreadEngine(2)
    islands = engine.islands(ExperimentSpec(config, search_tasks(config, 0), seed=7))
    engine.stop.set()
    assert islands.run_epoch(50, None).is_cut
    assert [len(each) for each in islands.fittest(1, range(4))] == [1] * 4


def test_a_raised_flag_ends_the_creation_of_islands_and_scoring() -> None:
    engine, made = ThreadEngine(1), spec()
    engine.stop.set()
    with pytest.raises(Stopped):
        engine.islands(made)
    with pytest.raises(Stopped):
        engine.score([library_program("linear_regression")], made, engine.stop)
