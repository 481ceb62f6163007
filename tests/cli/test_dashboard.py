"""The command ``dashboard``: what it prints and refuses."""

from __future__ import annotations

import socket
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.dashboard.server import serve
from automl_zero.dashboard.server.access import VARIABLE


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The apps of the servers that would have begun, and where they would have listened."""
    calls: list[Any] = []
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(serve, "serve", lambda app, listener, _: calls.append((app, listener.getsockname())))
    return calls


def asked(*arguments: object) -> Any:
    return CliRunner().invoke(main, ["dashboard", "--port", "0", *map(str, arguments)])


def test_it_serves_this_machine_and_makes_a_token_at_each_start(served: list[Any], tmp_path: Path) -> None:
    tokens = set()
    for number in range(2):
        address, _, token = asked(tmp_path).stdout.strip().partition("?token=")
        assert address == f"dashboard: http://127.0.0.1:{served[number][1][1]}/"
        assert len(token) >= 32
        tokens.add(token)
    assert [each[1][0] for each in served] == ["127.0.0.1"] * 2
    assert len(tokens) == 2


def test_for_all_addresses_it_prints_the_name_of_the_machine_too(served: list[Any], tmp_path: Path) -> None:
    first, second = asked(tmp_path, "--host", "0.0.0.0").stdout.splitlines()  # noqa: S104
    assert first.startswith("dashboard: http://127.0.0.1:")
    assert second.startswith(f"dashboard: http://{socket.gethostname()}:")
    assert served[0][1][0] == "0.0.0.0"  # noqa: S104


def test_a_token_of_ones_own_is_not_printed(served: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "a-token-of-my-own")
    found = asked(tmp_path)
    assert found.stdout == f"dashboard: http://127.0.0.1:{served[0][1][1]}/?token=...\n"
    assert found.stderr == ""


def test_names_and_paths_of_proxies_are_passed_to_the_server(served: list[Any], tmp_path: Path) -> None:
    asked(tmp_path, "--allow-host", "Runs.example.org", "--allow-host", "b", "--root-path", "/a/")
    (middleware,) = served[0][0].user_middleware
    access = middleware.args[0]
    assert (access.names, access.root) == ({"runs.example.org", "b"}, "/a")


def test_a_folder_that_is_not_there_is_refused(served: list[Any], tmp_path: Path) -> None:
    result = asked(tmp_path / "none")
    assert (result.exit_code, served) == (2, [])
    assert "is not a folder" in result.stderr


def test_without_the_libraries_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("automl_zero.cli.dashboard")
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    result = CliRunner().invoke(main, ["dashboard"])
    assert result.exit_code == 2
    assert "pip install '.[dashboard]'" in result.stderr
