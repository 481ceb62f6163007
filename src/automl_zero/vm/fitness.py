"""From predictions to one number: normalization, errors, the fitness of a task and of several tasks together.

Pure functions of numbers. A fitness lies between 0 and 1, more is better, and it is never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from automl_zero.program.ops import Array
from automl_zero.tasks.task import Loss

COMBINATIONS = ("mean", "median")


@np.errstate(all="ignore")
def sigmoid(x: float) -> float:
    """Logistic function: the probability of class 1 that a prediction stands for."""
    return float(1.0 / (1.0 + np.exp(-x)))


@np.errstate(all="ignore")
def softmax(outputs: Array) -> Array:
    """Probabilities of the classes [C]; the largest output is subtracted first, so that none overflows."""
    powers: Array = np.exp(outputs - np.max(outputs))
    return powers / np.sum(powers)


def predicted_class(outputs: Array) -> int:
    """The first class whose output is above all before it and above -inf; -1, always wrong, if there is none."""
    winner, best = -1, -math.inf
    for number, output in enumerate(outputs):
        if output > best:
            winner, best = number, output
    return winner


def binary_error(label: float, probability: float) -> float:
    """1 if label and probability are on different sides of 0.5, else 0; 0.5 itself and NaN count as class 0."""
    return float((label > 0.5) != (probability > 0.5))


def rmse_fitness(rmse: float) -> float:
    """``1 - (2/pi) atan(rmse)``: 1 for no error, 0.5 for an error of 1, 0 for one that is infinite or NaN."""
    return 1.0 - 2.0 / math.pi * math.atan(rmse) if math.isfinite(rmse) else 0.0


@np.errstate(all="ignore")
def score(errors: Sequence[float], loss: Loss) -> tuple[float, float]:
    """RMSE or error rate of a validation, and its fitness."""
    if loss is Loss.RMSE:
        rmse = float(np.sqrt(np.mean(np.square(errors))))
        return rmse, rmse_fitness(rmse)
    error_rate = fmean(errors)
    return error_rate, 1.0 - error_rate


def combine(fitnesses: Sequence[float], how: str = "mean") -> float:
    """Fitness over several tasks: their mean or median, which of an even number is the upper of the middle two.

    Raises:
        ValueError: ``how`` is neither ``"mean"`` nor ``"median"``, or there is no fitness.
    """
    if how not in COMBINATIONS or not fitnesses:
        raise ValueError(f"cannot combine {len(fitnesses)} fitnesses by {how!r}: use {COMBINATIONS} on 1 or more")
    return fmean(fitnesses) if how == "mean" else sorted(fitnesses)[len(fitnesses) // 2]
