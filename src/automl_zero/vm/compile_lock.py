"""One process at a time compiles for a folder; the others wait for it, as long as it shows that it is alive.

Whoever waits finds in the folder what the other has made. The lock of a process that has died is free. One that is
suspended keeps it, but shows no sign of life any more: then the others go on and compile the same, which costs time and
nothing else.
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
BEAT = 1.0  # seconds from one sign of life to the next: the time of the lock's file is set to now
SILENCE = 30.0  # seconds without one after which nobody waits: a thread of its own gives them, also on a slow machine
LONGEST = 900.0  # seconds to wait for one function, signs of life or not; the largest takes 25 on a machine of today
POLL = 0.2  # seconds from one look to the next

_not_waited_for: set[Path] = set()  # locks of which one has lost patience


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder of compiled code while something is compiled for it, if it can be had."""
    path = folder / NAME
    lock = _patiently(path)
    if lock is None:
        yield
        return
    try:
        with _beating(path):
            yield
    finally:
        lock.release()


def _patiently(path: Path) -> BaseFileLock | None:
    """The lock, or None if it cannot be had in reasonable time, or at all."""
    if path in _not_waited_for:
        return None
    try:
        return _wait_for(path)
    except Timeout:
        message = f"another process holds {path} and does not go on: what it compiles is compiled here, too"
        warn_once(str(path.parent), f"{message}; {REMEDY}")
    except OSError as error:
        tell_unusable(path.parent, error)
    _not_waited_for.add(path)
    return None


def tell_unusable(folder: Path, error: OSError) -> None:
    """Warn, once, that a folder of compiled code cannot be used as it should be."""
    fault = f"the folder of compiled code {folder} cannot be written or locked ({error.strerror or error})"
    warn_once(str(folder), f"{fault}: what is missing in it is compiled at every start, or twice at once; {REMEDY}")


def _wait_for(path: Path) -> BaseFileLock:
    """The lock.

    Raises:
        Timeout: whoever holds it shows no sign of life, or has been at it for too long.
        OSError: the file of the lock cannot be used.
    """
    make_private(path.parent)
    begin = changed = monotonic()
    sign = _sign_of_life(path)
    while True:
        try:
            return acquire(path, POLL)
        except Timeout:
            latest = _sign_of_life(path)
            if latest != sign:
                sign, changed = latest, monotonic()
            if monotonic() - changed > SILENCE or monotonic() - begin > LONGEST:
                raise


def _sign_of_life(path: Path) -> int:
    """The time of the lock's file, only ever compared with what it was before: clocks of machines differ."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def _beating(path: Path) -> Iterator[None]:
    """Show signs of life meanwhile."""
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
