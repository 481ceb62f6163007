"""Regression tasks with a known solution (paper, section 4.1): features and the teacher's parameters are all N(0, 1).

With a ``scale_spread`` s, all features of an example are multiplied by one lognormal factor, with s the standard
deviation of its logarithm and 1 its mean square. Linear models and nets without biases are not affected, since their
predictions scale like the labels; polynomials are. Each task draws its teacher at its own path of the seed tree, so
that task t does not depend on the number of tasks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from automl_zero.config import TasksConfig
from automl_zero.rng import generator_at
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import FloatArray, Loss, TaskSet

Teacher = Callable[[FloatArray], FloatArray]  # a function from features [examples, F] to labels [examples]


def linear(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks with labels ``u . x`` (paper, supplement S5)."""
    return _teacher_tasks(config, stage, seed, _linear_teacher)


def affine(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks with labels ``u . x + a`` (paper, supplement S5)."""
    return _teacher_tasks(config, stage, seed, _affine_teacher)


def absolute(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks with labels ``|u . x|``: a net of two mirrored units, whose best linear fit is constant."""
    return _teacher_tasks(config, stage, seed, _absolute_teacher)


def teacher_net(config: TasksConfig, stage: Stage, seed: int) -> TaskSet:
    """Return tasks with labels ``u . relu(M x)`` with ``M`` [F, F] (paper, section 4.1).

    The published program differs from the paper: in it, rows 0 and 2 of ``M`` and of ``u`` are zero.
    """
    return _teacher_tasks(config, stage, seed, _teacher_net)


def _linear_teacher(num_features: int, rng: np.random.Generator) -> Teacher:
    u = rng.standard_normal(num_features)
    return lambda x: x @ u


def _affine_teacher(num_features: int, rng: np.random.Generator) -> Teacher:
    u, a = rng.standard_normal(num_features), rng.standard_normal()
    return lambda x: x @ u + a


def _absolute_teacher(num_features: int, rng: np.random.Generator) -> Teacher:
    u = rng.standard_normal(num_features)
    return lambda x: np.abs(x @ u)


def _teacher_net(num_features: int, rng: np.random.Generator) -> Teacher:
    M, u = rng.standard_normal((num_features, num_features)), rng.standard_normal(num_features)
    return lambda x: np.maximum(x @ M.T, 0.0) @ u


def _teacher_tasks(
    config: TasksConfig, stage: Stage, seed: int, draw_teacher: Callable[[int, np.random.Generator], Teacher]
) -> TaskSet:
    size = stage.size(config)
    train_x = np.empty((size.num_tasks, size.num_train, config.num_features))
    valid_x = np.empty((size.num_tasks, size.num_valid, config.num_features))
    train_y, valid_y = np.empty(train_x.shape[:2]), np.empty(valid_x.shape[:2])
    for task in range(size.num_tasks):
        rng = generator_at(seed, "tasks", stage, task)
        teacher = draw_teacher(config.num_features, rng)
        for x, y in ((train_x, train_y), (valid_x, valid_y)):
            x[task] = _features(x.shape[1:], config.scale_spread, rng)
            y[task] = teacher(x[task])
    return TaskSet(config.kind, train_x, train_y, valid_x, valid_y, Loss.RMSE)


def _features(shape: tuple[int, ...], spread: float, rng: np.random.Generator) -> FloatArray:
    """Return random features [examples, F] with mean square 1."""
    features = rng.standard_normal(shape)
    if not spread:
        return features
    return features * np.exp(spread * rng.standard_normal((shape[0], 1)) - spread**2)
