"""A summary of the tasks of a config as plain data: facts about each stage, baseline scores, and a view to plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config, ConfigError
from automl_zero.config.task_kind_facts import KINDS
from automl_zero.run.record.events import Baseline
from automl_zero.run.scoring.baselines import ALGORITHMS, baselines
from automl_zero.tasks.datasets.datasets import load_dataset
from automl_zero.tasks.task import FloatArray, Loss, TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks

MAX_POINTS = 500  # in a view


@dataclass(frozen=True, eq=False)
class TaskView:
    """Training examples of one task, projected to the plane by a linear model.

    Attributes:
        x: [examples] position along the direction that predicts the label best.
        y: [examples] the label in regression; in classification, the position along the next direction.
        labels: [examples] labels.
        axes: titles of x and y.
    """

    x: FloatArray
    y: FloatArray
    labels: FloatArray
    axes: tuple[str, str]


@dataclass(frozen=True, eq=False)
class TaskSummary:
    """The tasks of a config, and the scores of known algorithms on them.

    Attributes:
        name: the name of the suite.
        loss: the loss of the tasks.
        facts: plain data for each stage, for JSON.
        scores: those of the baselines; empty if none were requested.
        images: some images of every class of the data set, [images, height, width, channels] by the name of the class;
            empty where tasks are not of images.
        view: the first search task.
    """

    name: str
    loss: Loss
    facts: Mapping[Stage, Mapping[str, Any]]
    scores: tuple[Baseline, ...]
    images: Mapping[str, NDArray[np.uint8]]
    view: TaskView


def summarize_tasks(config: Config, algorithms: Sequence[str]) -> TaskSummary:
    """Build the tasks of all stages, summarize them, and score known algorithms, by their names in ``ALGORITHMS``.

    Raises:
        ConfigError: there is no such algorithm.
        TaskError: they cannot be built.
    """
    for name in algorithms:
        if name not in ALGORITHMS:
            raise ConfigError(f"no baseline '{name}': use {', '.join(ALGORITHMS)}")
    tasks = {stage: build_tasks(config.tasks, stage, config.seed) for stage in Stage}
    search = tasks[Stage.SEARCH]
    return TaskSummary(
        name=config.name,
        loss=search.loss,
        facts={stage: _facts(each) for stage, each in tasks.items()},
        scores=baselines(tasks, config, algorithms),
        images=_images(config.tasks.dataset) if KINDS[config.tasks.kind].uses_images else {},
        view=_view(search),
    )


def describe(config: Config) -> str:
    """Return the kind and the source of the tasks as one line."""
    tasks = config.tasks
    kind = KINDS[tasks.kind]
    source = f": {tasks.table.path}" if kind.uses_table else f": {tasks.dataset}" if kind.uses_images else ""
    return f"{kind.description}{source}"


def _facts(tasks: TaskSet) -> dict[str, Any]:
    arrays = (tasks.train_x, tasks.train_y, tasks.valid_x, tasks.valid_y)
    return {
        "tasks": len(tasks),
        "features": tasks.num_features,
        "train_examples": tasks.num_train_examples,
        "valid_examples": tasks.num_valid_examples,
        "epochs": tasks.num_epochs,
        "classes": None if tasks.loss is Loss.RMSE else tasks.num_classes,
        "largest_class": None if tasks.loss is Loss.RMSE else _largest_class(tasks),
        "megabytes": round(sum(array.nbytes for array in arrays) / 1e6, 3),
        "digest": tasks.digest,
    }


def _largest_class(tasks: TaskSet) -> float:
    """Return the accuracy of the best constant predictions: the mean share of the most frequent class."""
    counts = [np.bincount(labels.astype(np.int64)).max() for labels in tasks.valid_y]
    return float(np.mean(counts) / tasks.num_valid_examples)


def _images(name: str, per_class: int = 8) -> dict[str, NDArray[np.uint8]]:
    dataset = load_dataset(name)
    chosen = [np.flatnonzero(dataset.train.labels == number)[:per_class] for number in range(len(dataset.class_names))]
    return {
        class_name: dataset.train.pixels[numbers].reshape(-1, *dataset.shape)
        for class_name, numbers in zip(dataset.class_names, chosen, strict=True)
    }


def _view(tasks: TaskSet) -> TaskView:
    """Return the view of the first task; in regression, it is the label against the prediction of a linear model."""
    x, labels = tasks.train_x[0][:MAX_POINTS], tasks.train_y[0][:MAX_POINTS]
    if tasks.loss is Loss.RMSE:
        from sklearn.linear_model import LinearRegression

        return TaskView(LinearRegression().fit(x, labels).predict(x), labels, labels, ("linear prediction", "label"))
    from sklearn.cross_decomposition import PLSRegression

    if tasks.num_features == 1:
        return TaskView(x[:, 0], np.zeros(len(x)), labels, ("the feature", ""))
    classes = np.eye(tasks.num_classes)[labels.astype(np.int64)]
    positions = PLSRegression(n_components=2).fit(x, classes).transform(x)
    return TaskView(positions[:, 0], positions[:, 1], labels, ("first direction", "second direction"))
