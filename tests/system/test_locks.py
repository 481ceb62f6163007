from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest
from filelock import Timeout

from automl_zero.system.locks import NO_LOCKS, NoLocksError, acquire, locked
from automl_zero.system.machine_warning import MachineWarning, forget_warnings

fcntl = pytest.importorskip("fcntl") if sys.platform != "win32" else None


@pytest.fixture(params=NO_LOCKS, ids=lambda number: errno.errorcode[number])
def fault(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """What the system answers where there are no locks."""

    def flock(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr("fcntl.flock", flock)
    forget_warnings()
    return int(request.param)


def test_a_lock_is_held_by_one_alone(tmp_path: Path) -> None:
    first = acquire(tmp_path / "lock", 0)
    with pytest.raises(Timeout):
        acquire(tmp_path / "lock", 0)
    first.release()
    acquire(tmp_path / "lock", 0).release()


def test_where_there_are_no_locks_this_is_reported(fault: int, tmp_path: Path) -> None:
    with pytest.raises(NoLocksError, match=r".") as caught:
        acquire(tmp_path / "lock", 0)
    assert caught.value.errno == fault


@pytest.mark.usefixtures("fault")
def test_where_there_are_no_locks_work_continues_with_one_warning(tmp_path: Path) -> None:
    done = []

    def work() -> None:
        with locked(tmp_path / "lock", 0):
            done.append("work")

    with pytest.warns(MachineWarning, match=f"nothing keeps two processes from writing to {tmp_path}"):
        work()
    work()
    assert done == ["work", "work"]


def test_other_faults_of_the_lock_are_errors(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(IsADirectoryError), locked(tmp_path / "lock", 0):
        pytest.fail("without a lock")


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "lock", 0):
        raise KeyError
    with locked(tmp_path / "lock", 0):
        """It is held again."""
