"""Base classes of the estimators: the interface of scikit-learn, without any learning.

``fit`` stores a program and a ``Model`` of plain arrays.
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
    """A fit was interrupted, or its time was too short; the estimator can be used nevertheless."""


class ProgramEstimator(BaseEstimator):  # type: ignore[misc]
    """The base class of all estimators: a program, trained on rows, that can be saved and loaded."""

    model_: Model
    program_: Program
    n_features_in_: int

    @property
    def program_text_(self) -> str:
        """The program as text."""
        check_is_fitted(self)
        return to_text(self.program_)

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to a file for ``load``; nothing is pickled.

        Raises:
            ModelError: the file exists, or cannot be written.
        """
        check_is_fitted(self)
        save_estimator(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load the fitted estimator from a file that ``save`` wrote.

        Raises:
            ModelError: the file cannot be read, is damaged, has a newer format, or holds an estimator of another class.
        """
        return load_estimator(cls, Path(path))

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: missing values are allowed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _examples(self, x: Any, y: Any, least_rows: int = 2) -> Any:
        """Return the validated arguments of ``fit`` as arrays."""
        return validate_data(self, x, y, ensure_min_samples=least_rows, **ROWS)

    def _rows(self, x: Any) -> FloatArray:
        """Return the validated argument of ``predict`` as an array."""
        check_is_fitted(self)
        return np.asarray(validate_data(self, x, reset=False, **ROWS))

    def warn_of_incomplete_fit(self, message: str) -> None:
        """Warn the user that the fit was cut short."""
        warn(message, IncompleteFitWarning, stacklevel=4)

    def warn_of_failure(self, limit: float) -> None:
        """Warn the user that the program has learned nothing."""
        warn(
            f"an error of the program's training was nan or above {limit:g} in the first epoch, so it predicts the "
            "most frequent class, or the mean: use a program with a smaller learning rate, or another one",
            ConvergenceWarning,
            stacklevel=4,
        )


class ProgramClassifier(ClassifierMixin, ProgramEstimator):  # type: ignore[misc]
    """The base class of the classifiers."""

    classes_: NDArray[Any]

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: N803 -- scikit-learn's name
        """Return the probabilities [rows, classes] in the order of ``classes_``; rows are independent of each other."""
        rows = self._rows(X)
        return self.model_.probabilities(rows)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most probable class of each row."""
        probabilities = self.predict_proba(X)
        return np.asarray(self.classes_[probabilities.argmax(axis=1)])

    def _numbered(self, y: Any) -> FloatArray:
        """Set ``classes_``, and return the class numbers [rows]."""
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y holds a single class, {self.classes_[0]!r}: a classifier needs rows of at least two")
        return np.asarray(numbers, np.float64)


class ProgramRegressor(RegressorMixin, ProgramEstimator):  # type: ignore[misc]
    """The base class of the regressors."""

    def predict(self, X: Any) -> FloatArray:  # noqa: N803
        """Return the predicted numbers [rows]; rows are independent of each other."""
        rows = self._rows(X)
        return self.model_.values(rows)
