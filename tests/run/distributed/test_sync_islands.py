"""Islands on workers that come and go are the islands of threads, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.runs.small_config import mixed_config, small_config
from support.runs.small_worker_pool import SmallEngine, SmallWorkerPool

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.distributed.sync_islands import STATE_EPOCHS, SyncIslands
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import ClusterError, Engine, ExperimentSpec
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.record.run_folder import StoreError

EPOCHS = 2 * STATE_EPOCHS + 1
CONFIGS: dict[str, Config] = {
    "alike": small_config(islands={"count": 5}),
    "alone": small_config(islands={"migrants": 0}),
    "fittest kept": small_config(islands={"keep_fittest": True}),
    "groups": mixed_config("linear", islands={"migration_epochs": 2}),
}
kinds = pytest.mark.parametrize("kind", CONFIGS)


def archipelago(kind: str, engine: Engine) -> Archipelago:
    config = CONFIGS[kind]
    return Archipelago(config, search_tasks(config, 0), 5, engine=engine)


def states(made: Archipelago) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in made.islands.arrays.items()}


Known = tuple[dict[str, bytes], list[float], dict[str, int], int, Program, object]


def known(made: Archipelago) -> Known:
    """All that a run asks for."""
    return states(made), made.islands.fitness.tolist(), made.counters, made.leader, made.best, made.immigrants


@pytest.fixture(scope="module")
def in_threads() -> dict[str, list[Known]]:
    """What is known after each epoch, by the name of the config."""
    return {kind: after_epochs(kind, ThreadEngine(1)) for kind in CONFIGS}


def after_epochs(kind: str, engine: Engine) -> list[Known]:
    made = archipelago(kind, engine)
    return [known(made) for _ in range(EPOCHS) if made.run_epoch() is not None]


@kinds
@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_the_number_of_workers_changes_nothing(kind: str, workers: int, in_threads: dict[str, list[Known]]) -> None:
    assert after_epochs(kind, SmallEngine(SmallWorkerPool(workers))) == in_threads[kind]


@kinds
@pytest.mark.parametrize(("workers", "percent"), [(1, 10), (2, 20), (3, 30)])
def test_workers_that_are_lost_change_nothing(
    kind: str, workers: int, percent: int, in_threads: dict[str, list[Known]]
) -> None:
    """States are asked for at the end alone, since whoever knows one need not make its island again."""
    worker_pool = SmallWorkerPool(workers, percent, seed=workers)
    made = archipelago(kind, SmallEngine(worker_pool))
    for _ in range(EPOCHS):
        made.run_epoch()
    assert known(made) == in_threads[kind][-1]
    assert isinstance(made.islands, SyncIslands)
    assert min(worker_pool.losses, made.islands.replays) >= 3


@kinds
def test_workers_that_come_and_go_change_nothing(kind: str, in_threads: dict[str, list[Known]]) -> None:
    worker_pool = SmallWorkerPool(1)
    made = archipelago(kind, SmallEngine(worker_pool))
    for size in (1, 3, 2, 4, 1, 2) * 3:
        worker_pool.size = size
        while len(worker_pool.workers) > size:
            worker_pool.drop(worker_pool.workers[0])
        if made.epoch < EPOCHS:
            made.run_epoch()
    assert known(made) == in_threads[kind][-1]


def test_workers_that_have_joined_get_their_share() -> None:
    worker_pool = SmallWorkerPool(1)
    made = archipelago("alike", SmallEngine(worker_pool))
    held: list[list[int]] = []
    for size in (1, 2, 4, 5):
        worker_pool.size = size
        made.run_epoch()
        held.append(sorted(len(worker._islands) for worker in worker_pool._workers.values()))
    assert held == [[5], [2, 3], [1, 1, 1, 2], [1] * 5]


@kinds
def test_islands_continue_from_saved_states(kind: str, in_threads: dict[str, list[Known]]) -> None:
    one, other = (archipelago(kind, SmallEngine(SmallWorkerPool(2))) for _ in range(2))
    for _ in range(3):
        one.run_epoch()
    other.restore(one.arrays)
    other.epoch = 3
    for _ in range(3):
        other.run_epoch()
    assert known(other) == in_threads[kind][5]


@pytest.mark.parametrize(
    ("name", "fault"),
    [("islands.0.random", "it has no islands.0.random"), ("islands.7.random", "for which there is no place")],
)
def test_states_of_another_config_are_refused(name: str, fault: str) -> None:
    made = archipelago("alike", SmallEngine(SmallWorkerPool(2)))
    arrays: dict[str, Any] = dict(made.islands.arrays)
    if arrays.pop(name, None) is None:
        arrays[name] = np.zeros(4, np.uint64)
    with pytest.raises(StoreError, match=fault):
        made.islands.restore(arrays)


def test_a_pool_that_loses_every_worker_is_reported() -> None:
    with pytest.raises(ClusterError, match=r"island \d was lost 11 times, each time with"):
        archipelago("alike", SmallEngine(SmallWorkerPool(2, percent=100)))


def test_two_experiments_of_one_seed_are_not_mixed_up() -> None:
    engine = SmallEngine(SmallWorkerPool(2))
    first = archipelago("alike", engine)
    with pytest.raises(ValueError, match="an experiment of seed 5 is running"):
        archipelago("alone", engine)
    first.islands.end()
    engine.islands(ExperimentSpec(CONFIGS["alone"], search_tasks(CONFIGS["alone"], 0), 6))
