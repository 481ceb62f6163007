"""A run as the command does it: recorded in a folder, shown on a console, and ended early but completely by Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from automl_zero.config import Config
from automl_zero.run.checkpoint.manager import Checkpoints
from automl_zero.run.console.display import Display, new_display
from automl_zero.run.console.formatting import COMPILING
from automl_zero.run.console.progress import Progress
from automl_zero.run.console.summary import report
from automl_zero.run.islands.engine import Engine
from automl_zero.run.record.callbacks import Callback, Callbacks
from automl_zero.run.record.hangup import outliving_terminal
from automl_zero.run.record.run_folder import RunFolder, check_new, locked
from automl_zero.run.record.signals import Interrupt
from automl_zero.run.run import Run, RunCutError
from automl_zero.terminal.safe_console import SafeConsole


def run_to_folder(
    config: Config,
    folder: Path,
    workers: int,
    console: SafeConsole,
    callbacks: Sequence[Callback] = (),
    engine: Engine | None = None,
) -> tuple[Progress, int]:
    """Do a run; gives what is known of it at the end, and the exit code that a signal asks for, or 0.

    It has so many threads, unless it is given an engine. What it will cost is measured first, unless the console is
    quiet and nobody is told. What happens is in the folder before the callbacks are told.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used; the folder is not made.
        StoreError: the folder exists, or it cannot be written.
        RunCutError: the run was ended before it had a result; the folder holds what there is.
        Interrupted: a signal has come before the search had begun; the folder is not made.
    """
    check_new(folder)
    progress = Progress(config)
    with shown(progress, console, engine) as (display, interrupt):
        checkpoints, is_measured = Checkpoints(folder, config.checkpoint), not console.quiet
        run = begun(
            interrupt,
            lambda: Run(
                config, workers, interrupt, checkpoints, callbacks=callbacks, is_measured=is_measured, engine=engine
            ),
        )
        store = RunFolder.create(folder, config)
        with locked(folder):
            record_events(run, store, progress, display, callbacks)
    return progress, interrupt.exit_code


@contextmanager
def shown(
    progress: Progress, console: SafeConsole, engine: Engine | None = None
) -> Iterator[tuple[Display, Interrupt]]:
    """Show what is known of a run, which outlives its terminal, and catch the first signal to end it early."""
    display = new_display(progress, console, engine.startup_message if engine else COMPILING)
    with outliving_terminal(), Interrupt(display.notify) as interrupt, display:
        try:
            yield display, interrupt
        except RunCutError as error:
            error.exit_code = interrupt.exit_code or error.exit_code
            raise


def begun(interrupt: Interrupt, build: Callable[[], Run]) -> Run:
    """Build a run: a signal ends that at once, and later ones are handed on to the run.

    Raises:
        Interrupted: a signal has come meanwhile.
    """
    with interrupt.in_setup():
        run = build()
    interrupt.request_stop = run.request_stop
    return run


def record_events(
    run: Run, store: RunFolder, progress: Progress, display: Display, callbacks: Sequence[Callback]
) -> None:
    """Do a run to its end, and keep what happens, and the report."""
    try:
        for event in run.iter_events():
            store.record(event)
            progress.update(event)
            display.show(event)
    except RunCutError as error:
        store.write_report(report(progress, store.path))
        raise RunCutError(f"{error}: {_remedy(run.config, store.path)}") from None
    store.write_report(report(progress, store.path))
    Callbacks(callbacks).notify(lambda each: each.on_recorded(store.path))


def _remedy(config: Config, folder: Path) -> str:
    """How a run goes on that was ended before it had a result."""
    if not config.checkpoint.keep:
        return "start it anew with more time, and with checkpoint.keep above 0, so that it can go on then"
    limit = " --set stop.max_seconds=..., with more seconds" if config.stop.max_seconds is not None else ""
    return f"it goes on with 'automl-zero resume {quote(str(folder))}'{limit}"
