"""A model: a program trained on a table, from raw rows to values or class probabilities.

The program sees scaled features and, for regression, a scaled target. Predictions are always finite: where the program
gives no finite one, they are the mean of the target, or the class frequencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import trim_mean

from automl_zero.estimators.preprocessing import Scale, fit_scale, split_rows
from automl_zero.program.learned_state import learned_addresses
from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_PREDICTION, Program
from automl_zero.rng import generator_at, seed_at
from automl_zero.tasks.task import FloatArray, IntArray, Loss, TaskSet, shuffled_epochs
from automl_zero.vm.inference import Trained, train
from automl_zero.vm.stop_flag import StopFlag

TRIMMED = 0.25  # the fraction of the members that the trimmed mean cuts off at each end


@dataclass(frozen=True)
class TrainingPlan:
    """The settings of a training.

    Attributes:
        epochs: the number of passes over the rows, each in another order.
        validation_fraction: the fraction of the rows held out of training to select the best epoch; with 0, the last
            one counts.
        width: the minimum size of vectors; beyond the features, v0 holds zeros. A net with one hidden unit per element
            then has at least so many of them.
        members: the number of trainings (ensemble members), with different orders of rows and draws of random ops. A
            prediction is their mean; for regression, the mean of the middle half, which tolerates two outliers of
            eight. Four take little longer than one.
        max_abs_error: an error above it ends the training; the limit is raised if the target itself has larger values.
        seed: the seed of the order of rows, of the validation rows and of random ops.
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
        trained: the memory after training: for each member, of one task or, if a program for two classes learns more of
            them, of one task for each class.
        features: the scale of the features.
        target: the scale of the target [1].
        shares: [C] the class frequencies in the training rows; empty for regression.
        members: the number of ensemble members.
    """

    trained: Trained
    features: Scale
    target: Scale
    shares: FloatArray
    members: int = 1

    @property
    def has_failed(self) -> bool:
        """Whether every member failed to learn something, by an error in the first epoch."""
        return not self.trained.epochs.reshape(self.members, -1).all(axis=1).any()

    def values(self, x: FloatArray) -> FloatArray:
        """Return predicted numbers [rows] for rows [rows, columns]."""
        outputs = np.array([self._outputs(x, tasks)[:, 0] for tasks in self._usable_members()], np.float64)
        with np.errstate(all="ignore"):
            values = trim_mean(outputs, TRIMMED, axis=0) * self.target.deviation + self.target.mean
        return np.where(np.isfinite(values), values, self.target.mean)

    def probabilities(self, x: FloatArray) -> FloatArray:
        """Return class probabilities [rows, C] for rows [rows, columns]."""
        members = [self._probabilities(self._outputs(x, tasks)) for tasks in self._usable_members()]
        mean: FloatArray = np.mean(members, axis=0)
        return mean

    def _usable_members(self) -> list[IntArray]:
        """Return the tasks of each member that learned everything; of all members, if none did."""
        members = np.arange(len(self.trained.epochs)).reshape(self.members, -1)
        usable = members[self.trained.epochs.reshape(self.members, -1).all(axis=1)]
        return list(usable if len(usable) else members)

    def _outputs(self, x: FloatArray, tasks: IntArray) -> FloatArray:
        """Return the outputs of the program [rows, outputs] for all tasks of a member."""
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

    A program for more than two classes (see ``is_for_classes``) learns all classes at once; any other learns one class
    against the rest, for each class.

    Args:
        program: the program.
        x: [rows, columns] features, NaN where missing.
        y: [rows] targets, or class numbers.
        num_classes: the number of classes, at least 2; 0 for regression.
        plan: the settings of the training.
        stop: a flag that ends the training, when it is raised, after the last complete epoch.
    """
    rng = generator_at(plan.seed, "estimator", "rows")
    valid, rows = _parts(y, num_classes, plan, rng)
    features = fit_scale(x[rows])
    target = Scale(np.zeros(1), np.ones(1)) if num_classes else fit_scale(y[rows, None])
    loss, classes, labels = _labels(program, (y - target.mean) / target.deviation, num_classes)
    scaled = features.apply(x, max(plan.width, x.shape[1], classes if classes > 2 else 1))
    order, noise = shuffled_epochs(len(rows), plan.epochs, rng), seed_at(plan.seed, "estimator", "noise")
    members = [rows, *(rng.permutation(rows) for _ in range(plan.members - 1))]
    train_x, train_y = _examples(scaled, labels, members)
    valid_x, valid_y = _examples(scaled, labels, [valid if len(valid) else rows[:1]] * plan.members)
    tasks = TaskSet(
        name="rows",
        train_x=train_x,
        train_y=train_y,
        valid_x=valid_x,
        valid_y=valid_y,
        loss=loss,
        num_classes=classes,
        train_order=order,
        noise_seed=noise,
    )
    limit = max(plan.max_abs_error, 2 * float(np.abs(labels).max())) if loss is Loss.RMSE else plan.max_abs_error
    trained = train(program, tasks, keep_best=len(valid) > 0, max_abs_error=limit, stop=stop)
    shares = np.bincount(y[rows].astype(np.int64), minlength=num_classes) / len(rows) if num_classes else np.empty(0)
    return Model(trained=trained, features=features, target=target, shares=shares, members=plan.members)


def is_for_classes(program: Program) -> bool:
    """Return whether a program is written for many classes: Learn reads the label v1, and Predict writes v2."""
    gives = any((Kind.VECTOR, CLASS_PREDICTION) in instruction.outputs() for instruction in program.predict)
    return gives and bool(learned_addresses(program, multiclass=True))


def _parts(y: FloatArray, num_classes: int, plan: TrainingPlan, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return the numbers of the validation rows (perhaps none) and of the training rows (at least one)."""
    count = round(plan.validation_fraction * len(y))
    return split_rows(y, num_classes, min(max(count, 1), len(y) - 1) if plan.validation_fraction else 0, rng)


def _labels(program: Program, y: FloatArray, num_classes: int) -> tuple[Loss, int, FloatArray]:
    """Return the loss and the number of classes of the tasks, and the labels [tasks, rows]."""
    if not num_classes:
        return Loss.RMSE, 2, y[None]
    if is_for_classes(program):
        return Loss.ACCURACY, max(3, num_classes), y[None]  # with two classes, the third never occurs
    if num_classes == 2:
        return Loss.ACCURACY, 2, y[None]
    return Loss.ACCURACY, 2, (y == np.arange(num_classes)[:, None]).astype(np.float64)


def _examples(scaled: FloatArray, labels: FloatArray, members: Sequence[IntArray]) -> tuple[FloatArray, FloatArray]:
    """Return the rows of each member for each of its tasks: [tasks, rows, F] and [tasks, rows]."""
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
