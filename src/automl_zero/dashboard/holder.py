"""Which process works in a run folder, and how it is asked to come to its end.

The kernel tells whether the lock of the folder is held; who holds it has written so under the lock. What somebody else
wrote is not believed, so that no process is sent a signal on the word of a stranger.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automl_zero.run.store import HOLDER, LOCK, StoreError

WRITTEN = re.compile(rb"([1-9]\d{0,9}) (\S{1,255})\n")


def is_held(folder: Path) -> bool:
    """Whether a process works in a run folder."""
    if not (folder / HOLDER).exists():
        return False
    try:
        with _opened(folder / LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # which ends as the file is closed
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file of this name and of no other one, whatever else may be in its place."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise OSError("not a file of its own")
        yield file
    finally:
        os.close(file)


def _holder(folder: Path) -> tuple[int, str] | None:
    """The number of the process and its machine; None if a stranger wrote them, or nobody."""
    try:
        with _opened(folder / HOLDER) as file:
            written = WRITTEN.fullmatch(os.read(file, 300))
            is_own = os.fstat(file).st_uid == os.geteuid()
    except OSError:
        return None
    return (int(written[1]), written[2].decode(errors="replace")) if written and is_own else None


def stop(folder: Path) -> None:
    """Ask a run to come to its end, as Ctrl-C does.

    Raises:
        StoreError: no process works in the folder, or it belongs to somebody else, or it is on another machine.
    """
    holder = _holder(folder)
    if holder is None or holder[0] in (1, os.getpid()) or not is_held(folder):
        raise StoreError(f"no process of yours is known to work in {folder}: if one does, press Ctrl-C there")
    pid, machine = holder
    if machine != os.uname().nodename:
        raise StoreError(f"process {pid} works in {folder} on the machine {machine}: press Ctrl-C there")
    try:
        os.kill(pid, signal.SIGINT)
    except OSError as error:
        raise StoreError(f"process {pid} cannot be stopped ({error.strerror}): press Ctrl-C there") from None
