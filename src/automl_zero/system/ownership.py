"""Who may have written what is about to be believed: owners and modes of files, and of the folders that they are in.

What this user or root has written is believed, provided that nobody else could change it, or put something else in its
place. Where files have no such owners and modes, as on Windows, everything is.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

HAS_OWNERS = hasattr(os, "geteuid")
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
MOST_LINKS = 40  # on the way to a folder, as for Linux


def is_trusted(status: os.stat_result) -> bool:
    """Whether a file belongs to this user or to root, and nobody else may write it."""
    return not HAS_OWNERS or (_has_good_owner(status) and not status.st_mode & OTHERS_WRITE)


def folder_fault(folder: Path, *, is_passed: bool = False) -> str | None:
    """How others could write to a folder, or put another one in its place; None if they cannot.

    Every folder and link on the way there must belong to this user or to root, and none of the folders may be written
    by others. One like ``/tmp``, where only owners rename and remove, may be on the way, and at its end if that is only
    passed, too. What does not exist yet has no fault. A way through the user's home begins there: who may change what
    is above it may change whatever the user runs.
    """
    if not HAS_OWNERS:
        return None
    try:
        way = _way(folder.absolute())
        faults = (_fault(path, status, is_end and not is_passed) for path, status, is_end in way)
        return next(filter(None, faults), None)
    except OSError as error:
        return f"{error.filename or folder} cannot be looked at ({error.strerror})"


def _fault(path: Path, status: os.stat_result, is_end: bool) -> str | None:
    if not _has_good_owner(status):
        return f"{path} belongs to the user with the number {status.st_uid}"
    if stat.S_ISLNK(status.st_mode):
        return None
    if not stat.S_ISDIR(status.st_mode):
        return f"{path} is no folder"
    if status.st_mode & OTHERS_WRITE and (is_end or not status.st_mode & stat.S_ISVTX):
        return f"others may write to {path}"
    return None


def _has_good_owner(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid())


def _way(folder: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Every folder and link that is passed on the way to a folder, and whether it is the folder itself."""
    at, names = _beginning(folder)
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
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(folder))
            target = step.readlink()
            at = Path(target.anchor) if target.is_absolute() else at
            names = [*target.parts[target.is_absolute() :], *names]
        else:
            at = Path(os.path.realpath(step)) if step.name == ".." else step


def _beginning(folder: Path) -> tuple[Path, list[str]]:
    """Where to begin, a folder without links on the way to it, and the names from there on."""
    home = Path(os.path.expanduser("~"))
    if home.is_absolute() and home != Path(home.anchor) and folder.is_relative_to(home):
        return Path(os.path.realpath(home)), list(folder.relative_to(home).parts)
    return Path(folder.anchor), list(folder.parts[1:])
