"""Programs that workers score have the fitness that they have in threads, whatever becomes of the workers."""

from __future__ import annotations

from collections import Counter

import pytest
from support.runs.small_config import mixed_config, small_config
from support.runs.small_worker_pool import SmallWorkerPool

from automl_zero.program.program import Program
from automl_zero.run.distributed.batch_scoring import score_on_workers
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands import engine
from automl_zero.run.islands.engine import ClusterError, ExperimentSpec
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.vm.stop_flag import StopFlag

CONFIG = small_config()


@pytest.fixture(scope="module")
def spec() -> ExperimentSpec:
    return ExperimentSpec(CONFIG, search_tasks(CONFIG, 0), seed=7)


@pytest.fixture(scope="module")
def programs() -> list[Program]:
    """Those of a search, so that they differ in their fitness."""
    island = Island(small_config(search={"population_size": 400}), search_tasks(CONFIG, 0)[0], 3)
    return [member.program for member in island.fittest(400)[::10]]


@pytest.fixture(scope="module")
def alone(programs: list[Program], spec: ExperimentSpec) -> list[float]:
    found = [score_program(each, spec.tasks[0], CONFIG).fitness for each in programs]
    assert len(set(found)) > 10
    return found


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_number_of_threads_changes_nothing(
    workers: int, programs: list[Program], spec: ExperimentSpec, alone: list[float]
) -> None:
    assert ThreadEngine(workers).score(programs, spec, StopFlag()) == alone


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("count", [0, 1, 7, 40])
def test_the_number_of_workers_changes_nothing(
    workers: int, count: int, programs: list[Program], spec: ExperimentSpec, alone: list[float]
) -> None:
    assert score_on_workers(programs[:count], spec, SmallWorkerPool(workers), StopFlag()) == alone[:count]


@pytest.mark.parametrize(("workers", "percent"), [(1, 20), (2, 40), (3, 60)])
def test_workers_that_are_lost_change_nothing(
    workers: int, percent: int, programs: list[Program], spec: ExperimentSpec, alone: list[float]
) -> None:
    worker_pool = SmallWorkerPool(workers, percent, seed=workers)
    worker_pool.ensure_workers(workers)
    for _ in range(3):
        assert score_on_workers(programs, spec, worker_pool, worker_pool.stop) == alone
    assert worker_pool.losses >= 3


def test_programs_are_scored_once_and_all_workers_take_part(
    programs: list[Program], spec: ExperimentSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: Counter[Program] = Counter()

    def counting(program: Program, *rest: object) -> object:
        scored[program] += 1
        return score_program(program, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "score_program", counting)
    worker_pool = SmallWorkerPool(3)
    worker_pool.ensure_workers(3)
    score_on_workers(programs, spec, worker_pool, worker_pool.stop)
    assert scored == Counter(programs)
    assert set(worker_pool._known) == {0, 1, 2}


def test_programs_are_scored_on_the_tasks_of_the_first_island() -> None:
    config = mixed_config("linear")
    grouped = ExperimentSpec(config, search_tasks(config, 0), seed=7)
    programs = [member.program for member in grouped.island(1).fittest(5)]
    first, second = ([score_program(each, tasks, config).fitness for each in programs] for tasks in grouped.tasks[:2])
    assert score_on_workers(programs, grouped, SmallWorkerPool(2)) == first != second


def test_a_pool_that_loses_every_worker_is_reported(programs: list[Program], spec: ExperimentSpec) -> None:
    with pytest.raises(ClusterError, match=r"batch of programs \d was lost 11 times, each time with its process"):
        score_on_workers(programs, spec, SmallWorkerPool(2, percent=100))
