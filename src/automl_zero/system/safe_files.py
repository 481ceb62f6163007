"""Safe opening of untrusted files: only regular files, and no link below a given folder is followed.

A path that the user names may be a link, as any path on a command line may be. Files below an untrusted folder, such as
a run folder from another user, may not: ``within`` names that folder, and every name below it is opened relative to the
one before (``openat`` with ``O_NOFOLLOW``), so that nothing can be exchanged between a check and the opening. Where the
system has no such calls, the names are checked for links beforehand.
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
# O_NONBLOCK: a pipe without a writer is opened at once, and refused, instead of blocking.
OPEN_FLAGS: int = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
FLAGS = {"rb": os.O_RDONLY, "r+b": os.O_RDWR, "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL}

CHUNK = 1 << 16  # bytes

Mode = Literal["rb", "r+b", "xb"]


class UnsafeFileError(AutoMLZeroError, OSError):
    """Raised for a link, a pipe, a device, or a file above the size limit; ``strerror`` says which."""


def open_regular(path: Path, mode: Mode = "rb", *, within: Path | None = None) -> BinaryIO:
    """Open a regular file.

    Args:
        path: the file.
        mode: ``rb`` to read, ``r+b`` to read and write an existing file without other hard links, ``xb`` to write a
            new one.
        within: a folder below which no link is followed, and which contains ``path``. None: links are followed.

    Raises:
        UnsafeFileError: it is a link or lies behind one, is not a regular file, or is to be written and has another
            hard link.
        OSError: it cannot be opened.

    Example:
        >>> with open_regular(Path("runs/mine/events.jsonl"), within=Path("runs/mine")) as file:
        ...     first = file.readline()
    """
    number = _open(path, FLAGS[mode] | OPEN_FLAGS, within)
    try:
        _check_regular(path, os.fstat(number), is_written=mode == "r+b")
        return os.fdopen(number, mode)
    except BaseException:
        os.close(number)
        raise


def read_regular(path: Path, most: int, *, within: Path | None = None) -> bytes:
    """Return the content of a regular file of at most ``most`` bytes.

    Raises:
        UnsafeFileError: see ``open_regular``; or the file is larger.
        OSError: it cannot be read.
    """
    with open_regular(path, within=within) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, size, most)
        content = file.read(size)  # allocates so many bytes, not ``most``
        while more := file.read(CHUNK):  # it has grown meanwhile, or its size is not known, as in /proc
            content += more
            check_size(path, len(content), most)
    return content


def check_size(path: Path, size: int, most: int) -> None:
    """Check that the size of a file, in bytes, is at most ``most``.

    Raises:
        UnsafeFileError: it is larger.
    """
    if size > most:
        raise UnsafeFileError(errno.EFBIG, f"it has {size} bytes, more than the {most} that may be read", str(path))


@contextmanager
def folder_below(folder: Path, path: Path) -> Iterator[int | None]:
    """Open the folder ``path`` below ``folder`` without following a link; yield its descriptor, or None without openat.

    Raises:
        UnsafeFileError: one of the names is a link.
        OSError: one of them is not a folder, or cannot be opened.
    """
    names = path.relative_to(folder).parts
    if not HAS_OPENAT:
        _check_no_link(folder, names)
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
        yield None
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | OPEN_FLAGS)
    try:
        for name in names:
            inner = _open_below(number, name, os.O_RDONLY | os.O_DIRECTORY | OPEN_FLAGS, path)
            os.close(number)
            number = inner
        yield number
    finally:
        os.close(number)


@contextmanager
def entry_below(path: Path, within: Path | None) -> Iterator[tuple[int | None, str]]:
    """Yield ``dir_fd`` and name by which functions of ``os`` reach ``path``, which need not exist.

    No link among its parents is followed; functions that do not follow the last name (``rename``, ``unlink``,
    ``lstat``) are safe. If ``within`` is None, or the system has no ``openat``, there is no ``dir_fd``, and the name is
    the whole path.

    Raises:
        OSError: see ``folder_below``.
    """
    if within is None:
        yield None, str(path)
        return
    with folder_below(within, path.parent) as folder:
        yield folder, str(path) if folder is None else path.name


def is_there(path: Path, *, within: Path) -> bool:
    """Return whether a path exists; a broken link does.

    Raises:
        OSError: its folder cannot be opened, or lies behind a link.
    """
    try:
        with entry_below(path, within) as (folder, name):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def names_in(path: Path, *, within: Path) -> list[str]:
    """Return the names in a folder, sorted; none if it does not exist.

    Raises:
        OSError: it cannot be read, is not a folder, or lies behind a link.
    """
    try:
        with folder_below(within, path) as number:
            return sorted(os.listdir(path if number is None else number))
    except FileNotFoundError:
        return []


def make_folder(path: Path, *, within: Path) -> None:
    """Make a folder unless it exists.

    Raises:
        OSError: it cannot be made, or something else has that name.
    """
    with entry_below(path, within) as (folder, name), suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    with folder_below(within, path):
        pass  # opening it checks that it is a folder, and not a link to one


def check_plain_folder(path: Path, *, within: Path) -> None:
    """Check that a folder, if it exists, contains only folders and regular files without other hard links.

    Subfolders are checked, too. This is for folders whose files other libraries open afterwards.

    Raises:
        UnsafeFileError: it contains something else.
        OSError: see ``names_in``.
    """
    for inner, status in _entries(path, within):
        if stat.S_ISDIR(status.st_mode):
            check_plain_folder(inner, within=within)
        else:
            _check_regular(inner, status, is_written=True)


def check_files_in(path: Path, *, within: Path) -> None:
    """Check that a folder, if it exists, contains only regular files.

    Raises:
        UnsafeFileError: it contains something else.
        OSError: see ``names_in``.
    """
    for inner, status in _entries(path, within):
        _check_regular(inner, status, is_written=False)


def _entries(path: Path, within: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the paths in a folder with their status; a link is refused, what has been removed meanwhile is skipped."""
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
        raise UnsafeFileError(errno.EINVAL, "it is not a regular file", str(path))
    if is_written and status.st_nlink > 1:
        raise UnsafeFileError(errno.EMLINK, "it has another hard link, and is not written to", str(path))
