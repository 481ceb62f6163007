"""The live view of a run in a notebook: one output, redrawn at most four times a second, and once at the end."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import monotonic
from typing import Any, Protocol

from automl_zero.config import Config
from automl_zero.notebook.formats import ipython_shell
from automl_zero.notebook.html_view import view_html
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Selection, Stop

SOONEST = 0.25  # seconds between two pictures


class Handle(Protocol):
    """An output of a notebook that can be replaced, such as IPython's."""

    def update(self, data: Any, /, *, raw: bool) -> None:
        """Show something else in its place."""


class LiveOutput(Callback):
    """Draws what it is told; it never asks a run to end."""

    def __init__(self, config: Config, handle: Handle, clock: Callable[[], float] = monotonic) -> None:
        self._progress, self._handle, self._clock = Progress(config), handle, clock
        self._drawn_at = -SOONEST + clock()

    def on_epoch(self, event: EpochEnd) -> None:
        """Draw if it is time."""
        self._take(event)

    def on_improvement(self, event: Improvement) -> None:
        """Draw if it is time."""
        self._take(event)

    def on_selection(self, event: Selection) -> None:
        """Draw if it is time."""
        self._take(event)

    def on_final(self, event: Final) -> None:
        """Draw if it is time."""
        self._take(event)

    def on_stop(self, event: Stop) -> None:
        """Draw the end, whatever the time."""
        self._progress.update(event)
        self._draw()

    def _take(self, event: Event) -> None:
        self._progress.update(event)
        if self._clock() - self._drawn_at >= SOONEST:
            self._draw()

    def _draw(self) -> None:
        self._drawn_at = self._clock()
        self._handle.update({"text/html": view_html(self._progress)}, raw=True)


def notebook_handle() -> Handle | None:
    """An output of the notebook that this is, or None elsewhere."""
    if getattr(ipython_shell(), "kernel", None) is None:
        return None
    output: Any = import_module("IPython.display")  # untyped
    handle: Handle = output.display({"text/html": ""}, raw=True, display_id=True)
    return handle
