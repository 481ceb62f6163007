from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.data.table_file import of_kind
from support.runs.small_config import STAGE, small_config

from automl_zero.config.task_kind_facts import KINDS
from automl_zero.run.scoring.baselines import ALGORITHMS
from automl_zero.run.scoring.task_summary import TaskSummary, describe, summarize_tasks
from automl_zero.tasks.task import Loss
from automl_zero.tasks.task_kinds import Stage, build_tasks


def habitat(with_baselines: bool = False, **tasks: Any) -> TaskSummary:
    sizes = {stage.value: STAGE | {"num_train": 60} for stage in Stage}
    config = small_config(seed=3, tasks={**sizes, **tasks}, baselines={"trials": 1})
    return summarize_tasks(config, list(ALGORITHMS) if with_baselines else [])


@pytest.mark.parametrize("kind", KINDS)
def test_the_facts_are_those_of_the_tasks_of_a_run(kind: str) -> None:
    sizes = {stage.value: STAGE for stage in Stage}
    config = small_config(seed=3, tasks={**sizes, **of_kind(kind)})
    found = summarize_tasks(config, [])
    for stage in Stage:
        tasks = build_tasks(config.tasks, stage, 3)
        facts = found.facts[stage]
        assert facts["digest"] == tasks.digest
        assert (facts["tasks"], facts["train_examples"], facts["valid_examples"]) == (10, 20, 10)
        assert facts["features"] == tasks.num_features
        assert (facts["classes"] is None) == (tasks.loss is Loss.RMSE)


def test_the_largest_class_is_what_a_constant_prediction_scores() -> None:
    config = small_config(tasks={"kind": "image-pairs", "search": STAGE, "select": STAGE, "final": STAGE})
    labels = build_tasks(config.tasks, Stage.FINAL, 0).valid_y
    best = np.mean([max((each == 0).mean(), (each == 1).mean()) for each in labels])
    assert summarize_tasks(config, []).facts[Stage.FINAL]["largest_class"] == pytest.approx(best)


@pytest.mark.parametrize("kind", KINDS)
def test_images_are_shown_of_kinds_of_images_alone(kind: str) -> None:
    images = habitat(**of_kind(kind)).images
    assert list(images) == (list("0123456789") if KINDS[kind].uses_images else [])
    assert all(each.shape == (8, 8, 8, 1) for each in images.values())


def test_baselines_are_scored_if_asked_for() -> None:
    assert habitat(kind="image-groups").scores == ()
    names = [each.name for each in habitat(with_baselines=True, kind="image-groups").scores]
    assert names == [each.names[1] for each in ALGORITHMS.values()]


def test_of_a_linear_task_the_view_is_a_line() -> None:
    view = habitat(kind="linear").view
    np.testing.assert_allclose(view.x, view.y, atol=1e-9)


@pytest.mark.parametrize(("num_features", "num_classes"), [(1, 2), (2, 2), (4, 4)])
def test_of_classes_the_view_is_a_plane(num_features: int, num_classes: int) -> None:
    view = habitat(kind="image-groups", num_features=num_features, num_classes=num_classes).view
    assert view.x.shape == view.y.shape == view.labels.shape == (60,)
    assert np.isfinite([view.x, view.y]).all()


def test_the_first_direction_reports_most_of_the_label() -> None:
    view = habitat(kind="image-groups").view
    one, other = (abs(np.corrcoef(axis, view.labels)[0, 1]) for axis in (view.x, view.y))
    assert one > max(0.3, other)


@pytest.mark.parametrize(("kind", "part"), [("linear", "regression of u.x"), ("image-groups", ": digits")])
def test_it_is_described_in_a_line(kind: str, part: str) -> None:
    assert part in describe(small_config(tasks={"kind": kind}))
