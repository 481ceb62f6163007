"""Estimators for scikit-learn that train a given program: an evolved, a known or a hand-written one."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state

from automl_zero.estimators.estimator import ProgramClassifier, ProgramRegressor
from automl_zero.estimators.model import TrainingPlan, fit_model
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import FloatArray

MAX_SEED = 2**31 - 1


class EvolvedClassifier(ProgramClassifier):
    """A classifier that trains a program.

    Features are scaled to mean 0 and standard deviation 1; missing ones become the mean. A program for more than two
    classes (label v1, prediction v2) learns them all at once; any other learns each class against the rest. If training
    fails, because an error is NaN or too large, it ends before that epoch; if it fails in the first one, a
    ``ConvergenceWarning`` is raised, and the class frequencies are predicted. Predictions of rows are independent: each
    starts from the memory after training.

    Args:
        program: a ``Program``, the name of a library program (``two_layer_net``), or the text of a program.
        epochs: the number of passes over the rows, each in another random order.
        validation_fraction: the fraction of the rows held out of training to select the best epoch; with 0, the last
            epoch counts.
        width: the minimum size of vectors, padded with zeros; None is as many as features (and classes). A net has as
            many hidden units as vectors have elements.
        members: the number of trainings (ensemble members), with different orders of rows and draws of random ops. A
            prediction is their mean; for regression, the mean of their middle half. Four take little longer than one.
        max_abs_error: an error above it ends the training.
        random_state: the seed of the order of rows, the validation rows and the random ops.

    Attributes:
        classes_: [C] the classes, sorted.
        program_: the ``Program``.
        program_text_: the text of the program.
        model_: the trained ensemble, as a ``Model``.

    Example:
        >>> classifier = EvolvedClassifier("two_layer_net", epochs=20, random_state=0).fit(x, y)
        >>> classifier.predict(x[:5])
    """

    def __init__(
        self,
        program: Program | str = "two_layer_net",
        *,
        epochs: int = 10,
        validation_fraction: float = 0.0,
        width: int | None = None,
        members: int = 1,
        max_abs_error: float = 100.0,
        random_state: Any = None,
    ) -> None:
        self.program = program
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.width = width
        self.members = members
        self.max_abs_error = max_abs_error
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 -- scikit-learn's name
        """Train the program on rows ``X`` [rows, columns] of the classes ``y`` [rows].

        Raises:
            ProgramError: the program cannot be read.
            ValueError: the data or a parameter cannot be used.
        """
        x, y = self._examples(X, y)
        numbers = self._numbered(y)
        _train(self, x, numbers, len(self.classes_))
        return self


class EvolvedRegressor(ProgramRegressor):
    """A regressor that trains a program.

    See ``EvolvedClassifier`` for the arguments. The program sees the target scaled to mean 0 and standard deviation 1,
    and predictions are scaled back; if training fails in the first epoch, the mean is predicted.

    Example:
        >>> EvolvedRegressor("affine_regression", random_state=0).fit(x, y).score(x, y)
    """

    def __init__(
        self,
        program: Program | str = "two_layer_net",
        *,
        epochs: int = 10,
        validation_fraction: float = 0.0,
        width: int | None = None,
        members: int = 1,
        max_abs_error: float = 100.0,
        random_state: Any = None,
    ) -> None:
        self.program = program
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.width = width
        self.members = members
        self.max_abs_error = max_abs_error
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train the program on rows ``X`` [rows, columns] of the numbers ``y`` [rows].

        Raises:
            ProgramError: the program cannot be read.
            ValueError: the data or a parameter cannot be used.
        """
        x, y = self._examples(X, y)
        _train(self, x, np.asarray(y, np.float64), 0)
        return self


def as_program(program: Program | str) -> Program:
    """Return a program that is given as itself, as a name of the library, or as text.

    Raises:
        ProgramError: the text is no program, or the library has no program of that name.
    """
    if isinstance(program, Program):
        return program
    is_name = program in LIBRARY or len(program.split()) == 1
    return library_program(program) if is_name else from_text(program)


def seed_of(random_state: Any) -> int:
    """Return a seed from scikit-learn's ``random_state``."""
    return int(check_random_state(random_state).randint(MAX_SEED))


def _train(estimator: EvolvedClassifier | EvolvedRegressor, x: FloatArray, y: FloatArray, num_classes: int) -> None:
    """Train the program of an estimator, and warn if it has learned nothing."""
    plan = _plan(estimator)
    estimator.program_ = as_program(estimator.program)
    estimator.model_ = fit_model(estimator.program_, x, y, num_classes, plan)
    if estimator.model_.has_failed:
        estimator.warn_of_failure(plan.max_abs_error)


def _plan(estimator: EvolvedClassifier | EvolvedRegressor) -> TrainingPlan:
    """Return the training plan of an estimator.

    Raises:
        ValueError: a parameter is out of range.
    """
    epochs, fraction, limit = estimator.epochs, estimator.validation_fraction, estimator.max_abs_error
    width = 1 if estimator.width is None else estimator.width
    check_number("epochs", epochs, epochs >= 1, "of at least 1")
    check_number("validation_fraction", fraction, 0 <= fraction < 1, "from 0 up to, not including, 1")
    check_number("width", width, width >= 1, "of at least 1, or None")
    check_number("members", estimator.members, estimator.members >= 1, "of at least 1")
    check_number("max_abs_error", limit, limit > 0, "above 0")
    return TrainingPlan(
        epochs=int(epochs),
        validation_fraction=float(fraction),
        width=int(width),
        members=int(estimator.members),
        max_abs_error=float(limit),
        seed=seed_of(estimator.random_state),
    )


def check_number(name: str, value: Any, is_possible: bool, possible: str) -> None:
    """Check a parameter of an estimator.

    Raises:
        ValueError: it is out of range.
    """
    if not is_possible:
        raise ValueError(f"{name} = {value!r} is not possible: use a number {possible}")
