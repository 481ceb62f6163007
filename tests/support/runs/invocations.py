"""The command, called in the process of the test."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from automl_zero.cli import main

COMPLETE = [".lock", "best", "checkpoints", "config.toml", "events.jsonl", "report.html", "report.txt"]
BEST = ["final.txt", "search.txt", "select.txt"]


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def refused(*arguments: object) -> str:
    """Return the message of a command that refuses its input and prints nothing else."""
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    return result.stderr


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())
