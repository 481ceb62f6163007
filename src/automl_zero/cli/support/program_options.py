"""Options and progress bars of the commands that study a given program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from automl_zero.config import Config
    from automl_zero.run.record.program_lookup import FoundProgram

SUITE_NAMES = "--suite", "--tasks"

ProgramName = Annotated[
    str, typer.Argument(metavar="PROGRAM", help="A library name, a file of program text, or a run folder.")
]
Suite = Annotated[
    str | None,
    typer.Option(
        *SUITE_NAMES, help="The tasks: of a preset, of a kind of tasks, or of a config file. Default: those of the run."
    ),
]
Trials = Annotated[int, typer.Option(min=1, help="Settings of the constants that each tuning tries.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; by default, one for each usable processor.")]


def config_for(given: FoundProgram, suite: str | None, overrides: Sequence[str]) -> Config:
    """Return the config of the tasks on which a program is studied: a suite's, or those of the run that found it.

    Raises:
        ConfigError: there is neither a suite nor a run, the suite is unknown, or an override cannot be used.
    """
    from automl_zero.config import ConfigError, override
    from automl_zero.run.scoring.suite import suite_config

    if suite is not None:
        return suite_config(suite, overrides)
    if given.config is None:
        raise ConfigError(f"on which tasks? {given.name} is not a run, whose tasks could be used: give --suite NAME")
    return override(given.config, overrides)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr; yield the function that advances it, by a count out of ``total``."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from automl_zero.terminal.safe_console import SafeConsole

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


def interval(value: float, low: float, high: float) -> str:
    """Format a difference of fitness in points (hundredths), with its interval."""
    return f"{100 * value:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
