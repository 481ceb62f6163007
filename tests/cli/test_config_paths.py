"""Runs whose config names files: they go on from any folder, and where the files have moved."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from support.data import table_file
from support.runs.small_config import STAGE, small_config
from support.runs.timeless import timeless
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.config import Config
from automl_zero.run.checkpoint.manager import state_digest
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.session import run_to_folder
from automl_zero.terminal.safe_console import SafeConsole

PROGRAM = "def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n"
LIMITS = ("stop.max_programs=300", "baselines.names=[]")
GOES_ON = ("--set", "stop.max_programs=600")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def settings(table: str, initial: str) -> Config:
    tasks = {"kind": "table", "table": {"path": table, "target": "price"}, "num_features": 4}
    return small_config(
        tasks={**tasks, **dict.fromkeys(("search", "select", "final"), STAGE)},
        program={
            "initial": initial,
        },
    )


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders, of which "project" holds a table, a program and a config that names them, and is worked in."""
    for name in ("project", "elsewhere", "moved"):
        (tmp_path / name).mkdir()
    project = tmp_path / "project"
    shutil.copy(table_file.path(), project / "my.csv")
    (project / "begin").write_text(PROGRAM, encoding="utf-8")
    (project / "mine.toml").write_text(settings("my.csv", "begin").to_toml(), encoding="utf-8")
    monkeypatch.chdir(project)
    return tmp_path


def do(folders: Path, out: str) -> Path:
    limits = [part for each in LIMITS for part in ("--set", each)]
    found = folders / "project" / out
    result = invoke("run", folders / "project" / "mine.toml", *limits, "--out", found, "--quiet")
    assert result.exit_code == 0, result.stderr
    return found


def check_same(one: Path, other: Path) -> None:
    assert state_digest(one) == state_digest(other)
    assert timeless(read_run(one).events) == timeless(read_run(other).events)


def test_a_run_continues_from_another_folder_and_its_result_depends_on_no_path(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = do(folders, "run"), do(folders, "other")
    assert invoke("resume", run, *GOES_ON, "--quiet").exit_code == 0
    monkeypatch.chdir(folders / "elsewhere")
    for arguments in (("resume", *GOES_ON, "--quiet"), ("tune", "--trials", 2), ("analyze",), ("report",), ("show",)):
        result = invoke(arguments[0], other, *arguments[1:])
        assert result.exit_code == 0, result.stderr
    check_same(run, other)
    check_same(run, _resumed(do(folders, "third")))


def _resumed(run: Path) -> Path:
    assert invoke("resume", run, *GOES_ON, "--quiet").exit_code == 0
    return run


def test_where_the_files_have_moved_an_error_says_how_to_continue(folders: Path) -> None:
    run, other = do(folders, "run"), _resumed(do(folders, "other"))
    new = ["--set", f"tasks.table.path={folders / 'moved' / 'new.csv'}"]
    shutil.move(folders / "project" / "my.csv", folders / "moved" / "new.csv")
    refused = invoke("resume", run, *GOES_ON)
    assert (refused.exit_code, "--set tasks.table.path=NEW" in refused.stderr) == (2, True)
    for arguments in (("analyze",), ("report",), ("show",)):
        assert invoke(arguments[0], run, *arguments[1:]).exit_code in (0, 2)
    result = invoke("resume", run, *GOES_ON, *new, "--quiet")
    assert result.exit_code == 0, result.stderr
    check_same(run, other)
    assert read_run(run).config.tasks.table.path == str(folders / "moved" / "new.csv")


def test_a_program_that_has_moved_may_be_named_again_if_it_is_the_same(folders: Path) -> None:
    run = do(folders, "run")
    for name, text in (("same.txt", f"# a copy\n{PROGRAM}"), ("other.txt", PROGRAM.replace("v1, v0", "v0, v0"))):
        (folders / "moved" / name).write_text(text, encoding="utf-8")
    changed = invoke("resume", run, *GOES_ON, "--set", f"program.initial={folders / 'moved' / 'other.txt'}")
    assert (changed.exit_code, "program.initial: " in changed.stderr) == (2, True)
    same = invoke("resume", run, *GOES_ON, "--set", "program.initial=../moved/same.txt", "--quiet")
    assert same.exit_code == 0, same.stderr
    (folders / "moved" / "same.txt").unlink()
    gone = invoke("resume", run, "--set", "stop.max_programs=900")
    assert (gone.exit_code, "--set program.initial=NEW" in gone.stderr) == (2, True)


def test_a_table_of_other_content_is_refused(folders: Path) -> None:
    run = do(folders, "run")
    lines = (folders / "project" / "my.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folders / "moved" / "less.csv").write_text("".join(lines[:-50]), encoding="utf-8")
    refused = invoke("resume", run, *GOES_ON, "--set", f"tasks.table.path={folders / 'moved' / 'less.csv'}")
    assert (refused.exit_code, "their data are not the same" in refused.stderr) == (2, True)


def test_a_run_of_before_whose_path_is_relative_to_the_working_folder_continues_there(folders: Path) -> None:
    old = settings("my.csv", "begin").model_copy(update={"stop": small_config(stop={"max_programs": 300}).stop})
    run_to_folder(old, folders / "project" / "old", 1, SafeConsole(file=StringIO(), quiet=True))
    assert 'path = "my.csv"' in (folders / "project" / "old" / "config.toml").read_text(encoding="utf-8")
    check_same(_resumed(folders / "project" / "old"), _resumed(_with_baselines(folders)))


def _with_baselines(folders: Path) -> Path:
    out = folders / "project" / "new"
    assert invoke("run", "mine.toml", "--set", "stop.max_programs=300", "--out", out, "--quiet").exit_code == 0
    return out
