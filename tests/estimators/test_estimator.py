"""All that scikit-learn demands of an estimator, of each of ours."""

from __future__ import annotations

from typing import Any

from sklearn.utils.estimator_checks import parametrize_with_checks

from automl_zero.estimators import AutoMLZeroClassifier, AutoMLZeroRegressor, EvolvedClassifier, EvolvedRegressor

TINY = {"max_programs": 40, "max_seconds": None}


@parametrize_with_checks(
    [
        EvolvedClassifier(epochs=20),
        EvolvedClassifier("multiclass_net", epochs=20),
        EvolvedRegressor("affine_regression", epochs=20),
        AutoMLZeroClassifier(**TINY),
        AutoMLZeroRegressor(**TINY),
    ]
)
def test_an_estimator_does_what_scikit_learn_asks(estimator: Any, check: Any) -> None:
    check(estimator)
