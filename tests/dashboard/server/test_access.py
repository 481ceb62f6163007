"""Tokens of users, which others can neither see nor read, and invalid names and paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl_zero.config import ConfigError
from automl_zero.dashboard.server.access import (
    VARIABLE,
    checked_names,
    checked_root,
    names_of_machine,
    new_token,
    own_token,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("from-a-file\n")
    path.chmod(0o600)
    return path


def test_made_tokens_are_long_and_differ() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert min(len(new_token()) for _ in range(100)) >= 32


def test_without_one_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert own_token(None, None) is None


def test_the_variable_is_taken_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "from-the-environment")
    assert own_token(None, None) == "from-the-environment"
    assert VARIABLE not in os.environ


def test_a_file_that_is_ones_own_is_read(file: Path) -> None:
    assert own_token(file, None) == "from-a-file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_of_others_is_refused_with_the_remedy(mode: int, file: Path) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {file}"):
        own_token(file, None)


def test_a_file_of_another_user_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="can be accessed by other users"):
        own_token(file, None)


def test_pipes_folders_and_nothing_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigError, match="cannot be read"):
            own_token(path, None)


@pytest.mark.parametrize("content", ["", "two words", "a\nb", "é", "a;b", "x" * 201, "a\x00"])
def test_what_cannot_stand_in_an_address_is_no_token(content: str, file: Path) -> None:
    file.write_text(content)
    with pytest.raises(ConfigError, match="a token has"):
        own_token(file, None)


def test_only_one_token_may_be_given(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "another")
    with pytest.raises(ConfigError, match="more than one token"):
        own_token(file, None)


def test_names_are_compared_as_hosts_are() -> None:
    assert checked_names(["Runs.Example.ORG.", "login1", "::1"]) == {"runs.example.org", "login1", "::1"}


@pytest.mark.parametrize("name", ["", "*", "https://runs.example.org", "runs.example.org:443", "a/b", "a b", ".a"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="not a host name"):
        checked_names([name])


@pytest.mark.parametrize(("root", "found"), [("", ""), ("/", ""), ("/a/", "/a"), ("/user/me@x.org/proxy/8765", None)])
def test_a_path_ends_without_a_slash(root: str, found: str | None) -> None:
    assert checked_root(root) == (root if found is None else found)


@pytest.mark.parametrize("root", ["a", "//a", "/a//b", "/a/../b", "/a?b", "/a b", "http://a/b", '/a"b', "/a;b"])
def test_what_is_no_path_is_refused(root: str) -> None:
    with pytest.raises(ConfigError, match="is not a path"):
        checked_root(root)


def test_the_machine_has_a_name() -> None:
    assert names_of_machine()
