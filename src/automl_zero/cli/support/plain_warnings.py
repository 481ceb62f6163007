"""Warnings of the machine as plain lines, whatever Python is told to do with warnings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from automl_zero.system.machine_warning import MachineWarning
from automl_zero.terminal.output import echo


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Print each ``MachineWarning`` of the block as a line on stderr; a terminal that is gone ends nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", MachineWarning)
        show_others = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
            if issubclass(category, MachineWarning):
                echo(f"warning: {message}", err=True)
            else:
                show_others(message, category, *more, **named)

        warnings.showwarning = show
        yield
