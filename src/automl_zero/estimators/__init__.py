"""Estimators of scikit-learn that evolve a program for a table, or train one that is given.

They are imported when they are first used, since scikit-learn takes a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "AutoMLZeroClassifier",
    "AutoMLZeroRegressor",
    "EvolvedClassifier",
    "EvolvedRegressor",
    "IncompleteFitWarning",
]

if TYPE_CHECKING:
    from automl_zero.estimators.estimator import IncompleteFitWarning
    from automl_zero.estimators.program_estimators import EvolvedClassifier, EvolvedRegressor
    from automl_zero.estimators.search_estimators import AutoMLZeroClassifier, AutoMLZeroRegressor
else:  # hidden from type checkers, which would accept any name because of it
    _MODULES = {
        "AutoMLZeroClassifier": "search_estimators",
        "AutoMLZeroRegressor": "search_estimators",
        "EvolvedClassifier": "program_estimators",
        "EvolvedRegressor": "program_estimators",
        "IncompleteFitWarning": "estimator",
    }

    def __getattr__(name):
        """Import an estimator, or its warning, when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the estimators, whether or not they are imported yet."""
    return sorted(__all__)
