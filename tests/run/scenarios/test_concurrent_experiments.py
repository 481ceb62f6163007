"""Experiments at once: each is what it would be alone, and a run of them goes on from every state."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import ALL_STATES, QUIET, cut_events, record, resume
from support.runs.small_config import small_config
from support.runs.small_worker_pool import SmallEngine, SmallWorkerPool
from support.runs.timeless import timeless

from automl_zero.config import Config, ConfigError
from automl_zero.report.run_history import RunHistory
from automl_zero.run.checkpoint.file_format import read_checkpoint
from automl_zero.run.checkpoint.manager import state_digest
from automl_zero.run.checkpoint.snapshot import Snapshot
from automl_zero.run.console.progress import Progress
from automl_zero.run.engine_registry import choose_engine
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Event, Improvement, Selection, Stop
from automl_zero.run.record.run_folder import StoreError, read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.run import Run


def together(concurrent: int = 3, **changes: dict[str, Any]) -> Config:
    """Five experiments, which end after different numbers of epochs."""
    values: dict[str, dict[str, Any]] = {
        "stop": {"max_programs": None, "max_experiments": 5},
        "experiment": {"max_programs": 800, "patience": 250, "concurrent": concurrent},
        "baselines": {"names": []},
        "checkpoint": ALL_STATES,
        "islands": {"count": 2},
    }
    return small_config(**{**values, **changes})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was never stopped."""
    return record(together(), tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def events(whole: Path) -> list[Event]:
    return list(read_run(whole).events)


def check_same(folder: Path, whole: Path) -> None:
    assert timeless(read_run(folder).events) == timeless(read_run(whole).events)
    assert state_digest(folder) == state_digest(whole)
    assert (folder / "best" / "final.txt").read_text() == (whole / "best" / "final.txt").read_text()


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").glob("*.checkpoint"))


def found_by(events: list[Event]) -> dict[int, tuple[Any, ...]]:
    """All that an experiment tells of itself, by its number."""
    found: dict[int, list[Any]] = {}
    for event in events:
        match event:
            case EpochEnd():
                reported: tuple[Any, ...] = (event.epoch, event.experiment_programs, event.island_fitness)
            case Improvement():
                reported = (event.experiment_programs, event.fitness, event.program)
            case Selection():
                reported = (event.limit, event.search_fitness, event.select_fitness, event.program)
            case _:
                continue
        found.setdefault(event.experiment, []).append(reported)
    return {number: tuple(each) for number, each in sorted(found.items())}


@pytest.mark.parametrize("concurrent", [1, 2, 5])
def test_an_experiment_is_the_same_whatever_is_next_to_it(concurrent: int, events: list[Event]) -> None:
    found = found_by(list(Run(together(concurrent), 2).iter_events()))
    assert list(found) == [0, 1, 2, 3, 4]
    assert found == found_by(events)


def test_one_that_ends_gives_its_place_to_the_next(events: list[Event]) -> None:
    going: set[int] = set()
    sizes = []
    for event in events:
        if isinstance(event, EpochEnd):
            going.add(event.experiment)
            sizes.append(len(going))
        elif isinstance(event, Selection):
            going.remove(event.experiment)
    assert max(sizes) == 3
    assert not going
    epochs = [event.experiment for event in events if isinstance(event, EpochEnd)]
    assert epochs != sorted(epochs)
    ends = [event.experiment for event in events if isinstance(event, Selection)]
    assert ends != sorted(ends)  # so that they do not all end together


@pytest.mark.parametrize("workers", [1, 8])
def test_the_number_of_threads_changes_nothing(workers: int, whole: Path, tmp_path: Path) -> None:
    folder = record(together(), tmp_path / "run", workers)
    check_same(folder, whole)
    one, other = ([read_checkpoint(path).snapshot.digest for path in checkpoints(each)] for each in (folder, whole))
    assert one == other


def test_a_run_goes_on_from_every_state_as_if_it_had_never_stopped(whole: Path, tmp_path: Path) -> None:
    for number in range(len(checkpoints(whole))):
        folder = shutil.copytree(whole, tmp_path / str(number))
        for later in checkpoints(folder)[number + 1 :]:
            later.unlink()
        cut_events(folder, read_checkpoint(checkpoints(folder)[-1]).snapshot.state.num_events, b"oops")
        check_same(resume(folder, workers=1 + number % 3), whole)


def test_a_limit_of_the_run_ends_all_and_once_raised_all_go_on(whole: Path, tmp_path: Path) -> None:
    folder = record(together(stop={"max_programs": 500, "max_experiments": 5}), tmp_path / "run")
    found = read_run(folder).events
    assert [event.limit for event in found if isinstance(event, Selection)] == ["stop.max_programs"] * 3
    assert isinstance(found[-1], Stop)
    assert found[-1].experiments == 3
    check_same(resume(folder, "stop.max_programs=none"), whole)


def test_more_experiments_may_be_allowed_later(whole: Path, tmp_path: Path) -> None:
    folder = record(together(stop={"max_programs": None, "max_experiments": 2}), tmp_path / "run")
    resume(folder, "stop.max_experiments=5")
    assert found_by(list(read_run(folder).events)) == found_by(list(read_run(whole).events))


def test_arrays_of_an_experiment_that_is_not_there_are_refused(whole: Path) -> None:
    snapshot = read_checkpoint(checkpoints(whole)[0]).snapshot
    alone = Snapshot(replace(snapshot.state, other_experiments=()), snapshot.arrays)
    with pytest.raises(StoreError, match="it has beside"):
        Run(together(), resumed=alone)


def test_progress_follows_the_fittest_of_those_at_once(events: list[Event]) -> None:
    progress, best = Progress(together()), {}
    for event in events:
        progress.update(event)
        if isinstance(event, Improvement):
            best[event.experiment] = event.fitness
            assert progress.improvement
            assert progress.improvement.fitness >= event.fitness
            assert progress.curve[-1][1] >= event.fitness
    assert progress.spent.experiments == len(best) == 5


def test_the_report_has_the_whole_course_of_the_selected_experiment(events: list[Event]) -> None:
    story = RunHistory(together())
    for event in events:
        story.update(event)
    number = story.shown_experiment.experiment
    epochs = [each for each in events if isinstance(each, EpochEnd) and each.experiment == number]
    assert story.shown_experiment.all_epochs == epochs
    assert [each.epoch for each in epochs] == list(range(1, len(epochs) + 1))
    assert story.progress.selection
    assert story.progress.selection.experiment == number


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("concurrent", [2, 3])
@pytest.mark.parametrize(("workers", "percent"), [(1, 0), (2, 0), (2, 10)])
def test_workers_give_what_threads_give(concurrent: int, count: int, workers: int, percent: int) -> None:
    config, worker_pool = (
        together(concurrent, islands={"count": count, "migrants": 0}),
        SmallWorkerPool(workers, percent),
    )
    assert timeless(list(Run(config, engine=SmallEngine(worker_pool)).iter_events())) == timeless(
        list(Run(config, 2).iter_events())
    )
    assert (worker_pool.losses > 0) == (percent > 0)


class Crowd(Callback):
    """Lets workers come and go between epochs; keeps the loads of all workers after each."""

    def __init__(self, worker_pool: SmallWorkerPool) -> None:
        self.worker_pool, self.epochs = worker_pool, 0
        self.loads: list[list[int]] = []

    def on_epoch(self, _: EpochEnd) -> None:
        self.epochs += 1
        self.loads.append(sorted(len(worker._islands) for worker in self.worker_pool._workers.values()))
        self.worker_pool.size = 1 + self.epochs % 3
        if self.epochs % 4 == 0:
            self.worker_pool.drop(self.worker_pool.workers[0])


def test_workers_that_join_and_are_lost_change_nothing() -> None:
    config = together(3, islands={"count": 1, "migrants": 0})
    worker_pool = SmallWorkerPool(1)
    crowd = Crowd(worker_pool)
    found = list(Run(config, callbacks=[crowd], engine=SmallEngine(worker_pool)).iter_events())
    assert timeless(found) == timeless(list(Run(config, 2).iter_events()))
    assert worker_pool.losses >= 2


def test_experiments_of_one_island_fill_the_workers_that_join_and_leave_none_behind() -> None:
    """Those that end free their places, too: their workers forget them with their next message."""
    worker_pool, held = SmallWorkerPool(1), []
    config = together(3, islands={"count": 1, "migrants": 0})

    class Joining(Callback):
        def on_epoch(self, _: EpochEnd) -> None:
            worker_pool.size = 3
            held.append(sorted(len(worker._islands) for worker in worker_pool._workers.values()))

    list(Run(config, callbacks=[Joining()], engine=SmallEngine(worker_pool)).iter_events())
    assert [1, 1, 1] in held
    assert max(map(sum, held)) <= 4


def test_a_run_goes_on_from_a_state_on_workers(whole: Path, tmp_path: Path) -> None:
    folder = record(together(stop={"max_programs": 500, "max_experiments": 5}), tmp_path / "run")
    engine = SmallEngine(SmallWorkerPool(2, 10))
    resume_folder(folder, ["stop.max_programs=none"], False, 1, QUIET, engine=engine)
    check_same(folder, whole)


def test_islands_that_do_not_wait_are_refused() -> None:
    with pytest.raises(ConfigError, match="concurrent = 3 is for islands that wait"):
        Run(together(islands={"synchronous": False}), engine=choose_engine("ray", 1, None))
