"""AutoML-Zero: evolve complete machine-learning algorithms from empty programs.

The names in ``__all__`` are the public API. They are imported when they are first used, since scikit-learn and the
compiler take a while; type checkers and completion see them as ordinary imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "AutoMLZeroClassifier",
    "AutoMLZeroError",
    "AutoMLZeroRegressor",
    "Callback",
    "Config",
    "ConfigError",
    "EvolvedClassifier",
    "EvolvedRegressor",
    "IncompleteFitWarning",
    "Program",
    "RenamedWarning",
    "Result",
    "Search",
    "__version__",
    "library_program",
    "load_config",
]

if TYPE_CHECKING:
    from automl_zero.config import Config, ConfigError, load_config
    from automl_zero.errors import AutoMLZeroError, RenamedWarning
    from automl_zero.estimators import (
        AutoMLZeroClassifier,
        AutoMLZeroRegressor,
        EvolvedClassifier,
        EvolvedRegressor,
        IncompleteFitWarning,
    )
    from automl_zero.notebook import Result, Search
    from automl_zero.program.library import library_program
    from automl_zero.program.program import Program
    from automl_zero.run.record.callbacks import Callback
else:  # hidden from type checkers, which would accept any name because of it
    _MODULES = {
        "AutoMLZeroClassifier": "estimators",
        "AutoMLZeroError": "errors",
        "AutoMLZeroRegressor": "estimators",
        "Callback": "run.record.callbacks",
        "Config": "config",
        "ConfigError": "config",
        "EvolvedClassifier": "estimators",
        "EvolvedRegressor": "estimators",
        "IncompleteFitWarning": "estimators",
        "Program": "program.program",
        "RenamedWarning": "errors",
        "Result": "notebook",
        "Search": "notebook",
        "library_program": "program.library",
        "load_config": "config",
    }

    def __getattr__(name):
        """Import a public name when it is first used."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """List the public names, whether or not they are imported yet."""
    return sorted(__all__)
