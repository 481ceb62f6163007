"""The reference: what one run does step by step, on regression, on two classes and on several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reference_cases import NUM_FEATURES, constant_tasks, program

from automl_zero.program.ops import Kind
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.reference import evaluate, run

COUNTS_UP = program(predict="s1 = s2 + s0", learn="s3 = exp(s0); s3 = s3 / s3; s2 = s2 + s3")
INVERTS_DISTANCE = program("s3 = 1.0", "s1 = s3 - s2; s1 = 1 / s1", "s2 = s2 + s3")  # 1, 1/0, -1, -1/2, ...


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
    tasks = constant_tasks([1.0], [0.0, 0.0], num_epochs=3)
    evaluation = evaluate(INVERTS_DISTANCE, tasks, 0)
    assert [epoch.valid_stopped for epoch in evaluation.epochs] == [True, False, False]
    assert [len(epoch.outputs) for epoch in evaluation.epochs] == [1, 2, 2]
    assert evaluation.stopped_in_validation
    assert evaluation.best_epoch == 2
