"""What commands share: options, and how they print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.run.console.progress import Progress
    from automl_zero.terminal.safe_console import SafeConsole

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed that the tasks are drawn from.")]
Track = typer.Option(
    "--track", metavar="NAME", help="Tell the run to tensorboard or mlflow, too, while it goes on; may be repeated."
)
Override = typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. islands.count=8; may be repeated.")

NEXT = ("analyze {}", "lineage {}", "export {} --to python")  # commands to go on with, each with the run folder


def print_rows(names: Sequence[str], rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print rows as a table with a column for each of their names, or as JSON."""
    if as_json:
        echo(to_json(rows))
    else:
        print_table(names, [[str(row[name]) for name in names] for row in rows])


def print_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as they need to be, so that nothing is cut or wrapped."""
    table = [names, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo(line.rstrip())


def warning(console: SafeConsole) -> Callable[[str], None]:
    """What prints a warning: on the console, or on stderr where that is quiet."""
    from automl_zero.terminal.safe_console import SafeConsole

    shown = SafeConsole(stderr=True) if console.quiet else console
    return lambda message: shown.print(f"warning: {message}", markup=False, highlight=False, soft_wrap=True)


def print_run(progress: Progress, folder: Path, as_json: bool) -> None:
    """Print what came of a run in a folder, or how far it is: its report, or JSON with the digest of its state."""
    from automl_zero.run.checkpoint.manager import state_digest
    from automl_zero.run.console.summary import report, summary

    if as_json:
        echo(to_json(summary(progress, folder, state_digest(folder))))
    else:
        print_code(report(progress, folder))


def print_code(text: str) -> None:
    """Print text that holds programs: in colours on a terminal, as it is elsewhere."""
    from automl_zero.run.console.highlight import coloured_report
    from automl_zero.terminal.safe_console import SafeConsole

    console = SafeConsole()
    if console.is_terminal:
        console.print(coloured_report(text), soft_wrap=True, end="")
    else:
        echo(text, end="")


def remind_of(program: str) -> None:
    """Print a program, given by name, on a terminal only: what reads a pipe did not ask for it."""
    from automl_zero.program.text import to_text
    from automl_zero.run.record.program_lookup import load_program
    from automl_zero.terminal.safe_console import SafeConsole

    if SafeConsole().is_terminal:
        print_code(to_text(load_program(program)) + "\n")


def suggest(folder: Path, console: SafeConsole) -> None:
    """Tell, on a terminal only, what can be done with a run that has ended."""
    if console.is_terminal:
        commands = (f"automl-zero {each.format(quote(str(folder)))}" for each in NEXT)
        console.print("next: " + "\n      ".join(commands), markup=False, highlight=False, soft_wrap=True)


def to_json(value: Any) -> str:
    """Readable JSON, whose text is escaped as far as it is not ASCII; NaN and infinity, unknown to it, are errors."""
    return json.dumps(value, indent=2, allow_nan=False).replace("\x7f", "\\u007f")
