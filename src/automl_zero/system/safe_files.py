"""Opening files that somebody else may have put there: regular files only, and no link below a folder is followed.

A path that the user names may be a link, as any path on a command line may be. What stands below a folder that may come
from a stranger, such as a run folder, may not: ``within`` names the folder, and every name below it is opened by itself
(``openat`` with ``O_NOFOLLOW``), so that nothing can be exchanged between a check and the opening. Where the system has
no such calls, links are looked for beforehand.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from automl_zero.errors import AutoMLZeroError

HAS_OPENAT = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
# A pipe that nobody writes to is opened at once then, and refused, instead of waiting for a writer.
AT_ONCE: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
FLAGS = {"rb": os.O_RDONLY, "r+b": os.O_RDWR, "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL}

CHUNK = 1 << 16  # bytes

Mode = Literal["rb", "r+b", "xb"]


class UnsafeFileError(AutoMLZeroError, OSError):
    """A link, a pipe, a device, or a file that is larger than what may be read; ``strerror`` tells which."""


def open_regular(path: Path, mode: Mode = "rb", *, within: Path | None = None) -> BinaryIO:
    """Open a regular file.

    Args:
        path: of the file.
        mode: ``rb`` to read, ``r+b`` to read and write a file that is there and has no other name, ``xb`` to write a
            new one.
        within: a folder below which no link is followed; ``path`` must lie below it. None follows links.

    Raises:
        UnsafeFileError: it is a link or lies behind one, is no regular file, or is to be written under another name,
            too.
        OSError: it cannot be opened.

    Example:
        >>> with open_regular(Path("runs/mine/events.jsonl"), within=Path("runs/mine")) as file:
        ...     first = file.readline()
    """
    number = _open(path, FLAGS[mode] | AT_ONCE, within)
    try:
        _check_regular(path, os.fstat(number), is_written=mode == "r+b")
        return os.fdopen(number, mode)
    except BaseException:
        os.close(number)
        raise


def read_regular(path: Path, most: int, *, within: Path | None = None) -> bytes:
    """All bytes of a regular file, of which there may be ``most``.

    Raises:
        UnsafeFileError: as of ``open_regular``, or there are more.
        OSError: it cannot be read.
    """
    with open_regular(path, within=within) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, size, most)
        content = file.read(size)  # room is made for so many, and not for the most
        while more := file.read(CHUNK):  # it has grown meanwhile, or is larger than it says, as in /proc
            content += more
            check_size(path, len(content), most)
    return content


def check_size(path: Path, size: int, most: int) -> None:
    """Check that so many bytes are no more than ``most``.

    Raises:
        UnsafeFileError: there are more.
    """
    if size > most:
        raise UnsafeFileError(errno.EFBIG, f"it has {size} bytes, more than the {most} that are read", str(path))


@contextmanager
def folder_below(folder: Path, path: Path) -> Iterator[int | None]:
    """The descriptor of the folder ``path``, reached from ``folder`` without following a link; None without openat.

    Raises:
        UnsafeFileError: one of the names is a link.
        OSError: one of them is no folder, or cannot be opened.
    """
    names = path.relative_to(folder).parts
    if not HAS_OPENAT:
        _check_no_link(folder, names)
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        yield None
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | AT_ONCE)
    try:
        for name in names:
            inner = _open_below(number, name, os.O_RDONLY | os.O_DIRECTORY | AT_ONCE, path)
            os.close(number)
            number = inner
        yield number
    finally:
        os.close(number)


@contextmanager
def entry_below(path: Path, within: Path | None) -> Iterator[tuple[int | None, str]]:
    """``dir_fd`` and name by which functions of ``os`` reach ``path``, which need not exist.

    No link on the way to it is followed; what does not follow it itself (``rename``, ``unlink``, ``lstat``) is safe.
    Where ``within`` is None, or the system has no ``openat``, there is no ``dir_fd``, and the name is the whole path.

    Raises:
        OSError: as of ``folder_below``.
    """
    if within is None:
        yield None, str(path)
        return
    with folder_below(within, path.parent) as folder:
        yield folder, str(path) if folder is None else path.name


def is_there(path: Path, *, within: Path) -> bool:
    """Whether there is anything of that name, be it a link that leads nowhere.

    Raises:
        OSError: the folder that it would be in cannot be opened, or lies behind a link.
    """
    try:
        with entry_below(path, within) as (folder, name):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def names_in(path: Path, *, within: Path) -> list[str]:
    """The names in a folder, sorted; none if there is no such folder.

    Raises:
        OSError: it cannot be read, is no folder, or lies behind a link.
    """
    try:
        with folder_below(within, path) as number:
            return sorted(os.listdir(path if number is None else number))
    except FileNotFoundError:
        return []


def make_folder(path: Path, *, within: Path) -> None:
    """Make a folder if there is none.

    Raises:
        OSError: it cannot be made, or there is something else of that name.
    """
    with entry_below(path, within) as (folder, name), suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    with folder_below(within, path):
        """It is one, and no link to one."""


def check_plain_folder(path: Path, *, within: Path) -> None:
    """Check that a folder, if there is one, holds folders and regular files of one name alone, however deep.

    It is for what other libraries open by themselves, after the check.

    Raises:
        UnsafeFileError: there is something else in it.
        OSError: as of ``names_in``.
    """
    for inner, status in _entries(path, within):
        if stat.S_ISDIR(status.st_mode):
            check_plain_folder(inner, within=within)
        else:
            _check_regular(inner, status, is_written=True)


def check_files_in(path: Path, *, within: Path) -> None:
    """Check that a folder, if there is one, holds nothing but regular files.

    Raises:
        UnsafeFileError: there is something else in it.
        OSError: as of ``names_in``.
    """
    for inner, status in _entries(path, within):
        _check_regular(inner, status, is_written=False)


def _entries(path: Path, within: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """What is in a folder, and what it is. A link is none of what there may be; what has gone meanwhile is left out."""
    for name in names_in(path, within=within):
        inner = path / name
        try:
            with entry_below(inner, within) as (folder, entry):
                status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(status.st_mode):
            raise _link(inner)
        yield inner, status


def _open(path: Path, flags: int, within: Path | None) -> int:
    with entry_below(path, within) as (folder, name):
        if folder is not None:
            return _open_below(folder, name, flags, path)
        if within is not None:
            _check_no_link(path.parent, (path.name,))
        return os.open(path, flags, 0o666)


def _open_below(folder: int, name: str, flags: int, path: Path) -> int:
    try:
        return os.open(name, flags | NO_FOLLOW, 0o666, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(folder, name):
            raise _link(path) from None
        raise


def _is_link(folder: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _check_no_link(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        folder = folder / name
        if folder.is_symlink():
            raise _link(folder)


def _link(path: Path) -> UnsafeFileError:
    return UnsafeFileError(errno.ELOOP, "it is a link or lies behind one, which is not followed here", str(path))


def _check_regular(path: Path, status: os.stat_result, *, is_written: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeFileError(errno.EINVAL, "it is no regular file", str(path))
    if is_written and status.st_nlink > 1:
        raise UnsafeFileError(errno.EMLINK, "it has another name, too, and is not written under this one", str(path))
