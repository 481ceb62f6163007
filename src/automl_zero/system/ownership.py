"""Trust in files, by the owners and modes of them and of the folders that contain them.

A file is trusted if only this user or root can have written it, and no other user could change or replace it. Where
files have no such owners and modes, as on Windows, every file is trusted.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

HAS_OWNERS = hasattr(os, "geteuid")
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
MAX_LINKS = 40  # links in one path, the limit of Linux


def is_trusted(status: os.stat_result) -> bool:
    """Return whether a file belongs to this user or to root, and nobody else may write to it."""
    return not HAS_OWNERS or (_has_trusted_owner(status) and not status.st_mode & OTHERS_WRITE)


def why_untrusted(folder: Path, *, is_passed: bool = False) -> str | None:
    """Return how other users could write to a folder or replace it; None if they cannot.

    Every folder and link in its path must belong to this user or to root, and none of the folders may be writable by
    others. Excepted are folders with the sticky bit, such as ``/tmp``, where only owners rename and remove: they may be
    a parent, or the folder itself if ``is_passed`` says that files are in folders below it. What does not exist yet has
    no fault. A path through the user's home is checked from there on: whoever can change what is above it can change
    everything that the user runs.
    """
    if not HAS_OWNERS:
        return None
    try:
        steps = _path_steps(folder.absolute())
        faults = (_fault(path, status, is_end and not is_passed) for path, status, is_end in steps)
        return next(filter(None, faults), None)
    except OSError as error:
        return f"{error.filename or folder} cannot be checked ({error.strerror})"


def _fault(path: Path, status: os.stat_result, is_end: bool) -> str | None:
    if not _has_trusted_owner(status):
        return f"{path} belongs to another user, with number {status.st_uid}"
    if stat.S_ISLNK(status.st_mode):
        return None
    if not stat.S_ISDIR(status.st_mode):
        return f"{path} is not a folder"
    if status.st_mode & OTHERS_WRITE and (is_end or not status.st_mode & stat.S_ISVTX):
        return f"other users may write to {path}"
    return None


def _has_trusted_owner(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid())


def _path_steps(folder: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Yield every folder and link that resolving a path passes, and whether it is the end of the path."""
    at, names = _start_of_check(folder)
    yield at, at.lstat(), not names
    links = 0
    while names:
        step = at / names.pop(0)
        try:
            status = step.lstat()
        except FileNotFoundError:
            return
        yield step, status, not names
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
            target = step.readlink()
            at = Path(target.anchor) if target.is_absolute() else at
            names = [*target.parts[target.is_absolute() :], *names]
        else:
            at = Path(os.path.realpath(step)) if step.name == ".." else step


def _start_of_check(folder: Path) -> tuple[Path, list[str]]:
    """Return the first folder to check, as a path without links, and the names after it."""
    home = Path(os.path.expanduser("~"))
    if home.is_absolute() and home != Path(home.anchor) and folder.is_relative_to(home):
        return Path(os.path.realpath(home)), list(folder.relative_to(home).parts)
    return Path(folder.anchor), list(folder.parts[1:])
