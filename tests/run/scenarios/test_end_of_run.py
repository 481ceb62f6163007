"""The end of a run: wherever its process is killed after the search, ``resume`` brings it to the same end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from support.runs.saved_states import cut_events, migrating, record, resume
from support.runs.timeless import timeless
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.config import Config
from automl_zero.run.checkpoint.manager import state_digest
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.record.run_folder import CONFIG, RunFolder, StoreError, read_run
from automl_zero.run.resume import resume_folder

BEST = ("best/search.txt", "best/select.txt", "best/final.txt")
FILES = (*BEST, "report.txt")
# Python that kills its process at a point of the end of a run.
POINTS = {
    "the final program is scored": "on_append('final', before=True)",
    "its event is written": "on_append('final')",
    "its file is written": "on_write('best/final.txt')",
    "the end is reported": "on_append('stop', before=True)",
    "the end is written": "on_append('stop')",
    "the report is written": "on_write('report.txt')",
    "half of the report is written": "on_rename('report.txt')",
    "the page is written": "on_write('report.html')",
}
KILLER = """
import os
from automl_zero.run.record import folder_files as files
from automl_zero.system import atomic_write as atomic
append, write, rename = files.append, files.write, atomic._rename

def on_append(kind, before=False):
    def patched(folder, name, content):
        is_it = f'"event":"{kind}"'.encode() in content
        if is_it and before:
            os._exit(9)
        append(folder, name, content)
        if is_it:
            os._exit(9)
    files.append = patched

def on_write(wanted):
    def patched(folder, name, content):
        if name == wanted:
            os._exit(9)
        return write(folder, name, content)
    files.write = patched

def on_rename(wanted):
    def patched(old, new, within):
        if new.name == wanted:
            os._exit(9)
        rename(old, new, within)
    atomic._rename = patched
"""


def small() -> Config:
    return migrating(stop={"max_programs": None, "max_experiments": 1}, experiment={"max_programs": 300})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that came to its end."""
    return record(migrating(), tmp_path_factory.mktemp("whole") / "run")


def copied(whole: Path, place: Path) -> Path:
    """A copy of the same name, so that its report tells the same commands."""
    return shutil.copytree(whole, place / whole.name)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (CONFIG, "events.jsonl", *BEST)}


@pytest.mark.parametrize("behind", [True, False], ids=["with its file", "without its file"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_killed_behind_any_event_of_its_end_comes_to_the_same_end(
    number: int, behind: bool, whole: Path, tmp_path: Path
) -> None:
    """Without its file: the process was killed between the event and the best program that it tells of."""
    folder, events = copied(whole, tmp_path), read_run(whole).events
    count = len(events) - number
    assert events[count - 1].event == {1: "final", 2: "select", 3: "epoch"}[number]
    cut_events(folder, count)
    (folder / "report.txt").unlink()
    for name in BEST:
        (folder / name).unlink()
    kept = RunFolder(folder, migrating())
    kept.complete(events[: count if behind else count - 1], "")
    (folder / "report.txt").unlink()
    resume(folder)
    assert timeless(read_run(folder).events) == timeless(events)
    assert [(folder / name).read_bytes() for name in BEST] == [(whole / name).read_bytes() for name in BEST]
    assert state_digest(folder) == state_digest(whole)
    assert (folder / "report.txt").exists()


@pytest.mark.parametrize("lost", [(each,) for each in FILES] + [FILES, BEST], ids=lambda lost: "+".join(lost))
def test_what_a_complete_run_lacks_is_written_as_it_would_have_been(
    lost: tuple[str, ...], whole: Path, tmp_path: Path
) -> None:
    folder, shown = copied(whole, tmp_path), StringIO()
    resume_report(folder)
    report, before = (folder / "report.txt").read_bytes(), contents(folder)
    for name in lost:
        (folder / name).unlink()
    progress, code = resume_folder(folder, (), False, 1, Console(file=shown, width=300))
    assert code == 0
    assert progress.stop == read_run(whole).events[-1]
    assert contents(folder) == before
    assert (folder / "report.txt").read_bytes() == report
    note = f"the run is complete, but it lacked {', '.join(lost)}: written now"
    assert note in shown.getvalue()
    assert (folder / "log.txt").read_text().endswith(f" {note}\n")
    with pytest.raises(StoreError, match="the run is complete, it was ended by"):
        resume(folder)


def resume_report(folder: Path) -> None:
    """Let the report tell of this folder, and not of the one that it was copied from."""
    (folder / "report.txt").unlink()
    resume(folder)
    (folder / "log.txt").unlink()


def test_the_report_that_is_written_later_is_that_of_the_run(whole: Path) -> None:
    before = (whole / "report.txt").read_bytes()
    (whole / "report.txt").unlink()
    resume(whole)
    assert (whole / "report.txt").read_bytes() == before


def test_a_run_that_lacks_its_folder_of_programs_gets_it_again(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path)
    shutil.rmtree(folder / "best")
    resume(folder)
    assert contents(folder) == contents(whole)


def test_a_run_without_states_is_completed_too(tmp_path: Path) -> None:
    folder = record(
        small().model_copy(update={"checkpoint": small().checkpoint.model_copy(update={"keep": 0})}), tmp_path / "run"
    )
    before = (folder / "report.txt").read_bytes()
    (folder / "report.txt").unlink()
    resume(folder)
    assert (folder / "report.txt").read_bytes() == before
    with pytest.raises(StoreError, match="has no checkpoint"):
        resume(folder)


def test_a_raised_limit_lets_a_run_go_on_even_if_it_lacks_something(whole: Path, tmp_path: Path) -> None:
    folder = copied(whole, tmp_path)
    (folder / "report.txt").unlink()
    resume(folder, "stop.max_experiments=3")
    assert len([each for each in read_run(folder).events if each.event == "select"]) == 3


class Told(Callback):
    """Remembers what it was reported."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_start(self, config: Config) -> None:
        assert config.name == "small"
        self.calls.append("start")

    def on_epoch(self, event: EpochEnd) -> None:
        raise AssertionError(event)

    def on_recorded(self, folder: Path) -> None:
        assert (folder / "report.txt").exists()
        self.calls.append("recorded")


def test_trackers_get_the_files_that_they_have_not_got(whole: Path, tmp_path: Path) -> None:
    folder, reported = copied(whole, tmp_path), Told()
    (folder / "report.txt").unlink()
    resume_folder(folder, (), False, 1, Console(quiet=True), [reported])
    assert reported.calls == ["start", "recorded"]


# The command ----------------------------------------------------------------------------------------------------------


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def killed(folder: Path, point: str) -> None:
    """Run the command in a process of its own, which is killed at that point."""
    (folder.parent / "small.toml").write_text(small().to_toml())
    code = f"{KILLER}\n{point}\nfrom automl_zero.cli import main\nmain()"
    command = [sys.executable, "-c", code, "run", "small.toml", "--out", folder.name, "--quiet"]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr


@pytest.mark.parametrize("point", POINTS.values(), ids=list(POINTS))
def test_a_process_that_is_really_killed_at_its_end_leaves_a_run_that_resume_finishes(
    point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = record(small(), Path("whole"))
    killed(tmp_path / "run", point)
    result = invoke("resume", "run")
    assert result.exit_code == 0, result.output
    is_complete = point in ("on_append('stop')", *(each for each in POINTS.values() if "report" in each))
    assert ("the run is complete, but it lacked report." in result.stdout) == is_complete
    assert timeless(read_run(Path("run")).events) == timeless(read_run(whole).events)
    assert [Path("run", name).read_bytes() for name in BEST] == [(whole / name).read_bytes() for name in BEST]
    assert Path("run/report.txt").read_text() in result.stdout
    assert Path("run/report.html").exists()
    again = invoke("resume", "run")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "the run is complete, it was ended by" in again.stderr


def test_json_stays_json_when_only_the_page_is_lacking(tmp_path: Path) -> None:
    folder = record(small(), tmp_path / "run")
    result = invoke("resume", folder, "--json")
    assert json.loads(result.stdout)["reason"] == "stop.max_experiments"
    assert "the run is complete, but it lacked report.html: written now" in result.stderr
    assert (folder / "report.html").exists()


# Where something is in the way ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("harm", "advice"),
    [
        (lambda folder: cut_events(folder, 4), ""),
        (lambda folder: (folder / "log.txt").touch(), " --set stop.max_experiments=..."),
        (lambda folder: (cut_events(folder, 4), shutil.rmtree(folder / "checkpoints")), None),
        (lambda folder: (cut_events(folder, 4), (folder / CONFIG).unlink()), None),
        (lambda folder: (folder / "events.jsonl").unlink(), None),
    ],
    ids=["stopped", "complete", "without a state", "no run", "without events"],
)
def test_that_a_folder_exists_is_reported_with_the_way_to_go_on_if_there_is_one(
    harm: Callable[[Path], object], advice: str | None, whole: Path, tmp_path: Path
) -> None:
    folder = copied(whole, tmp_path)
    harm(folder)
    (tmp_path / "small.toml").write_text(small().to_toml())
    result = invoke("run", tmp_path / "small.toml", "--out", folder)
    assert result.exit_code == 2
    assert f"run folder {folder} exists and is not overwritten: " in result.stderr
    remedy = f"continue it with 'automl-zero resume {folder}{advice}', " if advice is not None else ""
    assert f"is not overwritten: {remedy}choose another --out or remove it" in result.stderr
