"""Normalized predictions, errors, and the fitness of a task and of several tasks together.

All are pure functions of numbers. A fitness lies between 0 and 1, larger is better, and it is never NaN.
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
    """Return the logistic function of a prediction, the probability of class 1."""
    return float(1.0 / (1.0 + np.exp(-x)))


@np.errstate(all="ignore")
def softmax(outputs: Array) -> Array:
    """Return the probabilities of the classes, [C], from outputs [C]."""
    powers: Array = np.exp(outputs - np.max(outputs))  # at most 1, so that none overflows
    return powers / np.sum(powers)


def predicted_class(outputs: Array) -> int:
    """Return the first class with the largest output; -1, always wrong, if no output is above -inf.

    NaN is never above another output.
    """
    winner, best = -1, -math.inf
    for number, output in enumerate(outputs):
        if output > best:
            winner, best = number, output
    return winner


def binary_error(label: float, probability: float) -> float:
    """Return 1 if label and probability are on different sides of 0.5, else 0; 0.5 and NaN count as class 0."""
    return float((label > 0.5) != (probability > 0.5))


def rmse_fitness(rmse: float) -> float:
    """Return ``1 - (2/pi) atan(rmse)``: 1 for no error, 0.5 for an error of 1, 0 for an infinite error or NaN.

    This maps any error to [0, 1], as the published program does.
    """
    return 1.0 - 2.0 / math.pi * math.atan(rmse) if math.isfinite(rmse) else 0.0


@np.errstate(all="ignore")
def score(errors: Sequence[float], loss: Loss) -> tuple[float, float]:
    """Return RMSE or error rate of a validation, and its fitness."""
    if loss is Loss.RMSE:
        rmse = float(np.sqrt(np.mean(np.square(errors))))
        return rmse, rmse_fitness(rmse)
    error_rate = fmean(errors)
    return error_rate, 1.0 - error_rate


def combine(fitnesses: Sequence[float], how: str = "mean") -> float:
    """Return the mean or median of the fitness on several tasks; the median of an even number is the upper middle one.

    Raises:
        ValueError: ``how`` is neither ``"mean"`` nor ``"median"``, or there is no fitness.
    """
    if how not in COMBINATIONS or not fitnesses:
        raise ValueError(f"cannot combine {len(fitnesses)} fitnesses by {how!r}: use {COMBINATIONS} on 1 or more")
    return fmean(fitnesses) if how == "mean" else sorted(fitnesses)[len(fitnesses) // 2]
