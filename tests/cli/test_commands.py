"""The table of commands, and the command line as a whole."""

from __future__ import annotations

import pytest
import typer
from support.runs.invocations import invoke, refused

from automl_zero import __version__
from automl_zero.cli.commands import PANELS

COMMANDS = [
    each.info.name if isinstance(each, typer.Typer) else each.__name__ for row in PANELS.values() for each in row
]


def test_the_version_is_reported() -> None:
    assert invoke("--version").stdout == f"automl-zero {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_command_and_every_command_has_help(command: str) -> None:
    assert command in invoke("--help").stdout
    assert "Usage: " in invoke(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "table"), "kind 'table' needs a table: run with --data FILE --target COLUMN"),
        (("run", "linear", "--target", "y"), "--target y needs a table: give --data TABLE, too"),
        (("run", "table", "--data", "nowhere.csv"), "'nowhere.csv' is not a file, and does not begin with 'sklearn:'"),
        (("run", "nonsense"), "no preset or file 'nonsense': presets are "),
        (("show", "nonsense"), "nonsense is not a run folder"),
        (("evaluate", "nonsense", "--suite", "linear"), "no library program, file or run folder 'nonsense'"),
        (("evaluate", "figure_5", "--suite", "nonsense"), "no suite 'nonsense'"),
        (("evaluate", "figure_5", "--data", "nonsense.npz"), "nonsense.npz: cannot be opened"),
        (("evaluate", "figure_5"), "either --suite NAME or --data FILE.npz"),
        (("evaluate", "figure_5", "--suite", "linear", "--max-abs-error", "nan"), "max_abs_error = nan"),
    ],
    ids=str,
)
def test_what_does_not_exist_or_fit_is_named(arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(*arguments)


@pytest.mark.parametrize(
    "arguments", [("fly",), ("run",), ("run", "linear", "--workers", "0"), ("evaluate", "figure_5", "--stage", "none")]
)
def test_a_wrong_command_line_ends_with_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2


def test_the_help_shows_the_panels_in_their_order() -> None:
    text = invoke("--help").stdout
    places = [text.index(f" {panel} ") for panel in PANELS]
    assert places == sorted(places)
