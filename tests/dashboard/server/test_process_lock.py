"""Who works in a folder: what is believed, and whom a signal is sent to."""

from __future__ import annotations

import fcntl
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.runs.commands import wait_until

from automl_zero.dashboard.server import process_lock
from automl_zero.run.record.run_folder import HOLDER, LOCK, StoreError, locked

HOLDS = """if True:
    import sys, time
    from pathlib import Path
    from automl_zero.run.record.run_folder import locked
    with locked(Path(sys.argv[1])):
        time.sleep(120)"""
HERE = platform.node()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One that holds the lock of the folder."""
    started = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path], stderr=subprocess.DEVNULL)
    wait_until((tmp_path / HOLDER).exists)
    yield started
    started.kill()
    started.wait()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The signals that would have been sent."""
    calls: list[Any] = []
    monkeypatch.setattr(os, "kill", lambda *each: calls.append(each))
    return calls


def test_the_process_that_works_there_is_interrupted(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert process_lock.is_held(tmp_path)
    process_lock.stop(tmp_path)
    assert process.wait(60) == -signal.SIGINT
    assert not process_lock.is_held(tmp_path)
    assert not (tmp_path / HOLDER).exists()


def test_a_process_that_was_killed_works_there_no_longer(process: subprocess.Popen[bytes], tmp_path: Path) -> None:
    process.kill()
    process.wait()
    assert (tmp_path / HOLDER).exists()
    assert not process_lock.is_held(tmp_path)
    with pytest.raises(StoreError, match="no process of yours"):
        process_lock.stop(tmp_path)
    with locked(tmp_path):
        assert process_lock.is_held(tmp_path)


WRITTEN = [
    "-1",
    "0",
    "1",
    "",
    "x",
    "4242",
    f"0x10 {HERE}",
    f"-1 {HERE}",
    f"1 {HERE}",
    f"{'9' * 20} {HERE}",
    "4242 other",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_no_signal_is_sent_to_what_cannot_be_a_run_of_this_machine(
    written: str, process: subprocess.Popen[bytes], sent: list[Any], tmp_path: Path
) -> None:
    (tmp_path / HOLDER).write_text(f"{written}\n")
    with pytest.raises(StoreError, match="press Ctrl-C there"):
        process_lock.stop(tmp_path)
    assert (process.poll(), sent) == (None, [])


@pytest.mark.parametrize("name", [LOCK, HOLDER])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_the_lock_of_another_folder_is_not_believed(
    name: str, link: Any, process: subprocess.Popen[bytes], sent: list[Any], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for each in (LOCK, HOLDER):
        (other / each).write_bytes((tmp_path / each).read_bytes())
    (other / name).unlink()
    link(tmp_path / name, other / name)
    with pytest.raises(StoreError, match="no process of yours"):
        process_lock.stop(other)
    assert (process.poll(), sent) == (None, [])


def test_what_somebody_else_wrote_is_not_believed(
    process: subprocess.Popen[bytes], sent: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreError, match="no process of yours"):
        process_lock.stop(tmp_path)
    assert (process_lock.is_held(tmp_path), process.poll(), sent) == (True, None, [])


def test_pipes_in_their_place_block_nobody(tmp_path: Path) -> None:
    for name in (LOCK, HOLDER):
        os.mkfifo(tmp_path / name)
    assert not process_lock.is_held(tmp_path)
    with pytest.raises(StoreError, match="no process of yours"):
        process_lock.stop(tmp_path)


def test_who_looks_for_a_moment_keeps_no_run_from_its_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    looking = os.open(tmp_path / LOCK, os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    end = threading.Timer(0.05, os.close, [looking])
    end.start()
    with locked(tmp_path):
        assert process_lock.is_held(tmp_path)
    end.join()
