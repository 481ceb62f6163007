"""Programs of a few lines, small tasks for them, and their simplified form."""

from __future__ import annotations

import numpy as np

from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.program.program import Program
from automl_zero.program.text import from_text, instruction_text
from automl_zero.tasks.task import Loss, TaskSet


def small_tasks(loss: Loss, num_classes: int = 2) -> TaskSet:
    rng = np.random.default_rng(3)
    x, labels = rng.standard_normal((2, 12, 3)), rng.integers(num_classes, size=(2, 12)).astype(float)
    return TaskSet("small", x[:, :8], labels[:, :8], x[:, 8:], labels[:, 8:], loss, num_classes, noise_seed=7)


TASKS = {
    "rmse": small_tasks(Loss.RMSE),
    "binary": small_tasks(Loss.ACCURACY),
    "multiclass": small_tasks(Loss.ACCURACY, 3),
}


def program_of(predict: str, learn: str = "pass", setup: str = "pass") -> Program:
    parts = (("Setup", setup), ("Predict", predict), ("Learn", learn))
    return from_text("".join(f"def {name}():\n" + body.replace("; ", "\n") + "\n" for name, body in parts))


def short_predict(predict: str, **parts: str) -> list[str]:
    return [instruction_text(each) for each in simplify(program_of(predict, **parts)).program.predict]
