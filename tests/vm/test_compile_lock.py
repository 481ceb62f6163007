"""Who compiles is waited for while it is alive, and for no longer."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.system.locks import acquire
from automl_zero.system.machine_warning import MachineWarning, forget_warnings
from automl_zero.vm import compile_lock
from automl_zero.vm.compile_lock import NAME, alone

HOLDER = """
import sys, time
from pathlib import Path
from automl_zero.vm import compile_lock
compile_lock.BEAT = 0.05
with compile_lock.alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short times, so that tests are short, too; nobody was waited for in vain so far."""
    for name, seconds in (("BEAT", 0.05), ("SILENCE", 1.0), ("POLL", 0.02)):
        monkeypatch.setattr(compile_lock, name, seconds)
    monkeypatch.setattr(compile_lock, "_not_waited_for", set())
    forget_warnings()


@contextmanager
def holder(folder: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(folder), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def is_held(folder: Path) -> bool:
    try:
        acquire(folder / NAME, 0).release()
    except TimeoutError:
        return True
    return False


def test_the_lock_is_held_meanwhile_and_free_afterwards(tmp_path: Path) -> None:
    with alone(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)
    with pytest.raises(KeyError), alone(tmp_path):
        raise KeyError
    assert not is_held(tmp_path)


def test_a_process_that_shows_signs_of_life_is_waited_for(tmp_path: Path) -> None:
    seconds = 3 * compile_lock.SILENCE
    with holder(tmp_path, seconds) as process, alone(tmp_path):
        assert process.wait(timeout=60) == 0
        assert is_held(tmp_path)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be suspended here")
def test_a_process_that_is_suspended_is_not_waited_for_any_more(tmp_path: Path) -> None:
    with holder(tmp_path, 600) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.warns(MachineWarning, match=rf"holds {tmp_path / NAME} and does not go on: .*{CACHE_VARIABLE}"):
            waited = [seconds_to_enter(tmp_path) for _ in range(2)]
        process.send_signal(signal.SIGCONT)
    assert waited[0] >= compile_lock.SILENCE
    assert waited[1] < compile_lock.SILENCE  # a second function does not wait again


def seconds_to_enter(folder: Path) -> float:
    begin = time.monotonic()
    with alone(folder):
        return time.monotonic() - begin


def test_a_process_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    with holder(tmp_path, 600) as process:
        process.kill()
        process.wait()
        with alone(tmp_path):
            assert is_held(tmp_path)


def test_nobody_is_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_lock, "LONGEST", 2.0)
    with holder(tmp_path, 600), pytest.warns(MachineWarning, match="does not go on"):
        assert seconds_to_enter(tmp_path) >= compile_lock.LONGEST


def test_threads_of_a_process_wait_for_each_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def enter() -> None:
        nonlocal inside, most
        with alone(tmp_path):
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            inside -= 1

    threads = [Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_without_a_lock_work_goes_on_with_one_warning(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(compile_lock, "acquire", refuse)
    with pytest.warns(MachineWarning, match=rf"locked \({os.strerror(number)}\): .*{CACHE_VARIABLE}"):
        seconds_to_enter(tmp_path)
    seconds_to_enter(tmp_path)


def as_folder(path: Path) -> None:
    path.mkdir()


def as_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize("make", [as_folder, as_link])
def test_what_is_in_place_of_the_lock_is_left_alone(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / NAME)
    with pytest.warns(MachineWarning, match="cannot be written or locked"), alone(tmp_path):
        """It is entered."""
    assert [each.name for each in tmp_path.iterdir()] == [NAME]


def test_a_folder_that_is_gone_is_made_for_this_user_alone(tmp_path: Path) -> None:
    with alone(tmp_path / "outer" / "inner"):
        assert is_held(tmp_path / "outer" / "inner")
    if os.name == "posix":
        assert (tmp_path / "outer").stat().st_mode & 0o777 == 0o700
