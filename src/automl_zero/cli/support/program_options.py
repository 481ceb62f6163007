"""What the commands share that take a given program apart: their options and progress."""

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
        *SUITE_NAMES, help="The tasks: of a preset, of a kind of tasks, or of a config file. Default: a run's own."
    ),
]
Trials = Annotated[int, typer.Option(min=1, help="Settings of the constants that are tried in each tuning.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; by default, one for each usable processor.")]


def config_for(given: FoundProgram, suite: str | None, overrides: Sequence[str]) -> Config:
    """The config with the tasks that a program is taken apart on: a suite's, or those of the run that found it.

    Raises:
        ConfigError: there is neither a suite nor a run, no such suite, or an override cannot be used.
    """
    from automl_zero.config import ConfigError, override
    from automl_zero.run.scoring.suite import suite_config

    if suite is not None:
        return suite_config(suite, overrides)
    if given.config is None:
        raise ConfigError(f"on which tasks? {given.name} is no run, which would have its own: give --suite NAME")
    return override(given.config, overrides)


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many of ``total`` are done; gives what is called with the number of new ones."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from automl_zero.terminal.safe_console import SafeConsole

    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=SafeConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


def interval(value: float, low: float, high: float) -> str:
    """A difference of fitness in points, with its interval."""
    return f"{100 * value:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
