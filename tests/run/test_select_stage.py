from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs.sample_events import selection
from support.runs.small_config import small_config

from automl_zero.run.experiment import Experiment
from automl_zero.run.select_stage import SelectStage
from automl_zero.run.stop_control import StopControl
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.stop_flag import StopFlag, Stopped


def stage(seed: int = 1) -> SelectStage:
    return SelectStage(small_config(seed), StopControl(None, StopFlag()))


def test_the_tasks_are_those_of_the_select_stage_and_built_once() -> None:
    selecting, config = stage(), small_config(1)
    assert selecting.tasks.digest == build_tasks(config.tasks, Stage.SELECT, config.seed).digest
    assert selecting.tasks is selecting.tasks


def test_only_the_best_of_the_run_are_kept() -> None:
    selecting = stage()
    assert selecting.best_fitness == -1.0
    for fitness, is_best in ((0.3, True), (0.2, False), (0.4, True)):
        selecting.add(replace(selection(fitness, is_best=is_best)))
    assert [each.select_fitness for each in selecting.selections] == [0.3, 0.4]
    assert selecting.best_fitness == 0.4


def test_scoring_ends_when_the_time_is_over() -> None:
    selecting = stage()
    experiment = Experiment(small_config(1), 0, None)
    assert selecting.score(experiment).select_fitness >= 0
    selecting._stop_control.scoring.set()
    with pytest.raises(Stopped):
        selecting.score(experiment)
