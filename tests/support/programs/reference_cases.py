"""Small programs and task sets for the tests of what runs programs."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from support.programs import strategies

from automl_zero.program.ops import OPS
from automl_zero.program.program import AddressCounts, Program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss, TaskSet

COUNTS = AddressCounts(scalars=4, vectors=4, matrices=3)
NUM_FEATURES = 4


def program(setup: str = "", predict: str = "", learn: str = "") -> Program:
    """A program from one line of text for each function, its instructions separated by semicolons."""
    lines = []
    for name, body in (("Setup", setup), ("Predict", predict), ("Learn", learn)):
        lines += [f"def {name}():", *body.split(";")]
    return from_text("\n".join(lines))


def constant_tasks(train_labels: list[float], valid_labels: list[float], num_epochs: int = 1) -> TaskSet:
    """One regression task of all-zero features."""
    train, valid = np.array([train_labels]), np.array([valid_labels])
    order = np.tile(np.arange(train.size), (num_epochs, 1))
    features = (np.zeros((*labels.shape, NUM_FEATURES)) for labels in (train, valid))
    return TaskSet("constant", next(features), train, next(features), valid, Loss.RMSE, train_order=order)


def random_tasks(loss: Loss = Loss.RMSE, num_classes: int = 2) -> TaskSet:
    """Two tasks with 6 training and 5 validation examples, in two epochs."""
    rng = np.random.default_rng(5)
    train_x, valid_x = rng.normal(size=(2, 6, NUM_FEATURES)), rng.normal(size=(2, 5, NUM_FEATURES))
    train_y, valid_y = rng.normal(size=(2, 6)), rng.normal(size=(2, 5))
    if loss is Loss.ACCURACY:
        train_y, valid_y = (rng.integers(0, num_classes, y.shape).astype(float) for y in (train_y, valid_y))
    order = np.stack([np.arange(6), rng.permutation(6)])
    return TaskSet("random", train_x, train_y, valid_x, valid_y, loss, num_classes, order, noise_seed=9)


TASK_SETS = {
    "regression": random_tasks(),
    "two classes": random_tasks(Loss.ACCURACY),
    "three classes": random_tasks(Loss.ACCURACY, num_classes=3),
}

SOME_PROGRAMS = strategies.programs(8, memory=COUNTS, constants=st.floats(-3, 3))
NOISY_PROGRAMS = strategies.programs(
    5, [op for op in OPS if op.draws or op.name.endswith(("sum", "norm"))], COUNTS, st.floats(-1, 1)
)
