"""The kinds of predictions that exported code can make."""

from __future__ import annotations

from enum import StrEnum


class Prediction(StrEnum):
    """What is predicted: a number, the probability of class 1 of two, or the probabilities of several classes."""

    REGRESSION = "regression"
    BINARY = "binary"
    MULTICLASS = "multiclass"
