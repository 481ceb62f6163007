"""What our estimators share: all that scikit-learn asks of one, and no learning.

What ``fit`` keeps is a program and a ``Model`` of plain arrays.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from automl_zero.estimators.model import Model
from automl_zero.estimators.serialization import load_estimator, save_estimator
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.tasks.task import FloatArray

ROWS: dict[str, Any] = {"dtype": np.float64, "ensure_all_finite": "allow-nan"}


class IncompleteFitWarning(UserWarning):
    """A fit was interrupted, or its time did not suffice; the estimator can be used all the same."""


class ProgramEstimator(BaseEstimator):  # type: ignore[misc]
    """What all our estimators share: a program, trained on rows, and files."""

    model_: Model
    program_: Program
    n_features_in_: int

    @property
    def program_text_(self) -> str:
        """The program as text."""
        check_is_fitted(self)
        return to_text(self.program_)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a file that ``load`` reads back; nothing in it is pickled.

        Raises:
            ModelError: the file exists, or cannot be written.
        """
        check_is_fitted(self)
        save_estimator(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The fitted estimator in a file that ``save`` has written.

        Raises:
            ModelError: it cannot be read, is damaged, of a newer format, or holds an estimator of another class.
        """
        return load_estimator(cls, Path(path))

    def __sklearn_tags__(self) -> Any:
        """Missing values are allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _examples(self, x: Any, y: Any, least_rows: int = 2) -> Any:
        """The arguments of ``fit`` as arrays that can be used."""
        return validate_data(self, x, y, ensure_min_samples=least_rows, **ROWS)

    def _rows(self, x: Any) -> FloatArray:
        """The argument of ``predict`` as an array that can be used."""
        check_is_fitted(self)
        return np.asarray(validate_data(self, x, reset=False, **ROWS))

    def warn_of_incomplete_fit(self, message: str) -> None:
        """Tell the user that the fit was cut short."""
        warn(message, IncompleteFitWarning, stacklevel=4)

    def warn_of_failure(self, limit: float) -> None:
        """Tell the user that the program has learnt nothing."""
        warn(
            f"an error of the program's training was nan or above {limit:g} in the first epoch, so it predicts what is "
            "most frequent, or the mean: use a program with a smaller learning rate, or another one",
            ConvergenceWarning,
            stacklevel=4,
        )


class ProgramClassifier(ClassifierMixin, ProgramEstimator):  # type: ignore[misc]
    """What our classifiers share."""

    classes_: NDArray[Any]

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: N803 -- scikit-learn's name
        """Probabilities [rows, classes] of the classes in the order of ``classes_``; each of its row alone."""
        rows = self._rows(X)
        return self.model_.probabilities(rows)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class of each row."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def _numbered(self, y: Any) -> FloatArray:
        """Set ``classes_``; gives their numbers [rows]."""
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds a single class, {self.classes_[0]!r}: a classifier needs rows of at least two")
        return np.asarray(numbers, np.float64)


class ProgramRegressor(RegressorMixin, ProgramEstimator):  # type: ignore[misc]
    """What our regressors share."""

    def predict(self, X: Any) -> FloatArray:  # noqa: N803
        """Predicted numbers [rows]; each of its row alone."""
        rows = self._rows(X)
        return self.model_.values(rows)
