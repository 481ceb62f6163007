"""How commands print: tables and reports for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from automl_zero.terminal.output import echo

if TYPE_CHECKING:
    from automl_zero.run.console.progress import Progress
    from automl_zero.terminal.safe_console import SafeConsole

NEXT = ("analyze {}", "lineage {}", "export {} --to python")  # commands to try after a run, with its folder


def print_rows(names: Sequence[str], rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print rows as a table with a column for each name, or as JSON."""
    if as_json:
        echo(to_json(rows))
    else:
        print_table(names, [[str(row[name]) for name in names] for row in rows])


def print_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as their content, so that nothing is cut or wrapped."""
    table = [names, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        echo(line.rstrip())


def warning_printer(console: SafeConsole) -> Callable[[str], None]:
    """Return a function that prints a warning: on the console, or on stderr where that is quiet."""
    from automl_zero.terminal.safe_console import SafeConsole

    shown = SafeConsole(stderr=True) if console.quiet else console
    return lambda message: shown.print(f"warning: {message}", markup=False, highlight=False, soft_wrap=True)


def print_run(progress: Progress, folder: Path, as_json: bool) -> None:
    """Print the result of a run, or its progress so far: as its report, or as JSON with the digest of its state."""
    from automl_zero.run.checkpoint.manager import state_digest
    from automl_zero.run.console.summary import report, summary

    if as_json:
        echo(to_json(summary(progress, folder, state_digest(folder))))
    else:
        print_code(report(progress, folder))


def print_code(text: str) -> None:
    """Print text that contains programs: in colours on a terminal, unchanged elsewhere."""
    from automl_zero.run.console.highlight import coloured_report
    from automl_zero.terminal.safe_console import SafeConsole

    console = SafeConsole()
    if console.is_terminal:
        console.print(coloured_report(text), soft_wrap=True, end="")
    else:
        echo(text, end="")


def print_program(program: str) -> None:
    """Print a program, given by name, but only on a terminal: a reader of a pipe expects the result alone."""
    from automl_zero.program.text import to_text
    from automl_zero.run.record.program_lookup import load_program
    from automl_zero.terminal.safe_console import SafeConsole

    if SafeConsole().is_terminal:
        print_code(to_text(load_program(program)) + "\n")


def print_next_commands(folder: Path, console: SafeConsole) -> None:
    """Suggest, on a terminal only, commands that show more of a finished run."""
    if console.is_terminal:
        commands = (f"automl-zero {each.format(quote(str(folder)))}" for each in NEXT)
        console.print("next: " + "\n      ".join(commands), markup=False, highlight=False, soft_wrap=True)


def to_json(value: Any) -> str:
    """Return indented JSON in ASCII.

    Raises:
        ValueError: a number is NaN or infinite, which JSON cannot express.
    """
    return json.dumps(value, indent=2, allow_nan=False).replace("\x7f", "\\u007f")
