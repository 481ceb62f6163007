from __future__ import annotations

import errno
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from automl_zero.terminal.printable import COMMANDS
from automl_zero.terminal.safe_console import SafeConsole

ENVIRONMENT = {"TERM": "xterm-256color"}
OWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")  # colours and moves of the cursor
HOSTILE = "\x1b]0;OWNED\x07\x9b2J"


def terminal(file: Any) -> SafeConsole:
    return SafeConsole(file=file, force_terminal=True, width=60, _environ=ENVIRONMENT)


def table(text: str) -> Table:
    found = Table(text, title=Text(text))
    found.add_row(Text(text))
    return found


SHAPES = [
    lambda text: text,
    Text,
    lambda text: Text.assemble(("coloured", "red"), (text, "bold")),
    Panel,
    lambda text: Panel(Text(text), title=text),
    table,
    lambda text: Group(text, Text(text), Panel(text)),
]


@pytest.mark.parametrize("shape", SHAPES)
@given(text=st.text(st.characters(exclude_categories=[])))
def test_whatever_is_printed_only_rich_commands_the_terminal(shape: Any, text: str) -> None:
    output = io.StringIO(newline="")
    terminal(output).print(shape(text), markup=False)
    assert not COMMANDS.search(OWN.sub("", output.getvalue()).replace("\x1b[0m", ""))


def test_colours_stay() -> None:
    output = io.StringIO()
    terminal(output).print(Text(f"a{HOSTILE}", "red"))
    assert output.getvalue().startswith("\x1b[31ma")
    assert output.getvalue().count("\x1b") == 2


def test_what_is_live_is_cleaned_and_so_is_what_is_printed_above_it() -> None:
    output = io.StringIO()
    console = terminal(output)
    with (
        Live(Text(HOSTILE), console=console, auto_refresh=False),
        Progress(TextColumn("{task.description}", markup=False), console=console, auto_refresh=False) as progress,
    ):
        progress.add_task(HOSTILE)
        progress.refresh()
        console.print(HOSTILE, markup=False)
    assert "OWNED" in output.getvalue()
    assert not COMMANDS.search(OWN.sub("", output.getvalue()))


def test_columns_keep_their_widths() -> None:
    output = io.StringIO()
    terminal(output).print(table("a\x1bb"))
    assert len({len(line) for line in OWN.sub("", output.getvalue()).splitlines()[1:]}) == 1


class Gone(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.EIO, "the terminal was closed")


@pytest.mark.parametrize("console_of", [terminal, lambda file: SafeConsole(file=file)], ids=["terminal", "plain"])
def test_an_output_that_has_gone_away_raises_nothing(console_of: Any) -> None:
    console = console_of(Gone())
    with Live("a", console=console, refresh_per_second=50) as live:
        live.update("b", refresh=True)
        console.print("c")
