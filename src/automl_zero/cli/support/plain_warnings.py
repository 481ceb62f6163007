"""Warnings for users as plain lines, whichever warning filters Python has."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from automl_zero.errors import RenamedWarning
from automl_zero.system.machine_warning import MachineWarning
from automl_zero.terminal.output import echo

PLAIN = (MachineWarning, RenamedWarning)


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print each warning for users as a line on stderr; a closed terminal is no error."""
    with warnings.catch_warnings():
        for category in PLAIN:
            warnings.simplefilter("always", category)
        show_others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
            if issubclass(category, PLAIN):
                echo(f"warning: {message}", err=True)
            else:
                show_others(message, category, *more, **named)

        warnings.showwarning = show
        yield
