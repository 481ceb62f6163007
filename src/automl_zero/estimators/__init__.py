"""Estimators for scikit-learn that train programs, given ones or ones that they evolve."""

from __future__ import annotations

from typing import Any

_ESTIMATORS = {
    "AutoMLZeroClassifier": "search_estimators",
    "AutoMLZeroRegressor": "search_estimators",
    "EvolvedClassifier": "program_estimators",
    "EvolvedRegressor": "program_estimators",
    "IncompleteFitWarning": "estimator",
}

__all__ = [
    "AutoMLZeroClassifier",
    "AutoMLZeroRegressor",
    "EvolvedClassifier",
    "EvolvedRegressor",
    "IncompleteFitWarning",
]


def __getattr__(name: str) -> Any:
    """Import an estimator, or its warning, when it is first used: scikit-learn takes a while to import."""
    if name not in _ESTIMATORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ESTIMATORS[name]}"), name)
