"""A lock, so that one process at a time compiles for a folder, while the others wait for its result.

The lock of a process that has died is free. A process that is suspended keeps the lock, but gives no heartbeat: then
the others compile the same code themselves, which costs time and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from filelock import BaseFileLock, Timeout

from automl_zero.system.cache_dir import REMEDY, make_private
from automl_zero.system.locks import acquire
from automl_zero.system.machine_warning import warn_once

NAME = "compiling.lock"
BEAT = 1.0  # seconds between two heartbeats: each sets the time of the lock's file to now
SILENCE = 30.0  # seconds without a heartbeat after which nobody waits; a thread of its own gives them
LONGEST = 900.0  # seconds to wait for one function, with heartbeats or without; the largest takes about 25
POLL = 0.2  # seconds between two attempts to get the lock

_not_waited_for: set[Path] = set()  # locks that this process has given up on


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of compiled code during compilation; without it if it cannot be had in time."""
    path = folder / NAME
    lock = _lock_or_none(path)
    if lock is None:
        yield
        return
    try:
        with _giving_heartbeats(path):
            yield
    finally:
        lock.release()


def _lock_or_none(path: Path) -> BaseFileLock | None:
    """Return the lock, or None, after a warning, if it cannot be had in reasonable time or at all."""
    if path in _not_waited_for:
        return None
    try:
        return _wait_for(path)
    except Timeout:
        message = f"another process holds {path} and does not go on: what it compiles is compiled here, too"
        warn_once(str(path.parent), f"{message}; {REMEDY}")
    except OSError as error:
        warn_unusable(path.parent, error)
    _not_waited_for.add(path)
    return None


def warn_unusable(folder: Path, error: OSError) -> None:
    """Warn, once, that a folder of compiled code cannot be used as it should be."""
    fault = f"the folder of compiled code {folder} cannot be written or locked ({error.strerror or error})"
    warn_once(str(folder), f"{fault}: what is missing in it is compiled at every start, or twice at once; {REMEDY}")


def _wait_for(path: Path) -> BaseFileLock:
    """Return the lock as soon as it is free.

    Raises:
        Timeout: the process that holds the lock gives no heartbeat, or has held it for too long.
        OSError: the file of the lock cannot be used.
    """
    make_private(path.parent)
    begin = changed = monotonic()
    beat = _heartbeat_of(path)
    while True:
        try:
            return acquire(path, POLL)
        except Timeout:
            latest = _heartbeat_of(path)
            if latest != beat:
                beat, changed = latest, monotonic()
            if monotonic() - changed > SILENCE or monotonic() - begin > LONGEST:
                raise


def _heartbeat_of(path: Path) -> int:
    """Return the time of the lock's file. It is compared only with earlier ones, since clocks of machines differ."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def _giving_heartbeats(path: Path) -> Iterator[None]:
    """Give heartbeats, in a thread, while the lock is held."""
    over = Event()
    thread = Thread(target=_beat, args=(path, over), name="compiling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(path: Path, over: Event) -> None:
    while not over.wait(BEAT):
        with suppress(OSError):
            os.utime(path)
