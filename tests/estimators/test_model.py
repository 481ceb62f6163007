"""A program trained on a table: predictions are finite and of their row alone, whatever the program does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.programs.reference_cases import program as program_of

from automl_zero.estimators.model import Model, TrainingPlan, fit_model, is_for_classes
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * [1, 10, 100] + [5, 0, -7]
CLASSES = {
    2: (X[:, 0] > 5).astype(float),
    3: np.digitize(X[:, 0] - X[:, 1] / 10, [4.5, 5.5]).astype(float),
}


def fitted(name: str | Program, num_classes: int, y: Any = None, **plan: Any) -> Model:
    program = library_program(name) if isinstance(name, str) else name
    y = CLASSES[num_classes] if y is None else y
    return fit_model(program, X, y, num_classes, TrainingPlan(**{"epochs": 20, **plan}))


@pytest.mark.parametrize("name", LIBRARY)
def test_a_program_shows_whether_it_is_for_many_classes(name: str) -> None:
    assert is_for_classes(library_program(name)) == LIBRARY[name].multiclass


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("name", ["two_layer_net", "multiclass_net", "figure_6"])
def test_classes_are_learned_by_programs_of_both_forms(name: str, num_classes: int, members: int) -> None:
    model = fitted(name, num_classes, members=members, epochs=50, width=16)
    probabilities = model.probabilities(X)
    assert probabilities.shape == (60, num_classes)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == CLASSES[num_classes]).mean() > 0.8


def test_a_program_for_two_classes_learns_each_of_more_against_the_rest() -> None:
    assert len(fitted("two_layer_net", 3, members=2).trained.epochs) == 2 * 3
    assert len(fitted("multiclass_net", 3, members=2).trained.epochs) == 2


def test_more_classes_than_features_are_possible() -> None:
    model = fitted("multiclass_net", 5, RNG.integers(0, 5, 60).astype(float))
    assert model.trained.num_features == 5
    assert model.probabilities(X).shape == (60, 5)


def test_a_target_of_any_scale_is_learned() -> None:
    for factor, shift in ((1e-6, 0.0), (1e6, 1e8)):
        y = (X[:, 0] - 5) * factor + shift
        values = fitted("affine_regression", 0, y).values(X)
        assert np.abs(values - y).max() < 0.1 * factor


@pytest.mark.parametrize("num_classes", [0, 2, 3])
def test_where_training_fails_the_mean_or_the_shares_are_predicted(num_classes: int) -> None:
    y = CLASSES.get(num_classes, X[:, 0])
    program = program_of(predict="s1 = log(s7); s1 = s1 - s1")
    model = fitted(program, num_classes, y)
    assert model.has_failed
    if num_classes:
        assert np.allclose(model.probabilities(X), np.bincount(y.astype(int)) / 60)
    else:
        assert np.allclose(model.values(X), y.mean())


def test_one_row_without_a_prediction_gets_the_mean() -> None:
    y = X[:, 0]
    model = fitted(program_of("s3 = 1.0", "s1 = norm(v0)", ""), 0, y)
    assert not model.has_failed
    assert model.values(np.full((1, 3), 1e300)) == pytest.approx([y.mean()])


def test_a_larger_error_is_allowed_where_the_target_lies_further_out() -> None:
    y = np.zeros(60)
    y[0] = 1.0
    assert not fitted("affine_regression", 0, y, max_abs_error=0.5).has_failed


def test_validation_rows_choose_the_epoch_and_are_not_trained_on() -> None:
    assert fitted("affine_regression", 0, X[:, 0], validation_fraction=0.25).trained.num_examples == 45
    noise = RNG.normal(size=60)
    epochs = fitted("two_layer_net", 0, noise, validation_fraction=0.25, epochs=50).trained.epochs
    assert epochs[0] < 50
    assert fitted("two_layer_net", 0, noise, epochs=50).trained.epochs[0] == 50


def test_members_differ_and_the_mean_of_their_middle_half_is_predicted() -> None:
    y = X[:, 0] * X[:, 1]
    model = fitted("two_layer_net", 0, y, members=4)
    scaled = model.features.apply(X, 3)
    outputs = np.stack([model.trained.outputs(scaled, task)[:, 0] for task in range(4)])
    assert (outputs.std(axis=0) > 0).all()
    middle = np.sort(outputs, axis=0)[1:3].mean(axis=0)
    assert np.allclose(model.values(X), middle * model.target.deviation + model.target.mean)


def test_a_wider_vector_gives_a_net_more_hidden_units() -> None:
    assert fitted("two_layer_net", 2, width=20).trained.num_features == 20
    assert fitted("two_layer_net", 2).trained.num_features == 3
