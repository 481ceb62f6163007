"""Starting runs: a limited number at the same time, others wait, and all are independent of the server."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dashboard.client import OPENED, change, client
from support.runs.commands import wait_until

from automl_zero.dashboard.server import run_launcher
from automl_zero.dashboard.server.run_launcher import RunLauncher
from automl_zero.run.record.run_folder import StoreError
from automl_zero.system.processors import usable_processors

# Stands for a run: it makes its folder, and runs until a file has its exit code.
WAITS = """if True:
    import sys, time
    from pathlib import Path
    folder = Path(sys.argv[sys.argv.index("--out") + 1])
    folder.mkdir()
    until = time.monotonic() + 60
    while not (folder / "code").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    sys.stderr.write("what went wrong")
    sys.exit(int((folder / "code").read_text()))"""


class LaunchedRuns:
    """A folder with runs that end when a test asks them to."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begun(self) -> set[str]:
        return {each.name for each in self.root.iterdir() if each.is_dir()}

    def is_over(self) -> bool:
        """Return whether no run is left, after asking all that have started to end."""
        for name in self.begun():
            self.end(name)
        return not any(each.name == "run" for each in threading.enumerate())

    def end(self, name: str, code: int = 0) -> None:
        wait_until((self.root / name).is_dir)
        (self.root / "unfinished").write_text(str(code))
        (self.root / "unfinished").rename(self.root / name / "code")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LaunchedRuns]:
    monkeypatch.setattr(run_launcher, "COMMAND", (sys.executable, "-c", WAITS))
    place = LaunchedRuns(tmp_path)
    yield place
    wait_until(place.is_over)


def start(launcher: RunLauncher, root: Path, *names: str) -> None:
    for name in names:
        launcher.start(root, {"preset": "linear-graphs", "name": name})


def test_a_limited_number_runs_at_once_and_the_others_follow_in_their_order(place: LaunchedRuns) -> None:
    launcher = RunLauncher(2)
    start(launcher, place.root, *"abcde")
    wait_until(lambda: place.begun() == {"a", "b"})
    assert launcher.waiting() == ["c", "d", "e"]
    place.end("b")
    wait_until(lambda: place.begun() == {"a", "b", "c"})
    launcher.remove("d")
    place.end("a")
    wait_until(lambda: place.begun() == {"a", "b", "c", "e"})
    assert (launcher.waiting(), launcher.failures()) == ([], [])


def test_by_default_there_is_one_for_each_processor(place: LaunchedRuns) -> None:
    launcher, count = RunLauncher(), usable_processors()
    start(launcher, place.root, *map(str, range(count + 1)))
    assert launcher.waiting() == [str(count)]
    launcher.close()


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_name_that_is_taken_is_refused(name: str, place: LaunchedRuns) -> None:
    (place.root / "a").mkdir()
    launcher = RunLauncher(1)
    start(launcher, place.root, "b", "c")
    with pytest.raises(StoreError, match="choose another"):
        start(launcher, place.root, name)
    assert launcher.waiting() == ["c"]
    launcher.close()


def test_of_many_who_ask_for_a_name_at_once_one_gets_it(place: LaunchedRuns) -> None:
    launcher, refused = RunLauncher(1), list[str]()

    def ask() -> None:
        try:
            start(launcher, place.root, "a")
        except StoreError as error:
            refused.append(str(error))

    crowd = [threading.Thread(target=ask) for _ in range(12)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert len(refused) == 11
    assert launcher.waiting() == []


def test_only_what_waits_can_be_removed(place: LaunchedRuns) -> None:
    launcher = RunLauncher(1)
    start(launcher, place.root, "a", "b")
    for name in ("a", "none", ""):
        with pytest.raises(StoreError, match="waits"):
            launcher.remove(name)
    launcher.remove("b")
    start(launcher, place.root, "b")
    launcher.close()


def test_not_more_than_so_many_wait(place: LaunchedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_launcher, "MAX_WAITING", 2)
    launcher = RunLauncher(1)
    start(launcher, place.root, "a", "b", "c")
    with pytest.raises(StoreError, match="2 runs wait already"):
        start(launcher, place.root, "d")
    launcher.close()


@pytest.mark.parametrize(("code", "failures"), [(0, 0), (1, 1), (2, 1), (130, 0)])
def test_the_message_of_a_failed_run_is_recorded(code: int, failures: int, place: LaunchedRuns) -> None:
    launcher = RunLauncher(1)
    start(launcher, place.root, "a", "b")
    place.end("a", code)
    wait_until(lambda: launcher.waiting() == [])
    assert launcher.failures() == [{"name": "a", "error": "what went wrong"}] * failures


def test_where_no_process_can_be_started_this_is_reported(place: LaunchedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_launcher, "COMMAND", ("/no/such/program",))
    launcher = RunLauncher(1)
    start(launcher, place.root, "a", "b")
    assert [each["name"] for each in launcher.failures()] == ["a", "b"]
    assert launcher.waiting() == []


def test_closed_it_starts_no_more_and_running_ones_continue(place: LaunchedRuns) -> None:
    launcher = RunLauncher(1)
    start(launcher, place.root, "a", "b")
    wait_until(lambda: place.begun() == {"a"})
    launcher.close()
    place.end("a")
    time.sleep(0.3)
    assert (place.begun(), launcher.waiting()) == ({"a"}, ["b"])


def test_the_page_shows_those_that_wait_and_may_remove_them(place: LaunchedRuns) -> None:
    page: Any = client(place.root, max_runs=1)
    ask = {"preset": "linear-graphs", "name": "a"}
    assert change(page, "/api/start", ask).json() == {"id": "0/a", "waiting": False}
    assert change(page, "/api/start", {**ask, "name": "b"}).json() == {"id": "0/b", "waiting": True}
    assert "started already" in change(page, "/api/start", {**ask, "name": "b"}).json()["error"]
    assert page.get("/api/runs").json()["waiting"] == ["b"]
    assert change(page, "/api/remove", {"name": "b"}).status_code == 200
    assert change(page, "/api/remove", {"name": "b"}).status_code == 400
    assert page.get("/api/runs").json()["waiting"] == []
    OPENED[-1].close()
