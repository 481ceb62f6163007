from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.program.text import from_text
from automl_zero.run.event_factory import EventFactory
from automl_zero.run.experiment import Candidate
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.record.run_clock import RunClock


@pytest.fixture(scope="module")
def made() -> tuple[EventFactory, ExperimentPool]:
    config, engine = small_config(seed=5), ThreadEngine(3)
    pool = ExperimentPool(config, None, engine)
    pool.start_next()
    return EventFactory(config, engine, pool, RunClock(7.0)), pool


def test_an_event_holds_the_state_of_its_experiment(made: tuple[EventFactory, ExperimentPool]) -> None:
    make, pool = made
    experiment = pool.active[0]
    assert experiment.improves()
    event = make.improvement(experiment, is_best=True)
    assert (event.fitness, event.is_best, event.experiment) == (experiment.fitness, True, 0)
    assert from_text(event.program) == experiment.archipelago.best
    assert event.seconds >= 7.0
    end = make.epoch_end(experiment)
    assert end.best_fitness == experiment.fitness == max(end.island_fitness)
    assert end.programs == end.counters["programs"] == experiment.archipelago.programs
    assert end.cluster is None


def test_a_selection_holds_its_candidate_and_the_limit(made: tuple[EventFactory, ExperimentPool]) -> None:
    make, pool = made
    candidate = Candidate(pool.active[0].archipelago.best, 0.25, 0.5, 0)
    event = make.selection(pool.active[0], candidate, is_best=False, limit="experiment.patience")
    assert (event.search_fitness, event.select_fitness, event.limit) == (0.25, 0.5, "experiment.patience")
    assert not event.is_best


def test_the_first_and_the_last_event_tell_of_the_whole_run(made: tuple[EventFactory, ExperimentPool]) -> None:
    make, pool = made
    start, stop = make.start(), make.stop("stop.max_programs", cut_programs=3)
    assert (start.seed, start.workers, start.deterministic) == (5, 3, True)
    assert (stop.reason, stop.experiments, stop.cut_programs) == ("stop.max_programs", 0, 3)
    assert stop.programs == pool.counters["programs"]
