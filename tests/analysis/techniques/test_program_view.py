"""A view tells weights, error signals and accumulators apart."""

from __future__ import annotations

from automl_zero.analysis.techniques.program_view import sorted_lines, view_of
from automl_zero.program.library import library_program
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss

LINEAR = library_program("linear_regression")


def test_the_update_of_a_linear_model_is_its_only_weight() -> None:
    view = view_of(LINEAR)
    last = ("learn", len(LINEAR.learn) - 1)
    assert set(view.weights) == set(view.accumulators) == {last}
    assert view.signals == {("learn", index) for index in range(last[1])}


def test_the_lines_from_the_features_to_the_prediction_are_those_of_the_model() -> None:
    view = view_of(library_program("two_layer_net"))
    assert view.forward_lines() <= set(view.predict_lines())


def test_a_sum_of_what_is_not_learned_is_an_accumulator_and_no_weight() -> None:
    view = view_of(from_text("def Setup():\ndef Predict():\n  s1 = mean(v1)\ndef Learn():\n  v1 = v1 + v0\n"))
    assert view.accumulators == {("learn", 0): 1}
    assert view.weights == {}


def test_probes_are_those_of_the_loss() -> None:
    modes = {loss: [probe.logistic for probe in view_of(LINEAR, loss=loss).probes] for loss in (None, *Loss)}
    assert modes == {None: [False, True], Loss.RMSE: [False], Loss.ACCURACY: [True]}
    assert [probe.multiclass for probe in view_of(library_program("multiclass_net"), True).probes] == [True]


def test_lines_are_sorted_as_in_the_program_and_each_occurs_once() -> None:
    lines = [("learn", 0), None, ("setup", 3), ("predict", 1), ("learn", 0)]
    assert sorted_lines(lines) == (("setup", 3), ("predict", 1), ("learn", 0))
