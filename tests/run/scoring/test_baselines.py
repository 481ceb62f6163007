from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from support.data.table_file import of_kind
from support.runs.small_config import STAGE, small_config

from automl_zero.config import BaselinesConfig, Config
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.run.record.events import Baseline
from automl_zero.run.scoring import baselines as module
from automl_zero.run.scoring import score_cache
from automl_zero.run.scoring.baselines import ALGORITHMS, baselines
from automl_zero.run.scoring.task_score import fitnesses, score_program
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks

TaskSets = dict[Stage, TaskSet]
FEW = STAGE | {"num_train": 60}


@pytest.fixture(autouse=True)
def _no_scores_of_other_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_cache, "cache_root", lambda: tmp_path)


def habitat(trials: int = 3, **tasks: Any) -> tuple[TaskSets, Config]:
    config = small_config(
        tasks={"search": FEW, "select": FEW, "final": FEW, **tasks}, baselines={"trials": trials, "names": ["linear"]}
    )
    return {stage: build_tasks(config.tasks, stage, 0) for stage in Stage}, config


def found(name: str, tasks: TaskSets, config: Config) -> Baseline:
    (only,) = baselines(tasks, config, [name])
    return only


def test_the_config_can_name_every_algorithm() -> None:
    (names,) = {get_args(each)[0] for each in [BaselinesConfig.model_fields["names"].annotation]}
    assert set(get_args(names)) == set(ALGORITHMS)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_algorithm_scores_on_every_kind_at_every_stage(kind: str, name: str) -> None:
    tasks, config = habitat(trials=1, **of_kind(kind))
    if not ALGORITHMS[name].suits(tasks[Stage.SELECT]):
        assert baselines(tasks, config, [name]) == ()
        return
    each = found(name, tasks, config)
    assert each.name == ALGORITHMS[name].names[kind.startswith("image")]
    assert list(each.scores) == list(Stage)
    assert all(0 < score.fitness <= 1 for score in each.scores.values())


def test_the_config_chooses_the_algorithms() -> None:
    assert [each.name for each in baselines(*habitat())] == ["ridge regression"]


def test_figure_6_is_for_two_classes_alone() -> None:
    suited = [kind for kind in KINDS if ALGORITHMS["figure-6"].suits(habitat(**of_kind(kind))[0][Stage.SELECT])]
    assert suited == ["image-pairs", "image-groups"]


def test_algorithms_that_cannot_do_many_classes_are_left_out() -> None:
    tasks, config = habitat(trials=1, kind="image-groups", num_classes=3)
    names = [each.name for each in baselines(tasks, config, list(ALGORITHMS))]
    assert names == ["logistic regression", "multilayer perceptron", "two-layer net"]


@pytest.mark.parametrize("kind", ["linear", "affine"])
def test_linear_regression_solves_linear_and_affine_tasks(kind: str) -> None:
    tasks, config = habitat(trials=10, kind=kind)
    assert all(score.fitness > 0.99 for score in found("linear", tasks, config).scores.values())


@pytest.mark.parametrize("name", ["linear", "mlp", "gradient-descent", "net", "figure-6"])
def test_it_beats_chance_on_images_and_knows_its_error(name: str) -> None:
    for score in found(name, *habitat(trials=10, kind="image-pairs")).scores.values():
        assert score.fitness > 0.6
        assert score.standard_error is not None
        assert 0 < score.standard_error < 0.1


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_a_fitted_model_does_not_see_the_validation_labels(name: str) -> None:
    tasks, config = habitat(kind="image-pairs")
    swapped = {stage: replace(each, valid_y=1 - each.valid_y) for stage, each in tasks.items()}
    one, other = (found(name, each, config).scores for each in (tasks, swapped))
    assert all(one[stage].fitness > 0.5 > other[stage].fitness for stage in Stage)


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_a_task_with_one_class_in_training_is_predicted_as_that_class(name: str) -> None:
    tasks, config = habitat(kind="image-pairs")
    constant = {
        stage: replace(each, train_y=np.ones_like(each.train_y), valid_y=np.ones_like(each.valid_y))
        for stage, each in tasks.items()
    }
    assert all(score.fitness == 1 for score in found(name, constant, config).scores.values())


def test_settings_are_those_that_do_best_on_the_select_tasks_alone() -> None:
    tasks, config = habitat(trials=8, kind="teacher-net")
    tried: dict[tuple[float, float], float] = {}

    def recording(settings: Any, each: TaskSet, config: Config) -> list[float]:
        program = two_layer_net(settings["learning rate"], settings["first weights"])
        scores = fitnesses(program, each, config)
        if each.digest == tasks[Stage.SELECT].digest:
            tried.setdefault(tuple(settings.values()), float(np.median(scores)))
        return scores

    net = replace(ALGORITHMS["net"], scores=recording)
    best = module.baseline(net, tasks, config)
    assert len(tried) == 8
    assert (0.01, 0.1) in tried
    rate, scale = max(tried, key=lambda settings: tried[settings])
    assert best.setting == f"learning rate {rate:.3g}, first weights {scale:.3g}"
    for stage in Stage:
        assert best.scores[stage] == score_program(two_layer_net(rate, scale), tasks[stage], config)


def test_figure_6_is_as_the_paper_has_it() -> None:
    tasks, config = habitat(kind="image-groups")
    figure_6 = found("figure-6", tasks, config)
    assert figure_6.setting == "untuned"
    assert figure_6.scores[Stage.FINAL] == score_program(library_program("figure_6"), tasks[Stage.FINAL], config)


def test_what_was_scored_before_is_not_scored_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, config = habitat(trials=2)
    once = found("net", tasks, config)
    monkeypatch.setattr(module, "_tuned", lambda *_: pytest.fail("scored again"))
    assert found("net", tasks, config) == once
    with pytest.raises(pytest.fail.Exception, match="scored again"):
        found("net", tasks, config.model_copy(update={"dtype": "float64"}))


def test_the_perceptron_is_tuned_on_a_few_of_the_tasks() -> None:
    tasks, config = habitat()
    sizes: list[int] = []

    def recording(_: Any, each: TaskSet, __: Config) -> list[float]:
        sizes.append(len(each))
        return [0.5] * len(each)

    module.baseline(replace(ALGORITHMS["mlp"], scores=recording), tasks, config)
    assert sizes == [8, 8, 8, 10, 10, 10]
