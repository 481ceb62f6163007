"""What is wrong with the machine, told once and never in the way: what is asked for is done all the same."""

from __future__ import annotations

import warnings


class MachineWarning(UserWarning):
    """The machine lacks something, such as a folder to keep things in: results are the same, but come later."""


_told: set[str] = set()


def warn_once(subject: str, message: str) -> None:
    """Warn of a subject, such as a folder, of which this process has not warned yet."""
    if subject not in _told:
        _told.add(subject)
        warnings.warn(message, MachineWarning, stacklevel=2)


def forget_warnings() -> None:
    """Warn again of what was warned of."""
    _told.clear()
