"""The base class of all errors of the package, and the warning about a renamed key, option or module."""

from __future__ import annotations

import warnings


class AutoMLZeroError(Exception):
    """The base of all errors of the package; messages name what is wrong, its value and a remedy."""


class RenamedWarning(FutureWarning):
    """Warns that a config key, an option or a module is used by its old name, which the next release removes."""


def warn_renamed(old: str, new: str) -> None:
    """Warn that ``old`` is used, whose name is ``new`` now."""
    warnings.warn(f"{old} is now called {new}: the next release removes the old name", RenamedWarning, 3)
