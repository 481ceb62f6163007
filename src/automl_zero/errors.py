"""The base of all errors of the package, and the warning about a name that has changed."""

from __future__ import annotations

import warnings


class AutoMLZeroError(Exception):
    """An error whose message names what is wrong, its value and a remedy; the command prints it without a traceback."""


class RenamedWarning(FutureWarning):
    """A config key, an option or a module is used by its old name, which the next release no longer knows."""


def warn_renamed(old: str, new: str) -> None:
    """Warn that something is used by its old name."""
    warnings.warn(f"{old} is called {new} now, and the next release no longer knows the old name", RenamedWarning, 3)
