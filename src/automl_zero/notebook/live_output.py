"""The live view of a run in a notebook: one output cell, redrawn at most four times a second and at the end."""

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

MIN_INTERVAL = 0.25  # seconds between two drawings


class OutputHandle(Protocol):
    """A replaceable output of a notebook, such as IPython's display handle."""

    def update(self, data: Any, /, *, raw: bool) -> None:
        """Replace the output."""


class LiveOutput(Callback):
    """Draws the progress of a run on its events; it never stops the run."""

    def __init__(self, config: Config, handle: OutputHandle, clock: Callable[[], float] = monotonic) -> None:
        self._progress, self._handle, self._clock = Progress(config), handle, clock
        self._drawn_at = -MIN_INTERVAL + clock()

    def on_epoch(self, event: EpochEnd) -> None:
        """Draw if the interval has passed."""
        self._update(event)

    def on_improvement(self, event: Improvement) -> None:
        """Draw if the interval has passed."""
        self._update(event)

    def on_selection(self, event: Selection) -> None:
        """Draw if the interval has passed."""
        self._update(event)

    def on_final(self, event: Final) -> None:
        """Draw if the interval has passed."""
        self._update(event)

    def on_stop(self, event: Stop) -> None:
        """Draw the end in any case."""
        self._progress.update(event)
        self._draw()

    def _update(self, event: Event) -> None:
        self._progress.update(event)
        if self._clock() - self._drawn_at >= MIN_INTERVAL:
            self._draw()

    def _draw(self) -> None:
        self._drawn_at = self._clock()
        self._handle.update({"text/html": view_html(self._progress)}, raw=True)


def notebook_handle() -> OutputHandle | None:
    """Return a new output of the running notebook; None elsewhere."""
    if getattr(ipython_shell(), "kernel", None) is None:
        return None
    output: Any = import_module("IPython.display")  # untyped
    handle: OutputHandle = output.display({"text/html": ""}, raw=True, display_id=True)
    return handle
