"""The reference: what one run does step by step, on regression, on two classes and on several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.programs.reference_cases import NUM_FEATURES, constant_tasks, program

from automl_zero.program.ops import Kind
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.reference import evaluate, run

COUNTS_UP = program(predict="s1 = s2 + s0", learn="s3 = exp(s0); s3 = s3 / s3; s2 = s2 + s3")
SHRINKS = program("s2 = 1000; s3 = 0.1", "s1 = norm(v0); s1 = s1 * s2", "s2 = s2 * s3")


def class_tasks(labels: list[float], num_classes: int = 3) -> TaskSet:
    """One task whose first features are the one-hot class, for training and validation alike."""
    y = np.array([labels])
    x = (y[..., None] == np.arange(NUM_FEATURES)).astype(float)
    return TaskSet("classes", x, y, x, y, Loss.ACCURACY, num_classes)


def test_predict_sees_features_and_no_label_and_learn_sees_both() -> None:
    tasks = constant_tasks([3.0, 4.0], [0.0])
    tasks.train_x[...], tasks.valid_x[...] = 2.0, 5.0
    some = program(predict="s2 = s0 + s0; v1 = v0 + v0; v0 = v0 - v0", learn="s3 = s0 + s0; v2 = v0 + v0")
    _, memory = run(some, tasks, 0)
    assert memory.banks[Kind.SCALAR].tolist() == [0.0, 0.0, 0.0, 8.0]
    assert [vector[0] for vector in memory.banks[Kind.VECTOR]] == [0.0, 10.0, 4.0]


def test_training_follows_the_order_of_each_epoch() -> None:
    tasks = constant_tasks([1.0, 2.0, 3.0], [0.0], num_epochs=2)
    tasks.train_order[1] = [2, 0, 1]
    _, memory = run(program("s2 = 10", learn="s3 = s2 * s3; s3 = s3 + s0"), tasks, 0)
    assert memory[Kind.SCALAR, 3] == 123312


def test_memory_lasts_from_setup_to_the_end() -> None:
    tasks = constant_tasks([0.0, 0.0], [0.0, 0.0, 0.0], num_epochs=2)
    _, memory = run(program("s2 = 1; s3 = 100", "s3 = s3 + s2"), tasks, 0)
    assert memory[Kind.SCALAR, 3] == 100 + 2 * (2 + 3)


@pytest.mark.parametrize(("label", "best_epoch"), [(3.0, 0), (5.0, 1), (9.0, 2), (4.5, 0)])
def test_the_fitness_is_of_the_best_epoch_and_of_equals_the_first(label: float, best_epoch: int) -> None:
    evaluation = evaluate(COUNTS_UP, constant_tasks([0.0] * 3, [label, label], num_epochs=3), 0, num_predictions=1)
    predicted = 3.0 * (best_epoch + 1)
    assert evaluation.best_epoch == best_epoch
    assert evaluation.error == abs(label - predicted)
    assert evaluation.first_predictions == (predicted,)
    assert evaluation.fitness == pytest.approx(1 - 2 / np.pi * np.arctan(abs(label - predicted)))


@pytest.mark.parametrize(("error", "stops"), [(99.0, False), (100.0, False), (100.5, True), (-100.5, True)])
def test_an_error_stops_training_only_above_the_limit(error: float, stops: bool) -> None:
    evaluation = evaluate(program("s2 = 1"), constant_tasks([0.0, error, 0.0], [0.0]), 0)
    assert evaluation.stopped_in_training == stops
    assert evaluation.train_steps == (2 if stops else 3)


def test_a_run_whose_first_epoch_fails_has_no_fitness() -> None:
    evaluation = evaluate(program(), constant_tasks([0.0, 3.0], [0.0], num_epochs=2), 0, max_abs_error=2.0)
    assert (evaluation.fitness, evaluation.error, evaluation.best_epoch) == (0.0, None, None)
    assert evaluation.first_predictions == ()
    assert len(evaluation.epochs) == 1


def test_learn_is_not_run_after_a_failure() -> None:
    _, memory = run(program("s3 = 1", learn="s2 = s2 + s3"), constant_tasks([0.0, 0.0, 200.0, 0.0], [0.0]), 0)
    assert memory[Kind.SCALAR, 2] == 2


def test_nan_stops_training() -> None:
    evaluation = evaluate(program(predict="s1 = s2 / s2"), constant_tasks([0.0, 0.0], [0.0]), 0)
    assert evaluation.stopped_in_training
    assert evaluation.train_steps == 1
    assert np.isnan(evaluation.epochs[0].train_errors).all()


def test_a_later_failure_in_training_keeps_the_best_epoch_so_far() -> None:
    tasks = constant_tasks([0.0, 0.0], [2.0], num_epochs=4)
    evaluation = evaluate(COUNTS_UP, tasks, 0, max_abs_error=4.0)
    assert (evaluation.fitness, evaluation.best_epoch, evaluation.error) == (1.0, 0, 0.0)
    assert evaluation.stopped_in_training
    assert evaluation.train_steps == 2 + 2 + 2
    assert [epoch.train_stopped for epoch in evaluation.epochs] == [False, False, True]


def test_a_failed_validation_ends_that_validation_only() -> None:
    tasks = constant_tasks([0.0], [0.0, 0.0], num_epochs=3)
    tasks.valid_x[...] = 1.0  # of norm 2
    evaluation = evaluate(SHRINKS, tasks, 0)
    assert [epoch.outputs for epoch in evaluation.epochs] == [(200.0,), (20.0,) * 2, (2.0,) * 2]
    assert [epoch.valid_stopped for epoch in evaluation.epochs] == [True, False, False]
    assert [epoch.error for epoch in evaluation.epochs] == [None, 20.0, 2.0]
    assert evaluation.stopped_in_validation
    assert not evaluation.stopped_in_training
    assert evaluation.best_epoch == 2


def test_a_binary_prediction_becomes_a_probability_that_learn_sees() -> None:
    tasks = class_tasks([1.0, 0.0], num_classes=2)
    evaluation, memory = run(program("s3 = 2", "s1 = s3 + s0", "s2 = s1 + s0"), tasks, 0)
    sigmoid = 1 / (1 + np.exp(-2.0))
    assert memory[Kind.SCALAR, 2] == pytest.approx(sigmoid)
    assert memory[Kind.SCALAR, 1] == 2.0  # in validation it stays as Predict left it
    assert evaluation.epochs[0].train_errors == pytest.approx((1 - sigmoid, sigmoid))
    assert evaluation.first_predictions == pytest.approx((sigmoid, sigmoid))
    assert (evaluation.fitness, evaluation.error) == (0.5, 0.5)


def test_several_classes_have_labels_and_predictions_in_vectors() -> None:
    tasks = class_tasks([0.0, 2.0])
    some = program(predict="v2 = v0 + v1", learn="v3 = v1 + v4; v5 = v2 + v4; s3 = s0 + s0")
    evaluation, memory = run(some, tasks, 0)
    probabilities = np.exp([0, 0, 1]) / np.sum(np.exp([0, 0, 1]))
    vectors = memory.banks[Kind.VECTOR]
    assert vectors[3].tolist() == [0, 0, 1, 0]  # Learn saw the one-hot label
    assert vectors[5] == pytest.approx([*probabilities, 0])  # and the softmax, 0 beyond the classes
    assert vectors[1].tolist() == [0, 0, 0, 0]  # validation hides the label
    assert vectors[2].tolist() == [0, 0, 1, 0]  # and leaves the prediction as it was
    assert memory[Kind.SCALAR, 3] == 0.0  # s0 is not in use
    assert evaluation.epochs[0].train_errors == pytest.approx([1 - probabilities[2]] * 2)
    assert [output.tolist() for output in evaluation.epochs[0].outputs] == [[1, 0, 0], [0, 0, 1]]
    assert evaluation.first_predictions == (0, 2)
    assert (evaluation.fitness, evaluation.error) == (1.0, 0.0)


def test_a_program_that_never_predicts_gives_the_first_class() -> None:
    evaluation = evaluate(program(), class_tasks([0.0, 1.0, 2.0, 0.0]), 0)
    assert evaluation.first_predictions == (0, 0, 0, 0)
    assert evaluation.fitness == 0.5


def test_elements_beyond_the_classes_do_not_count() -> None:
    evaluation = evaluate(program("v3[0.99] = 50", "v2 = v0 + v3"), class_tasks([1.0, 2.0]), 0)
    assert evaluation.first_predictions == (1, 2)


def test_a_validation_that_is_all_nan_has_every_class_wrong_and_does_not_stop() -> None:
    tasks = class_tasks([0.0, 1.0])
    tasks = replace(tasks, valid_x=np.zeros_like(tasks.valid_x))
    evaluation = evaluate(program(predict="s2 = norm(v0); s3 = s2 / s2; v2 = s3 * v0"), tasks, 0)
    assert evaluation.first_predictions == (-1, -1)
    assert (evaluation.fitness, evaluation.error, evaluation.best_epoch) == (0.0, 1.0, 0)
    assert not evaluation.stopped_early


def test_nan_in_any_class_stops_training_on_several_classes() -> None:
    evaluation = evaluate(program(predict="v2 = v0 / v0"), class_tasks([0.0]), 0)
    assert evaluation.stopped_in_training
    assert evaluation.fitness == 0.0


def test_the_limit_of_the_error_holds_for_probabilities_too() -> None:
    assert evaluate(program(), class_tasks([0.0]), 0, max_abs_error=0.5).stopped_in_training
    assert not evaluate(program(), class_tasks([0.0]), 0, max_abs_error=0.7).stopped_in_training


def test_every_task_of_a_set_is_its_own() -> None:
    train_x, valid_x = np.array([[[3.0]], [[5.0]]]), np.array([[[2.0]], [[7.0]]])
    tasks = TaskSet("two", train_x, train_x[..., 0] + 10, valid_x, valid_x[..., 0] + 20, Loss.RMSE)
    evaluations = [evaluate(program(predict="s1 = norm(v0)"), tasks, task) for task in range(2)]
    assert [evaluation.first_predictions for evaluation in evaluations] == [(2.0,), (7.0,)]
    assert [evaluation.epochs[0].train_errors for evaluation in evaluations] == [(10.0,)] * 2
    assert [evaluation.error for evaluation in evaluations] == [20.0] * 2
