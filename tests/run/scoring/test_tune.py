from __future__ import annotations

from typing import Any

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.run.scoring.task_score import score_program
from automl_zero.run.scoring.tune import TuningLimits, tune
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks

LINEAR, NET = library_program("linear_regression"), library_program("two_layer_net")


def small_tasks(**changes: Any) -> tuple[TaskSet, Config]:
    config = small_config(**changes)
    return build_tasks(config.tasks, Stage.SELECT, config.seed), config


@pytest.mark.parametrize("program", [LINEAR, NET], ids=["one constant", "three constants"])
def test_a_tuned_program_does_better_and_scores_what_its_best_trial_says(program: Program) -> None:
    tasks, config = small_tasks()
    found = tune(program, tasks, config, 40)
    assert len(found.trials) == 40
    assert found.best.fitness > found.trials[0].fitness + 0.05
    assert score_program(found.program, tasks, config).fitness == found.best.fitness


def test_the_first_trial_is_the_program_as_it_is() -> None:
    tasks, config = small_tasks()
    found = tune(LINEAR, tasks, config, 1)
    assert found.program == LINEAR
    assert [trial.values for trial in found.trials] == [(0.01,)]


def test_signs_stay_and_factors_are_from_a_thousandth_to_a_thousand() -> None:
    tasks, config = small_tasks()
    found = tune(NET, tasks, config, 60)
    for trial in found.trials:
        for constant, value in zip(found.constants, trial.values, strict=True):
            assert 0.999e-3 < value / constant.value < 1.001e3


def test_a_tuning_goes_on_from_the_best_of_what_was_tried_at_random() -> None:
    tasks, config = small_tasks()
    found = tune(LINEAR, tasks, config, 61)
    best_at_random = max(trial.fitness for trial in found.trials[:19])
    later = [trial.fitness for trial in found.trials[-10:]]
    assert found.best.fitness >= best_at_random
    assert sum(later) / len(later) > best_at_random - 0.05


@pytest.mark.parametrize("workers", [2, 3])
def test_threads_change_nothing(workers: int) -> None:
    tasks, config = small_tasks()
    assert tune(NET, tasks, config, 25, workers) == tune(NET, tasks, config, 25)


def test_another_seed_tries_other_values() -> None:
    tasks, config = small_tasks()
    other = config.model_copy(update={"seed": 1})
    assert tune(LINEAR, tasks, config, 5).trials[1:] != tune(LINEAR, tasks, other, 5).trials[1:]


def test_a_program_without_constants_is_run_once() -> None:
    tasks, config = small_tasks()
    found = tune(Program(), tasks, config, 20)
    assert (found.program, found.constants, len(found.trials)) == (Program(), (), 1)


def test_progress_counts_every_trial() -> None:
    progress: list[int] = []
    tasks, config = small_tasks()
    tune(NET, tasks, config, 23, on_progress=progress.append)
    assert sum(progress) == 23


def test_where_all_values_are_equal_the_first_is_kept_and_all_trials_are_made() -> None:
    tasks, config = small_tasks()
    same = from_text("def Setup():\n s2 = 0.5\ndef Predict():\n s1 = s2 - s2\ndef Learn():\n")
    found = tune(same, tasks, config, 150)
    assert (found.program, len(found.trials)) == (same, 150)


def test_factors_stay_within_the_decades_of_the_limits() -> None:
    tasks, config = small_tasks()
    found = tune(NET, tasks, config, 60, limits=TuningLimits(decades=0.5))
    given = [each.value for each in found.constants]
    factors = [abs(value / old) for trial in found.trials for value, old in zip(trial.values, given, strict=True)]
    assert 10**-0.5 <= min(factors) < 0.5
    assert 2 < max(factors) <= 10**0.5


@pytest.mark.parametrize(("workers", "trials"), [(1, 6), (2, 10)])
def test_a_clock_ends_it_after_trials_that_would_have_been_made_without_it(workers: int, trials: int) -> None:
    tasks, config = small_tasks()
    clock = iter([False] * 5 + [True] * 5)
    found = tune(NET, tasks, config, 25, workers, limits=TuningLimits(is_over=lambda: next(clock)))
    assert found.trials == tune(NET, tasks, config, 25).trials[:trials]
