from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_config import STAGE, small_config
from table_file import of_kind

from automl_zero.config import Config
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.run.baselines import INIT_SCALES, LEARNING_RATES, baselines, linear_model, net
from automl_zero.run.scoring import score_program
from automl_zero.tasks.suites import KINDS, Stage, build_tasks
from automl_zero.tasks.task import TaskSet

TaskSets = dict[Stage, TaskSet]
FEW = STAGE | {"num_train": 60}


def habitat(**tasks: Any) -> tuple[TaskSets, Config]:
    config = small_config(tasks={"search": FEW, "select": FEW, "final": FEW, **tasks})
    return {stage: build_tasks(config.tasks, stage, 0) for stage in Stage}, config


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tasks_has_both_baselines_at_every_stage(kind: str) -> None:
    found = baselines(*habitat(**of_kind(kind)))
    assert [each.name for each in found] == [
        "logistic regression" if kind.startswith("digits") else "linear regression",
        "two-layer net",
    ]
    for each in found:
        assert list(each.scores) == list(Stage)
        assert all(0 < score.fitness <= 1 for score in each.scores.values())


@pytest.mark.parametrize("kind", ["linear", "affine"])
def test_linear_regression_solves_linear_and_affine_tasks(kind: str) -> None:
    assert all(score.fitness > 0.999999 for score in linear_model(*habitat(kind=kind)).scores.values())


def test_logistic_regression_beats_chance_on_images_and_knows_it() -> None:
    for score in linear_model(*habitat(kind="image-pairs")).scores.values():
        assert score.fitness > 0.7
        assert score.standard_error is not None
        assert 0 < score.standard_error < 0.1


def test_logistic_regression_does_not_see_the_validation_labels() -> None:
    tasks, config = habitat(kind="image-pairs")
    swapped = {stage: replace(each, valid_y=1 - each.valid_y) for stage, each in tasks.items()}
    one, other = linear_model(tasks, config).scores, linear_model(swapped, config).scores
    assert all(one[stage].fitness > 0.5 > other[stage].fitness for stage in Stage)


def test_a_task_with_one_class_in_training_is_predicted_as_that_class() -> None:
    tasks, config = habitat(kind="image-pairs")
    constant = {
        stage: replace(each, train_y=np.ones_like(each.train_y), valid_y=np.ones_like(each.valid_y))
        for stage, each in tasks.items()
    }
    assert all(score.fitness == 1 for score in linear_model(constant, config).scores.values())


def test_the_net_is_the_one_that_does_best_on_the_select_tasks() -> None:
    tasks, config = habitat(kind="teacher-net")
    grid = {
        (rate, scale): score_program(two_layer_net(rate, scale), tasks[Stage.SELECT], config).fitness
        for rate in LEARNING_RATES
        for scale in INIT_SCALES
    }
    rate, scale = max(grid, key=lambda setting: grid[setting])
    found = net(tasks, config)
    assert found.setting == f"learning rate {rate}, first weights {scale}"
    for stage in Stage:
        assert found.scores[stage] == score_program(two_layer_net(rate, scale), tasks[stage], config)


def test_with_many_classes_the_net_is_the_one_of_the_library() -> None:
    tasks, config = habitat(kind="image-groups", num_classes=3)
    found = net(tasks, config)
    assert found.setting == "multiclass_mean_learning_rate"
    assert found.scores[Stage.FINAL] == score_program(library_program(found.setting), tasks[Stage.FINAL], config)
    assert all(score.fitness > 0.3 for score in linear_model(tasks, config).scores.values())
