from __future__ import annotations

from pathlib import Path
from shlex import split

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner

from automl_zero.cli import main

EVALUATE = ("evaluate", "linear_regression", "--suite", "linear")
CODE = "  s1 = dot(v1, v0)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run."""
    path = tmp_path_factory.mktemp("output")
    output("run", small_file(path), "--out", path / "made", "--quiet")
    return path / "made"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed goes to a terminal of 256 colours, as far as the command can tell."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")


def suggested(text: str) -> list[list[str]]:
    """The commands after "next:", in words, without the name of the program."""
    return [split(line)[1:] for line in text.partition("next: ")[2].splitlines() if line.strip()]


def output(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0
    return result.stdout


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_the_program_of_a_run_has_colours(folder: Path) -> None:
    assert "\x1b[1mdef Predict\x1b[0m():" in output("show", folder)


@pytest.mark.usefixtures("terminal")
def test_without_colours_a_terminal_gets_the_text_of_the_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in output("show", folder)


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "JSON"])
def test_elsewhere_there_are_no_colours(folder: Path, options: tuple[str, ...]) -> None:
    assert "\x1b" not in output("show", folder, *options)


def test_evaluate_shows_the_program_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CODE not in output(*EVALUATE)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert CODE in output(*EVALUATE)


@pytest.mark.usefixtures("terminal")
def test_json_has_no_colours_on_a_terminal_either(folder: Path) -> None:
    assert "\x1b" not in output("show", folder, "--json") + output(*EVALUATE, "--json")


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_a_run_ends_with_commands_that_can_be_given_next(tmp_path: Path) -> None:
    made = output("run", small_file(tmp_path), "--out", tmp_path / "my run")
    commands = suggested(made)
    assert [each[0] for each in commands] == ["analyze", "lineage", "export"]
    assert all(output(*each) for each in commands)


def test_elsewhere_and_where_it_is_quiet_nothing_is_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = small_file(tmp_path)
    assert "next: " not in output("run", file, "--out", tmp_path / "a")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "next: " not in output("run", file, "--out", tmp_path / "b", "--quiet")
    assert "next: " not in output("run", file, "--out", tmp_path / "c", "--json")
