"""The deprecated name of ``automl_zero.estimators``, kept for one release."""

from __future__ import annotations

import warnings
from typing import Any


def __getattr__(name: str) -> Any:
    """The attribute of ``automl_zero.estimators``, with a warning."""
    from automl_zero import estimators

    value = getattr(estimators, name)
    warnings.warn(
        f"automl_zero.export is called automl_zero.estimators now: use from automl_zero.estimators import {name}",
        DeprecationWarning,
        stacklevel=2,
    )
    return value
