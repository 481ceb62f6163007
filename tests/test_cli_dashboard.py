"""The command ``dashboard``: what it prints and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from automl_zero.cli import dashboard as command
from automl_zero.cli import main


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The options of the servers that would have begun."""
    calls: list[Any] = []
    monkeypatch.setattr("uvicorn.run", lambda _, **options: calls.append(options))
    return calls


def test_it_serves_this_machine_without_a_token(served: list[Any], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["dashboard", str(tmp_path)])
    assert result.stdout == "dashboard: http://127.0.0.1:8765/\n"
    assert served[0]["host"] == "127.0.0.1"


def test_for_other_machines_it_makes_a_token(served: list[Any], tmp_path: Path) -> None:
    first, second = (CliRunner().invoke(main, ["dashboard", str(tmp_path), "--host", "::"]).stdout for _ in range(2))
    assert first.startswith("dashboard: http://[::]:8765/?token=")
    assert first != second
    assert not served[0]["access_log"]


def test_a_folder_that_is_not_there_is_refused(served: list[Any], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["dashboard", str(tmp_path / "none")])
    assert (result.exit_code, served) == (2, [])
    assert "is not a folder" in result.stderr


def test_without_the_libraries_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    module = __import__("sys").modules[command.__module__]
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    result = CliRunner().invoke(main, ["dashboard"])
    assert result.exit_code == 2
    assert "pip install '.[dashboard]'" in result.stderr
