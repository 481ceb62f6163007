"""How a discovered algorithm is used: as an estimator, as source code of other systems, as a saved model."""

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
    """An estimator, or the warning of one, imported when it is asked for, since scikit-learn takes a while."""
    if name not in _ESTIMATORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ESTIMATORS[name]}"), name)
