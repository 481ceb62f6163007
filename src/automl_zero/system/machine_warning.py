"""Warnings about the machine, each shown once; the work that was asked for is done nevertheless."""

from __future__ import annotations

import warnings


class MachineWarning(UserWarning):
    """Warns that the machine lacks something, such as a cache folder: results are the same, but take longer."""


_warned: set[str] = set()


def warn_once(subject: str, message: str) -> None:
    """Warn about a subject, such as a folder, unless this process has done so already."""
    if subject not in _warned:
        _warned.add(subject)
        warnings.warn(message, MachineWarning, stacklevel=2)


def forget_warnings() -> None:
    """Forget which warnings were shown, so that they are shown again."""
    _warned.clear()
