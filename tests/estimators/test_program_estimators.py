"""Estimators of a given program: what scikit-learn does not ask for, but users do."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from automl_zero.estimators import EvolvedClassifier, EvolvedRegressor
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import ProgramError
from automl_zero.program.text import from_text

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
FAILING = "def Setup():\n  s2 = -1.0\ndef Predict():\n  s1 = log(s2)\ndef Learn():\n"


@pytest.mark.parametrize("name", ["two_layer_net", "multiclass_net"])
def test_iris_is_learned(name: str) -> None:
    assert cross_val_score(EvolvedClassifier(name, epochs=20, random_state=0), *IRIS).mean() > 0.9


def test_diabetes_is_learned() -> None:
    assert cross_val_score(EvolvedRegressor("affine_regression", random_state=0), *DIABETES).mean() > 0.4


@pytest.mark.parametrize(
    "program", [library_program("two_layer_net"), "two_layer_net", LIBRARY["two_layer_net"].text], ids=type
)
def test_a_program_is_given_as_itself_by_name_or_as_text(program: Any) -> None:
    regressor = EvolvedRegressor(program, random_state=0).fit(*DIABETES)
    assert regressor.program_ == library_program("two_layer_net")
    assert from_text(regressor.program_text_) == regressor.program_


def test_a_program_that_is_not_there_is_refused() -> None:
    with pytest.raises(ProgramError, match="tow_layer_net"):
        EvolvedRegressor("tow_layer_net").fit(*DIABETES)


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("validation_fraction", 1.0), ("width", 0), ("members", 0), ("max_abs_error", 0.0)],
)
def test_a_parameter_that_is_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} = {value}"):
        EvolvedClassifier(**{name: value}).fit(*IRIS)


@pytest.mark.parametrize(("estimator", "data"), [(EvolvedClassifier, IRIS), (EvolvedRegressor, DIABETES)])
def test_the_seed_decides_everything(estimator: Any, data: Any) -> None:
    first, second, other = (estimator(random_state=seed, epochs=2).fit(*data).predict(data[0]) for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_a_row_is_predicted_as_among_others() -> None:
    x, y = IRIS
    classifier = EvolvedClassifier("figure_6", random_state=0).fit(x, y)
    together = classifier.predict_proba(x)
    assert (np.concatenate([classifier.predict_proba(row[None]) for row in x]) == together).all()


def test_training_that_fails_warns_and_predicts_the_mean() -> None:
    x, y = DIABETES
    with pytest.warns(ConvergenceWarning, match="smaller learning rate"):
        regressor = EvolvedRegressor(FAILING, random_state=0).fit(x, y)
    assert np.allclose(regressor.predict(x), y.mean())


def test_missing_values_are_the_mean_of_their_column() -> None:
    x, y = IRIS
    holes = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    assert EvolvedClassifier("multiclass_net", epochs=20, random_state=0).fit(holes, y).score(holes, y) > 0.85


def test_names_of_columns_and_of_classes_are_kept() -> None:
    frame = pd.DataFrame(IRIS[0], columns=["a", "b", "c", "d"])
    names = np.array(["setosa", "versicolor", "virginica"])[IRIS[1]]
    classifier = EvolvedClassifier(random_state=0).fit(frame, names)
    assert classifier.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert set(classifier.predict(frame)) <= set(names)


def test_a_class_that_a_fold_lacks_is_no_fault() -> None:
    x, y = IRIS
    classifier = EvolvedClassifier(epochs=20, random_state=0).fit(x[y != 1], y[y != 1])
    assert classifier.classes_.tolist() == [0, 2]
    assert classifier.score(x[y != 1], y[y != 1]) == 1.0


def test_parameters_are_searched_as_of_any_estimator() -> None:
    search = GridSearchCV(EvolvedClassifier(random_state=0), {"program": ["two_layer_net", "multiclass_net"]}, cv=2)
    assert search.fit(*IRIS).best_score_ > 0.8


def test_an_estimator_can_be_pickled_and_cloned() -> None:
    classifier = EvolvedClassifier(library_program("two_layer_net"), random_state=0).fit(*IRIS)
    again = pickle.loads(pickle.dumps(classifier))  # noqa: S301 -- the user's own
    assert (again.predict_proba(IRIS[0]) == classifier.predict_proba(IRIS[0])).all()
    assert clone(classifier).program == classifier.program
