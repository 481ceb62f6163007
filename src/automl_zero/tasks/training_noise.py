"""Noise in the training examples, which makes tasks harder (as in paper, section 4.3).

Validation examples have no noise, so that a score measures how well a program learns the noiseless relation.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import FloatArray, Loss, TaskSet


def add_noise(tasks: TaskSet, config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return the tasks with ``config.label_noise`` and ``config.feature_noise`` in their training examples."""
    if not config.label_noise and not config.feature_noise:
        return tasks
    train_x, train_y = tasks.train_x.copy(), tasks.train_y.copy()
    for task in range(len(tasks)):
        rng = generator_at(seed, "corruption", stage, task)
        train_y[task] = _labels(train_y[task], tasks, config.label_noise, rng)
        train_x[task] += config.feature_noise * rng.standard_normal(train_x[task].shape)
    return replace(tasks, train_x=train_x, train_y=train_y)


def _labels(labels: FloatArray, tasks: TaskSet, amount: float, rng: np.random.Generator) -> FloatArray:
    """Return labels [N] with noise: added to numbers, or some classes replaced by others."""
    if tasks.loss is Loss.RMSE:
        return np.asarray(labels + amount * labels.std() * rng.standard_normal(labels.shape))
    wrong = rng.uniform(size=labels.shape) < amount
    others = (labels + rng.integers(1, tasks.num_classes, size=labels.shape)) % tasks.num_classes
    return np.where(wrong, others, labels)
