"""AutoML-Zero: evolve complete machine-learning algorithms from empty programs."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Return ``Search`` or an estimator of ``automl_zero.estimators``, imported when it is first used."""
    if name != "Search" and not name.endswith(("Classifier", "Regressor", "FitWarning")):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"automl_zero.{'notebook' if name == 'Search' else 'estimators'}"), name)
