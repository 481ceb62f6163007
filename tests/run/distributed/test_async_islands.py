"""Islands that do not wait for each other: the fast ones do more, and nothing is lost or counted twice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.runs.saved_states import QUIET
from support.runs.small_config import mixed_config, small_config
from support.runs.small_worker_pool import SmallEngine, SmallWorkerPool, UnevenWorkerPool

from automl_zero.config import Config, ConfigError
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.distributed.async_islands import AsyncIslands
from automl_zero.run.distributed.sync_islands import SyncIslands
from automl_zero.run.experiment import search_tasks
from automl_zero.run.record.events import EpochEnd, Event
from automl_zero.run.record.run_folder import StoreError, read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.run import Run
from automl_zero.run.session import run_to_folder
from automl_zero.search.lineage_log import Ancestors

EPOCHS = 12
FREE = {"synchronous": False}
CONFIGS: dict[str, Config] = {
    "alike": small_config(islands={"count": 5, **FREE}),
    "alone": small_config(islands={"migrants": 0, **FREE}),
    "groups": mixed_config("linear", islands={"migration_epochs": 2, **FREE}),
}
kinds = pytest.mark.parametrize("kind", CONFIGS)


def archipelago(kind: str, worker_pool: SmallWorkerPool) -> Archipelago:
    config = CONFIGS[kind]
    return Archipelago(config, search_tasks(config, 0), 5, engine=SmallEngine(worker_pool))


def free(made: Archipelago) -> AsyncIslands:
    assert isinstance(made.islands, AsyncIslands)
    return made.islands


def after_epochs(kind: str, worker_pool: SmallWorkerPool, count: int = EPOCHS) -> Archipelago:
    made = archipelago(kind, worker_pool)
    for _ in range(count):
        made.run_epoch()
    return made


def held_by(made: Archipelago) -> dict[int, list[int]]:
    """The islands of each worker that is there."""
    replicas = free(made)._replicas
    workers = free(made)._worker_pool.workers
    return {worker: [number for number, each in enumerate(replicas) if each.worker == worker] for worker in workers}


def now(made: Archipelago) -> dict[str, bytes]:
    """The states as they are on the workers."""
    asked = SyncIslands.arrays.fget  # type: ignore[attr-defined]
    return {name: array.tobytes() for name, array in asked(made.islands).items()}


@kinds
def test_a_fast_worker_does_more_epochs_than_a_slow_one(kind: str) -> None:
    worker_pool = UnevenWorkerPool(2, (1.0, 4.0))
    made = after_epochs(kind, worker_pool)
    done, held = free(made)._epochs, held_by(made)
    fast, slow = (done[held[worker]].mean() for worker in sorted(held))
    assert fast > 2 * slow > 0
    assert len(made.tasks) * EPOCHS <= done.sum() < len(made.tasks) * (EPOCHS + 1)


@kinds
@pytest.mark.parametrize(("workers", "percent"), [(1, 0), (2, 20), (3, 30)])
def test_no_program_is_lost_or_counted_twice(kind: str, workers: int, percent: int) -> None:
    worker_pool = UnevenWorkerPool(workers, (1.0, 2.5, 4.0, 1.5), percent, seed=workers)
    made = archipelago(kind, worker_pool)
    before = made.islands.counters.copy()
    births: list[Ancestors] = []
    take = made.lineage.add
    made.lineage.add = lambda result: (births.extend(each.ancestors for each in result.epoch_stats), take(result))[1]  # type: ignore[func-returns-value,method-assign]
    for _ in range(EPOCHS):
        made.run_epoch()
    assert made.drain()
    assert not made.drain()
    assert len(births) == free(made)._epochs.sum()  # one for each epoch of an island
    made_here = (made.islands.counters - before)[:, 0]
    epochs = free(made)._epochs * CONFIGS[kind].islands.epoch_programs
    rescored = made_here - epochs
    assert (rescored >= 0).all()
    assert rescored.any() == (kind == "groups")
    assert np.unique([number for each in births for number in each.identity.tolist()]).size == sum(
        len(each.identity) for each in births
    )
    if percent:
        assert min(worker_pool.losses, free(made).replays) >= 3


@kinds
def test_a_state_is_that_of_the_latest_reports(kind: str) -> None:
    made = after_epochs(kind, UnevenWorkerPool(3, (1.0, 3.0, 2.0), 10))
    kept = {name: array.copy() for name, array in made.arrays.items()}
    reported = made.counters, made.islands.fitness.tolist(), made.islands.effects.tolist(), made.best
    other = archipelago(kind, SmallWorkerPool(1))
    other.restore(kept)
    assert (other.counters, other.islands.fitness.tolist(), other.islands.effects.tolist(), other.best) == reported
    assert {name: array.tobytes() for name, array in other.arrays.items()} == {
        name: array.tobytes() for name, array in kept.items()
    }


@kinds
def test_a_restored_island_is_the_same(kind: str) -> None:
    made, other = after_epochs(kind, UnevenWorkerPool(2, (1.0, 3.0), 10)), archipelago(kind, SmallWorkerPool(2))
    made.drain()
    other.restore(made.arrays)
    assert now(other) == now(made)


def test_programs_migrate() -> None:
    """The ancestors of a program are of several islands."""
    made = after_epochs("alike", UnevenWorkerPool(2, (1.0, 3.0)), 30)
    members = made.islands.fittest(5, range(5))
    ancestries = [made.lineage.ancestry(member.ancestor) for found in members for member in found]
    assert any(one.island != other.island for line in ancestries for one, other in pairwise(line))
    assert all(
        line[-1].fitness == found[0].fitness for found in members if (line := made.lineage.ancestry(found[0][2]))
    )


def test_workers_that_have_joined_get_their_share() -> None:
    worker_pool = UnevenWorkerPool(1, (1.0, 2.0))
    made = archipelago("alike", worker_pool)
    held: list[list[int]] = []
    for size in (1, 2, 4, 5):
        worker_pool.size = size
        for _ in range(4):
            made.run_epoch()
        held.append(sorted(len(numbers) for numbers in held_by(made).values()))
    assert held == [[5], [2, 3], [1, 1, 1, 2], [1] * 5]


# Runs -----------------------------------------------------------------------------------------------------------------


def epochs_of(events: list[Event]) -> list[EpochEnd]:
    return [event for event in events if isinstance(event, EpochEnd)]


def check_whole(events: list[Event]) -> None:
    """Epochs follow each other, programs and fitness rise, and what is selected is the best that was reported."""
    epochs, improvements = epochs_of(events), [each for each in events if each.event == "improvement"]
    for one, other in pairwise(epochs):
        if one.experiment == other.experiment:
            assert other.epoch == one.epoch + 1
            assert other.best_fitness >= one.best_fitness
        assert other.programs > one.programs
    for event in events:
        if event.event == "select":
            last = [each for each in epochs if each.experiment == event.experiment][-1]
            assert event.experiment_programs == last.experiment_programs
            improvements = [each for each in events if each.event == "improvement"]
            assert (
                last.best_fitness == [each for each in improvements if each.experiment == event.experiment][-1].fitness
            )
    assert events[-1].event == "stop"


@pytest.mark.parametrize(
    "limits",
    [
        {"stop": {"max_programs": 3000}},
        {"stop": {"max_programs": None, "max_experiments": 2}, "experiment": {"max_programs": 1000}},
        {"stop": {"max_programs": None, "max_seconds": 0.5}},
    ],
    ids=["programs", "experiments", "seconds"],
)
def test_a_run_ends_and_all_of_its_programs_count(limits: dict[str, Any]) -> None:
    config = small_config(islands={**FREE, "migrants": 5}, baselines={"names": []}, **limits)
    events = list(Run(config, engine=SmallEngine(UnevenWorkerPool(2, (1.0, 3.0), 10))).iter_events())
    check_whole(events)
    assert events[0].event == "start"
    assert not events[0].deterministic


def test_a_run_resumes_from_a_checkpoint(tmp_path: Path) -> None:
    config = small_config(
        islands=FREE, baselines={"names": []}, stop={"max_programs": 2000}, checkpoint={"every_epochs": 1}
    )
    folder = tmp_path / "run"
    run_to_folder(config, folder, 1, QUIET, engine=SmallEngine(UnevenWorkerPool(2, (1.0, 3.0))))
    assert "not deterministic: islands do not wait for each other" in (folder / "report.txt").read_text()
    before = len(epochs_of(list(read_run(folder).events)))
    resume_folder(
        folder, ["stop.max_programs=4000"], False, 1, QUIET, engine=SmallEngine(UnevenWorkerPool(3, (2.0, 1.0)))
    )
    events = list(read_run(folder).events)
    check_whole(events)
    assert len(epochs_of(events)) > before > 5


def test_threads_are_refused_and_reported_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"islands\.synchronous = false is for clusters.*use --engine ray"):
        Run(small_config(islands=FREE))


# What is damaged ------------------------------------------------------------------------------------------------------

Arrays = dict[str, NDArray[Any]]


def change(name: str, to: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[[Arrays], None]:
    def damage(arrays: Arrays) -> None:
        arrays[f"islands.1.since.{name}"] = to(arrays[f"islands.1.since.{name}"].copy())

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("islands.1.since.order"),
        lambda arrays: arrays.update({"islands.1.since.more": np.zeros(3)}),
        lambda arrays: arrays.update({"islands.9.since.code": np.zeros(3)}),
        change("order", lambda order: order * 1000),
        change("order", lambda order: order.astype(np.float64)),
        change("slots", lambda slots: slots + 1000),
        change("slots", lambda slots: slots[:, 1:]),
        change("code", lambda code: code + 100),
        change("size", lambda size: size + 100),
        change("fitness", lambda fitness: fitness * np.nan),
    ],
    ids=["lacks one", "another", "no island", "searches", "type", "slots", "migrants", "ops", "sizes", "NaN"],
)
def test_what_no_search_has_done_is_refused(damage: Callable[[Arrays], object]) -> None:
    arrays = dict(after_epochs("alike", SmallWorkerPool(2), 5).arrays)
    damage(arrays)
    with pytest.raises(StoreError, match=r"islands\.[19]\.since"):
        archipelago("alike", SmallWorkerPool(2)).restore(arrays)
