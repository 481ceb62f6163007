"""Which process works in a run folder, and how it is asked to come to its end.

The kernel tells who holds a lock, so that no other process than the run's own is ever sent a signal.
"""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from automl_zero.run.store import LOCK, StoreError

LOCKS = Path("/proc/locks")


def holder(folder: Path) -> int | None:
    """The process that holds the lock of a run folder; None if there is none, or the system does not tell."""
    try:
        lock, locks = (folder / LOCK).stat(), LOCKS.read_text()
    except OSError:
        return None
    held = re.findall(rf"FLOCK +\S+ +WRITE (\d+) \S+:{lock.st_ino} ", locks)
    return next((int(pid) for pid in held if _has_open(int(pid), lock)), None)


def _has_open(pid: int, file: os.stat_result) -> bool:
    """Numbers of files are unique to a file system alone: look whether it is this file that is locked."""
    try:
        return any(_is_same(each, file) for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _is_same(link: Path, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(link.stat(), file)
    except OSError:
        return False


def stop(folder: Path) -> None:
    """Ask a run to come to its end, as Ctrl-C does.

    Raises:
        StoreError: no process works in the folder, or it belongs to somebody else.
    """
    pid = holder(folder)
    if pid is None or pid == os.getpid():
        raise StoreError(f"no process is known to work in {folder}: if one does, press Ctrl-C there")
    try:
        os.kill(pid, signal.SIGINT)
    except OSError as error:
        raise StoreError(f"process {pid} cannot be stopped ({error.strerror}): press Ctrl-C there") from None
