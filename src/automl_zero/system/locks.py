"""Locks between processes. Some file systems have none, such as NFS or Lustre without a lock service.

A lock is released when the process that holds it ends, even by a crash.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from automl_zero.errors import AutoMLZeroError
from automl_zero.system.machine_warning import warn_once

if TYPE_CHECKING:
    from filelock import BaseFileLock

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


class NoLocksError(AutoMLZeroError, OSError):
    """Raised where the file system has no locks."""


def acquire(path: Path, seconds: float) -> BaseFileLock:
    """Acquire a lock, which the caller must release; its file is made if it is missing, and remains.

    Raises:
        filelock.Timeout: another process, or another part of this one, holds it for longer than ``seconds``.
        NoLocksError: the file system has no locks.
        OSError: the file of the lock cannot be used.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=seconds, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise
    except (OSError, NotImplementedError) as error:
        number = error.errno if isinstance(error, OSError) else errno.ENOSYS
        if number in NO_LOCKS:
            raise NoLocksError(number, os.strerror(number), str(path)) from None
        raise
    return lock


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold a lock; on a file system without locks, warn that other processes are not excluded.

    Raises:
        filelock.Timeout, OSError: see ``acquire``.
    """
    try:
        lock = acquire(path, seconds)
    except NoLocksError as error:
        warn_once(str(path), f"nothing keeps two processes from writing to {path.parent} at once ({error.strerror})")
        yield
        return
    try:
        yield
    finally:
        lock.release()
