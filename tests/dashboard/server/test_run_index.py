"""Which folders are runs, and how often they are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.dashboard.server import run_index
from automl_zero.dashboard.server.run_index import RunIndex, runs_of
from automl_zero.run.record.run_folder import RunFolder


def make(*folders: Path) -> None:
    for each in folders:
        RunFolder.create(each, small_config())


def test_runs_have_the_names_of_their_folders_and_the_numbers_of_their_roots(tmp_path: Path) -> None:
    make(tmp_path / "a" / "one", tmp_path / "a" / "x" / "y" / "two", tmp_path / "b", tmp_path / "a" / ".hidden")
    make(tmp_path / "a" / "1" / "2" / "3" / "deep")
    assert list(runs_of([tmp_path / "a", tmp_path / "b"])) == ["0/one", "0/x/y/two", "1/b"]


def test_no_link_is_followed_but_the_root_itself(tmp_path: Path) -> None:
    make(tmp_path / "runs" / "one", tmp_path / "elsewhere")
    (tmp_path / "runs" / "latest").symlink_to("one")
    (tmp_path / "runs" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    assert list(runs_of([tmp_path / "runs", tmp_path / "link"])) == ["0/one", "1/one"]


def test_there_are_no_more_than_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_index, "MAX_RUNS", 3)
    make(*(tmp_path / str(number) for number in range(5)))
    assert list(runs_of([tmp_path])) == ["0/0", "0/1", "0/2"]


def test_a_run_is_found_by_its_name_as_long_as_it_is_there(tmp_path: Path) -> None:
    found = RunIndex([tmp_path])
    with pytest.raises(LookupError):
        found.run("0/one")
    make(tmp_path / "one")
    assert found.run("0/one").path == tmp_path / "one"
    (tmp_path / "one" / "events.jsonl").unlink()
    (tmp_path / "one" / "events.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(LookupError):
        found.run("0/one")
