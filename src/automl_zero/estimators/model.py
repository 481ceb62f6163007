"""A program trained on a table: from rows as they are to values or probabilities of classes.

The program sees scaled features, and a scaled target where numbers are predicted. A prediction is always finite: where
the program gives none, it is the mean of the target, or the shares of the classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import trim_mean

from automl_zero.estimators.preprocessing import Scale, scale_of, split_rows
from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_PREDICTION, Program
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskSet, shuffled_epochs
from automl_zero.vm.inference import Trained, train
from automl_zero.vm.stop_flag import StopFlag

TRIMMED = 0.25  # of the members, at each end


@dataclass(frozen=True)
class TrainingPlan:
    """How a program is trained.

    Attributes:
        epochs: how often the rows are gone through, each time in another order.
        validation_fraction: share of the rows that are kept out of training, to decide which epoch is the best; with 0,
            the last one counts.
        width: vectors have at least so many elements; beyond the features, v0 holds zeros. A net of one hidden unit for
            each element then has at least so many of them.
        members: how often the program is trained, each time on the rows in other orders and with other draws of random
            ops; a prediction is the mean of theirs, of numbers that of the middle half, so that two of eight may go
            astray. Four take little longer than one.
        max_abs_error: a larger error ends the training; it is raised where the target itself lies further out.
        seed: of the order of rows, of the validation rows and of random ops.
    """

    epochs: int = 10
    validation_fraction: float = 0.0
    width: int = 1
    members: int = 1
    max_abs_error: float = 100.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Model:
    """A program trained on rows.

    Attributes:
        trained: of each member on one task, or, where a program for two classes has learnt more of them, on one for
            each class.
        features: scale of the features; ``target``: scale of the target [1].
        shares: [C] of the classes in the training rows; empty where numbers are predicted.
        members: how often the program was trained.
    """

    trained: Trained
    features: Scale
    target: Scale
    shares: FloatArray
    members: int = 1

    @property
    def has_failed(self) -> bool:
        """Whether the training of every member has failed so early that something was not learnt at all."""
        return not self.trained.epochs.reshape(self.members, -1).all(axis=1).any()

    def values(self, x: FloatArray) -> FloatArray:
        """Predicted numbers [rows] for rows [rows, columns]."""
        outputs = np.array([self._outputs(x, tasks)[:, 0] for tasks in self._usable_members()], np.float64)
        with np.errstate(all="ignore"):
            values = trim_mean(outputs, TRIMMED, axis=0) * self.target.deviation + self.target.mean
        return np.where(np.isfinite(values), values, self.target.mean)

    def probabilities(self, x: FloatArray) -> FloatArray:
        """Probabilities of the classes [rows, C] for rows [rows, columns]."""
        members = [self._probabilities(self._outputs(x, tasks)) for tasks in self._usable_members()]
        mean: FloatArray = np.mean(members, axis=0)
        return mean

    def _usable_members(self) -> list[IntArray]:
        """The tasks of each member that has learnt all; of all members, if there is none."""
        members = np.arange(len(self.trained.epochs)).reshape(self.members, -1)
        usable = members[self.trained.epochs.reshape(self.members, -1).all(axis=1)]
        return list(usable if len(usable) else members)

    def _outputs(self, x: FloatArray, tasks: IntArray) -> FloatArray:
        """What the program gives [rows, outputs], for all tasks of a member."""
        scaled = self.features.apply(x, self.trained.num_features)
        return np.hstack([self.trained.outputs(scaled, task) for task in tasks.tolist()])

    def _probabilities(self, outputs: FloatArray) -> FloatArray:
        if self.trained.num_classes > 2:
            scores = _softmax(outputs[:, : len(self.shares)])
        else:
            scores = _sigmoid(outputs)
            scores = np.where(np.isnan(scores), self.shares[-scores.shape[1] :], scores)
            scores = np.hstack([1 - scores, scores]) if len(self.shares) == 2 else scores
        total = scores.sum(axis=1, keepdims=True)
        is_usable = np.isfinite(total) & (total > 0)
        return np.where(is_usable, scores / np.where(is_usable, total, 1.0), self.shares)


def fit_model(
    program: Program, x: FloatArray, y: FloatArray, num_classes: int, plan: TrainingPlan, stop: StopFlag | None = None
) -> Model:
    """Train a program on rows.

    More than two classes are learnt in the program's own form, if it has one (see ``is_for_classes``), and else one
    class against the rest, side by side.

    Args:
        program: what to train.
        x: [rows, columns] features, NaN where missing.
        y: [rows] what to predict, or class numbers.
        num_classes: 0 where numbers are predicted, else at least 2.
        plan: how.
        stop: a flag that ends the training, when it is raised, after the last epoch that is whole.
    """
    rng = generator_at(plan.seed, "estimator", "rows")
    valid, rows = _parts(y, num_classes, plan, rng)
    features = scale_of(x[rows])
    target = Scale(np.zeros(1), np.ones(1)) if num_classes else scale_of(y[rows, None])
    loss, classes, labels = _labels(program, (y - target.mean) / target.deviation, num_classes)
    scaled = features.apply(x, max(plan.width, x.shape[1], classes if classes > 2 else 1))
    order, noise = shuffled_epochs(len(rows), plan.epochs, rng), seed_at(plan.seed, "estimator", "noise")
    members = [rows, *(rng.permutation(rows) for _ in range(plan.members - 1))]
    train_x, train_y = _examples(scaled, labels, members)
    valid_x, valid_y = _examples(scaled, labels, [valid if len(valid) else rows[:1]] * plan.members)
    tasks = TaskSet("rows", train_x, train_y, valid_x, valid_y, loss, classes, order, noise)
    limit = max(plan.max_abs_error, 2 * float(np.abs(labels).max())) if loss is Loss.RMSE else plan.max_abs_error
    trained = train(program, tasks, keep_best=len(valid) > 0, max_abs_error=limit, stop=stop)
    shares = np.bincount(y[rows].astype(np.int64), minlength=num_classes) / len(rows) if num_classes else np.empty(0)
    return Model(trained, features, target, shares, plan.members)


def is_for_classes(program: Program) -> bool:
    """Whether a program is written for more than two classes: Learn reads the label v1, and Predict gives v2."""
    gives = any((Kind.VECTOR, CLASS_PREDICTION) in instruction.outputs() for instruction in program.predict)
    return gives and bool(learned_addresses(program, multiclass=True))


def _parts(y: FloatArray, num_classes: int, plan: TrainingPlan, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Numbers of the rows that judge epochs, perhaps none, and of those to train on, at least one."""
    count = round(plan.validation_fraction * len(y))
    return split_rows(y, num_classes, min(max(count, 1), len(y) - 1) if plan.validation_fraction else 0, rng)


def _labels(program: Program, y: FloatArray, num_classes: int) -> tuple[Loss, int, FloatArray]:
    """Loss and number of classes of the tasks, and the labels [tasks, rows]."""
    if not num_classes:
        return Loss.RMSE, 2, y[None]
    if is_for_classes(program):
        return Loss.ACCURACY, max(3, num_classes), y[None]  # the third of two classes never occurs
    if num_classes == 2:
        return Loss.ACCURACY, 2, y[None]
    return Loss.ACCURACY, 2, (y == np.arange(num_classes)[:, None]).astype(np.float64)


def _examples(scaled: FloatArray, labels: FloatArray, members: Sequence[IntArray]) -> tuple[FloatArray, FloatArray]:
    """The rows of each member, for the labels of each of its tasks: [tasks, rows, F] and [tasks, rows]."""
    x = np.repeat(np.stack([scaled[rows] for rows in members]), len(labels), axis=0)
    return x, np.concatenate([labels[:, rows] for rows in members])


def _softmax(outputs: FloatArray) -> FloatArray:
    with np.errstate(all="ignore"):
        powers: FloatArray = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers


def _sigmoid(outputs: FloatArray) -> FloatArray:
    with np.errstate(over="ignore"):
        probabilities: FloatArray = 1 / (1 + np.exp(-outputs))
    return probabilities
