"""The deprecated name of ``automl_zero.estimators``, kept for one release."""

from __future__ import annotations

from typing import Any

from automl_zero.errors import warn_renamed


def __getattr__(name: str) -> Any:
    """Return an attribute of ``automl_zero.estimators``, with a warning that names it."""
    from automl_zero import estimators

    value = getattr(estimators, name)
    warn_renamed(f"automl_zero.export.{name}", f"automl_zero.estimators.{name}")
    return value
