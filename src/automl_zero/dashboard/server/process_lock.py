"""The process that works in a run folder, and how it is asked to stop.

Whether the lock of the folder is held is known to the kernel; the process that holds it has written its number to a
file. A file that another user wrote is not trusted, so that no process gets a signal because of it.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from automl_zero.run.record.run_folder import HOLDER, LOCK, StoreError
from automl_zero.system.safe_files import open_regular

WRITTEN = re.compile(rb"([1-9]\d{0,9}) (\S{1,255})\n")


def is_held(folder: Path) -> bool:
    """Return whether a process works in a run folder."""
    try:
        with open_regular(folder / HOLDER, within=folder), open_regular(folder / LOCK, within=folder) as lock:
            return os.fstat(lock.fileno()).st_nlink == 1 and _is_locked(lock, folder / LOCK)
    except OSError:
        return False


if sys.platform == "win32":

    def _is_locked(_: BinaryIO, path: Path) -> bool:
        from filelock import FileLock, Timeout

        try:
            with FileLock(path, timeout=0):
                return False
        except Timeout:
            return True

else:

    def _is_locked(lock: BinaryIO, _: Path) -> bool:
        """Return whether a shared lock fails; it works for files of other users, and is released on closing."""
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _holder(folder: Path) -> tuple[int, str] | None:
    """Return the number of the process and its machine; None if there is no file, or another user wrote it."""
    try:
        with open_regular(folder / HOLDER, within=folder) as file:
            written, status = WRITTEN.fullmatch(file.read(300)), os.fstat(file.fileno())
    except OSError:
        return None
    is_own = status.st_nlink == 1 and status.st_uid == _user()
    return (int(written[1]), written[2].decode(errors="replace")) if written and is_own else None


def _user() -> int:
    """Return the user whose files are trusted; on Windows, all files have the number 0."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


def stop(folder: Path) -> None:
    """Ask a run to stop, as Ctrl-C does.

    Raises:
        StoreError: no process works in the folder, it is of another user or on another machine, or the system does not
            support this.
    """
    holder = _holder(folder)
    if holder is None or holder[0] in (1, os.getpid()) or not is_held(folder):
        raise StoreError(f"no process of yours is known to work in {folder}: if one does, press Ctrl-C there")
    pid, machine = holder
    if machine != platform.node():
        raise StoreError(f"process {pid} works in {folder} on the machine {machine}: press Ctrl-C there")
    if os.name == "nt":  # a signal would end the process at once, without a result
        raise StoreError(f"Windows has no way to ask process {pid} to end: press Ctrl-C where it was started")
    try:
        os.kill(pid, signal.SIGINT)
    except OSError as error:
        raise StoreError(f"process {pid} cannot be stopped ({error.strerror}): press Ctrl-C there") from None
