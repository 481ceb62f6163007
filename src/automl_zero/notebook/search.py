"""Runs from Python: a run of a preset or file, displayed in place, with the same results as the command's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from automl_zero.config import load_config
from automl_zero.notebook.live_output import LiveOutput, notebook_handle
from automl_zero.notebook.result import Result, result_of
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import Event
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.run import Run
from automl_zero.run.session import build_run, display_run, run_to_folder
from automl_zero.system.processors import number_of_workers
from automl_zero.terminal.safe_console import SafeConsole


class Search:
    """A run of a search.

    Args:
        name_or_path: a preset or a TOML file.
        overrides: overrides of the config, such as ``stop.max_programs=20000``.
        seed: the seed of the run; by default, that of the config.
        out: the run folder, which must be new; by default, nothing is written to disk.
        workers: the number of threads; by default, one for each usable processor. It changes no result.
        callbacks: notified of events; they may stop the run.

    Raises:
        ConfigError: the config cannot be used.

    Example:
        >>> result = Search("linear", ["stop.max_programs=20000"], seed=0).run()
        >>> print(result.text)
    """

    def __init__(
        self,
        name_or_path: str,
        overrides: Sequence[str] = (),
        seed: int | None = None,
        out: str | os.PathLike[str] | None = None,
        workers: int | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        seeds = [] if seed is None else [f"seed={seed}"]
        self.config = load_config(name_or_path, [*overrides, *seeds])
        self._out, self._workers = None if out is None else Path(out), number_of_workers(workers)
        self._callbacks = tuple(callbacks)

    def run(self) -> Result:
        """Run the search. An interrupt (Ctrl-C) ends it early, with a complete result.

        Raises:
            ConfigError, ProgramError, TaskError: the config cannot be used.
            StoreError: the folder exists, or cannot be written.
        """
        handle = notebook_handle()
        console = SafeConsole(quiet=handle is not None)
        callbacks = self._callbacks if handle is None else (*self._callbacks, LiveOutput(self.config, handle))
        if self._out is None:
            return result_of(self.config, self._events(console, callbacks))
        run_to_folder(self.config, self._out, self._workers, console, callbacks)
        return result_of(self.config, tuple(read_run(self._out).events))

    def _events(self, console: SafeConsole, callbacks: Sequence[Callback]) -> list[Event]:
        """Return the events of a run without a folder."""
        progress, events = Progress(self.config), []
        with display_run(progress, console) as (display, interrupt):
            run = build_run(interrupt, lambda: Run(self.config, self._workers, interrupt, callbacks=callbacks))
            for event in run.iter_events():
                events.append(event)
                progress.update(event)
                display.show(event)
        return events
