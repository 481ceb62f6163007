"""Normalization, errors and fitness are those of the published program, and hold their promises where it has none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.programs import golden_data as golden

from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import PREDICTION, Instruction, Program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm.fitness import binary_error, combine, predicted_class, rmse_fitness, score, sigmoid, softmax
from automl_zero.vm.reference import evaluate

Count = Callable[[str, int], None]

EPS = float(np.finfo(np.float64).eps)


def constant_prediction(value: float) -> Program:
    return Program(predict=(Instruction(BY_NAME["scalar_const_set"].number, out=PREDICTION, data=(value,)),))


def constant_task(prediction: float, valid_labels: list[Any]) -> TaskSet:
    """One training example that the constant prediction meets; validation labels may even be NaN."""
    features, zeros = np.zeros((1, len(valid_labels), 2)), np.zeros((1, len(valid_labels)))
    tasks = TaskSet("constant", features[:, :1], np.array([[prediction]]), features, zeros, Loss.RMSE)
    tasks.valid_y[0] = np.array(valid_labels, np.float64)
    return tasks


# Each maps a stored case to pairs of what we compute and what the published program did.
CHECKS: dict[str, Callable[[dict[str, Any]], golden.Pairs]] = {
    "rms_to_fitness": lambda case: {"fitness": (rmse_fitness(float(case["rmse"])), case["fitness"])},
    "sigmoid": lambda case: {"sigmoid": (sigmoid(float(case["s1"])), case["sigmoid"])},
    "accuracy": lambda case: {
        "error and fitness": (
            score([1.0] * case["wrong"] + [0.0] * (case["n_valid"] - case["wrong"]), Loss.ACCURACY),
            (case["error_rate"], case["fitness"]),
        )
    },
    "accuracy_threshold": lambda case: {
        "error": (binary_error(float(case["label"]), sigmoid(float(case["s1"]))), case["wrong"])
    },
    "combination": lambda case: {how: (combine(case["fitnesses"], how), case[how]) for how in ("mean", "median")},
    "rms_full_path": lambda case: full_path(case),
}


def full_path(case: dict[str, Any]) -> golden.Pairs:
    evaluation = evaluate(constant_prediction(case["s1"]), constant_task(case["s1"], case["valid_labels"]), 0)
    epoch = evaluation.epochs[0]
    return {
        "fitness": (evaluation.fitness, case["fitness"]),
        "error": (evaluation.error, case["rmse"]),
        "stop": (len(epoch.outputs) - 1 if epoch.valid_stopped else None, case.get("stopped_at")),
    }


def test_every_group_of_golden_cases_is_checked() -> None:
    stored = golden.load("fitness.json")
    assert set(CHECKS) == {name for name, content in stored.items() if isinstance(content, list)}


@pytest.mark.parametrize("group", CHECKS)
def test_numbers_are_those_of_the_published_program(group: str, count_golden: Count) -> None:
    cases = golden.load("fitness.json")[group]
    for case in cases:
        for actual, expected in CHECKS[group](case).values():
            assert not golden.differs(actual, expected, 4 * EPS, EPS).any(), case
    count_golden("fitness cases in agreement", len(cases))


def test_softmax_gives_probabilities_even_of_large_outputs() -> None:
    assert softmax(np.array([1000.0, 1000.0, -1000.0])).tolist() == [0.5, 0.5, 0.0]
    assert softmax(np.log([1.0, 2.0, 5.0])) == pytest.approx([0.125, 0.25, 0.625])


@pytest.mark.parametrize("outputs", [[math.nan, 0, 0], [0, math.inf, 0], [math.inf, math.inf, 0], [-math.inf] * 3])
def test_softmax_of_outputs_without_probabilities_is_all_nan(outputs: list[float]) -> None:
    assert np.isnan(softmax(np.array(outputs))).all()


@pytest.mark.parametrize(
    ("outputs", "winner"),
    [
        ([0.0, 2.0, 1.0], 1),
        ([1.0, 1.0, 1.0], 0),
        ([math.nan, -5.0, math.nan], 1),
        ([-math.inf, math.nan, math.inf], 2),
        ([math.nan] * 3, -1),
        ([-math.inf] * 3, -1),
    ],
)
def test_the_predicted_class_is_the_first_largest_and_never_nan(outputs: list[float], winner: int) -> None:
    assert predicted_class(np.array(outputs)) == winner


def test_the_combination_must_be_known_and_of_something() -> None:
    with pytest.raises(ValueError, match="'max'"):
        combine([0.5], "max")
    with pytest.raises(ValueError, match="0 fitnesses"):
        combine([])
