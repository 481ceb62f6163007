"""Locks between processes, which some file systems do not have: NFS or Lustre without a lock service, for instance.

A lock ends with the process that holds it, whatever ends that.
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
    """The file system has no locks."""


def acquire(path: Path, seconds: float) -> BaseFileLock:
    """Take a lock, whose file is made if need be and stays; whoever calls must release it.

    Raises:
        filelock.Timeout: another process, or another part of this one, has held it for so many seconds.
        NoLocksError: there are no locks there.
        OSError: the file cannot be used.
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
    """Hold a lock; where there are no locks, a warning tells that nothing keeps other processes away.

    Raises:
        filelock.Timeout, OSError: as of ``acquire``.
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
