"""A run as the command does it: stored in a folder, displayed on a console, and ended in an orderly way by Ctrl-C."""

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
    """Do a run in a new folder.

    The cost is measured first, unless the console is quiet. Events are in the folder before callbacks are notified.

    Args:
        config: the settings of the run.
        folder: where to store it.
        workers: the number of threads, if there is no engine; it changes no result.
        console: where to display it.
        callbacks: notified of what happens.
        engine: where islands run; by default, in threads.

    Returns:
        The progress at the end, and the exit code: that of a signal, or 0.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used; the folder is not made.
        StoreError: the folder exists, or it cannot be written.
        RunCutError: the run ended before it had a result; the folder has what there is.
        Interrupted: a signal has come before the search has started; the folder is not made.
    """
    check_new(folder)
    progress = Progress(config)
    with display_run(progress, console, engine) as (display, interrupt):
        checkpoints, is_measured = Checkpoints(folder, config.checkpoint), not console.quiet
        run = build_run(
            interrupt,
            lambda: Run(
                config, workers, interrupt, checkpoints, callbacks=callbacks, is_measured=is_measured, engine=engine
            ),
        )
        run_folder = RunFolder.create(folder, config)
        with locked(folder):
            record_events(run, run_folder, progress, display, callbacks)
    return progress, interrupt.exit_code


@contextmanager
def display_run(
    progress: Progress, console: SafeConsole, engine: Engine | None = None
) -> Iterator[tuple[Display, Interrupt]]:
    """Display the progress of a run, catch the first signal to end it early, and ignore that its terminal closes."""
    display = new_display(progress, console, engine.startup_message if engine else COMPILING)
    with outliving_terminal(), Interrupt(display.notify) as interrupt, display:
        try:
            yield display, interrupt
        except RunCutError as error:
            error.exit_code = interrupt.exit_code or error.exit_code
            raise


def build_run(interrupt: Interrupt, build: Callable[[], Run]) -> Run:
    """Build a run, which a signal ends at once; later signals call its ``request_stop``.

    Raises:
        Interrupted: a signal has come meanwhile.
    """
    with interrupt.in_setup():
        run = build()
    interrupt.request_stop = run.request_stop
    return run


def record_events(
    run: Run, run_folder: RunFolder, progress: Progress, display: Display, callbacks: Sequence[Callback]
) -> None:
    """Do a run to its end; store and display its events, and write the report."""
    try:
        for event in run.iter_events():
            run_folder.record(event)
            progress.update(event)
            display.show(event)
    except RunCutError as error:
        run_folder.write_report(report(progress, run_folder.path))
        raise RunCutError(f"{error}: {_remedy(run.config, run_folder.path)}") from None
    run_folder.write_report(report(progress, run_folder.path))
    Callbacks(callbacks).notify(lambda each: each.on_recorded(run_folder.path))


def _remedy(config: Config, folder: Path) -> str:
    """Return how to continue a run that ended before it had a result."""
    if not config.checkpoint.keep:
        return "start it again with more time, and with checkpoint.keep above 0, so that it can be resumed"
    limit = " --set stop.max_seconds=..., with more seconds" if config.stop.max_seconds is not None else ""
    return f"continue it with 'automl-zero resume {quote(str(folder))}'{limit}"
