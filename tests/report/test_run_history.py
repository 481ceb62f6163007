"""What a report shows is gathered in bounded memory, of the experiment that was selected."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from support.runs.sample_events import EPOCH
from support.runs.small_config import small_config

from automl_zero.report import run_history as module
from automl_zero.report.run_history import ExperimentHistory, RunHistory, milestones
from automl_zero.run.record.events import Event, Improvement, Lineage, Selection


def improvement(number: int, fitness: float, experiment: int = 0) -> Improvement:
    return Improvement(
        seconds=1.0, experiment=experiment, experiment_programs=number, fitness=fitness, is_best=True, program=""
    )


def selection(experiment: int, is_best: bool) -> Selection:
    return Selection(
        seconds=1.0,
        experiment=experiment,
        experiment_programs=1,
        search_fitness=0.5,
        select_fitness=0.5,
        is_best=is_best,
        limit="x",
        program="",
    )


def lineage(experiment: int) -> Lineage:
    return Lineage(seconds=1.0, experiment=experiment, ancestors=(), effects={})


def history_of(*events: Event) -> RunHistory:
    history = RunHistory(small_config())
    for event in events:
        history.update(event)
    return history


def test_of_several_experiments_the_one_selected_last_is_shown() -> None:
    first = [improvement(1, 0.1), replace(EPOCH, experiment=0), selection(0, True), lineage(0)]
    second = [improvement(2, 0.2, 1), selection(1, False)]
    third = [improvement(3, 0.3, 2)]
    history = history_of(*first, *second, *third)
    assert [each.experiment_programs for each in history.shown_experiment.improvements] == [1]
    assert history.lineage == lineage(0)


def test_before_one_is_selected_the_one_that_goes_on_is_shown() -> None:
    history = history_of(improvement(1, 0.1), replace(EPOCH, epoch=1))
    assert history.shown_experiment.improvements == [improvement(1, 0.1)]
    assert history.shown_experiment.all_epochs == [EPOCH]
    assert history.lineage is None


def test_a_lineage_belongs_to_the_selection_before_it() -> None:
    assert history_of(selection(0, True), lineage(0), selection(1, True)).lineage is None


@pytest.mark.parametrize("count", [1, 10, 11, 64, 1000])
def test_epochs_are_thinned_evenly_and_the_latest_is_kept(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EPOCHS", 10)
    experiment = ExperimentHistory(0)
    for number in range(1, count + 1):
        experiment.add_epoch(replace(EPOCH, epoch=number))
    numbers = [each.epoch for each in experiment.all_epochs]
    assert numbers[-1] == count
    assert len(numbers) <= 11
    kept = numbers[:-1]
    assert len({later - one for one, later in pairwise(kept)}) <= 1


def test_of_many_improvements_the_large_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_IMPROVEMENTS", 20)
    experiment = ExperimentHistory(0)
    for number in range(100):
        experiment.add_improvement(improvement(number, number / 1000 + (number >= 50) / 2))
    assert len(experiment.improvements) <= 20
    assert {0, 50, 99} <= {each.experiment_programs for each in experiment.improvements}


def test_milestones_are_the_first_the_last_and_the_largest_gains() -> None:
    steps = [improvement(*each) for each in ((1, 0.1), (2, 0.11), (3, 0.5), (4, 0.52), (5, 0.9), (6, 0.91))]
    assert milestones(steps, 6) == steps
    assert milestones(steps, 4) == [steps[0], steps[2], steps[4], steps[5]]
    assert milestones([], 4) == []
