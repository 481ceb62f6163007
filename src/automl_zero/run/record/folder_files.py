"""Access to the files in a run folder, which may be untrusted: everything reads and writes them through this module.

No link below the folder is followed, only regular files are opened, and reads are bounded. A name is relative to the
folder, such as ``best/final.txt``, and one of those that a run gives.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from automl_zero.errors import AutoMLZeroError
from automl_zero.system import safe_files
from automl_zero.system.atomic_write import replacing
from automl_zero.system.safe_files import UnsafeFileError, entry_below, is_there, names_in, open_regular, read_regular

LONGEST_LINE = 1 << 25  # bytes of an event; the lineage of a long run may have some megabytes
REMEDY = "check the disk and the permissions"
UNSAFE = "a run writes no such thing, so remove it, or replace it by a copy of what it points to"


class StoreError(AutoMLZeroError, ValueError):
    """Raised where a run folder cannot be made, written or read; the message names it and what to do."""


@contextmanager
def named(path: Path) -> Iterator[Path]:
    """Turn errors of the system into a StoreError that names the file."""
    try:
        yield path
    except UnsafeFileError as error:
        raise StoreError(f"{error.filename} cannot be used ({error.strerror}): {UNSAFE}") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be used ({error.strerror}): {REMEDY}") from None


def has(folder: Path, name: str) -> bool:
    """Return whether there is an entry of that name, even a broken link.

    Raises:
        StoreError: the folder cannot be searched.
    """
    with named(folder / name) as path:
        return is_there(path, within=folder)


def names(folder: Path, name: str) -> list[str]:
    """Return the names in a folder, sorted; none if it does not exist.

    Raises:
        StoreError: it is a link or no folder, or it cannot be read.
    """
    with named(folder / name) as path:
        return names_in(path, within=folder)


def read(folder: Path, name: str, most: int) -> bytes:
    """Return all bytes of a file.

    Raises:
        StoreError: it cannot be read, is no regular file, or has more than ``most`` bytes.
    """
    with named(folder / name) as path:
        return read_regular(path, most, within=folder)


def read_if_there(folder: Path, name: str, most: int) -> bytes | None:
    """Return what ``read`` does, None if there is nothing of that name."""
    with named(folder / name) as path:
        try:
            return read_regular(path, most, within=folder)
        except FileNotFoundError:
            return None


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file for reading.

    Raises:
        StoreError: it cannot be opened, or is no regular file.
    """
    with named(folder / name) as path, open_regular(path, within=folder) as file:
        yield file


def lines(folder: Path, name: str) -> Iterator[bytes]:
    """Yield the lines of a file with their ends; the last one may have none.

    Raises:
        StoreError: it cannot be read, or a line is longer than any that a run writes.
    """
    with opened(folder, name) as file:
        yield from whole_lines(file, folder / name)


def whole_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the lines of an open file, as ``lines`` does.

    Raises:
        UnsafeFileError: a line is too long.
    """
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UnsafeFileError(errno.EFBIG, f"a line has more than {LONGEST_LINE} bytes", str(path))
        yield line


def write(folder: Path, name: str, content: bytes) -> Path:
    """Write a file atomically, so that nobody reads a part of it; return its path.

    Raises:
        StoreError: it cannot be written.
    """
    with named(folder / name) as path, replacing(path, within=folder) as file:
        file.write(content)
    return folder / name


@contextmanager
def changed(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open an existing file for reading and writing; a new one would hide that the old one was lost.

    Raises:
        StoreError: it cannot be opened, is no regular file, or has further hard links.
    """
    with named(folder / name) as path, open_regular(path, "r+b", within=folder) as file:
        yield file


@contextmanager
def new_or_changed(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Open a file as ``changed`` does, and make it if it does not exist."""
    with named(folder / name) as path:
        try:
            file = open_regular(path, "xb", within=folder)
        except FileExistsError:
            file = open_regular(path, "r+b", within=folder)
        with file:
            yield file


def append(folder: Path, name: str, content: bytes) -> None:
    """Append to an existing file.

    Raises:
        StoreError: as for ``changed``.
    """
    with changed(folder, name) as file:
        file.seek(0, os.SEEK_END)
        file.write(content)


def make_folder(folder: Path, name: str) -> None:
    """Make a folder if it does not exist.

    Raises:
        StoreError: it cannot be made, or there is something else of that name.
    """
    with named(folder / name) as path:
        safe_files.make_folder(path, within=folder)


def remove(folder: Path, name: str) -> None:
    """Remove a file or a link if it exists.

    Raises:
        StoreError: it cannot be removed.
    """
    with named(folder / name) as path, entry_below(path, folder) as (number, entry), suppress(FileNotFoundError):
        os.unlink(entry, dir_fd=number)


def rename(folder: Path, name: str, new: str) -> None:
    """Rename an entry within its folder; an existing file of the new name is replaced.

    Raises:
        StoreError: it cannot be renamed.
    """
    with named(folder / name) as path, entry_below(path, folder) as (number, entry):
        target = str(path.with_name(new)) if number is None else new
        os.replace(entry, target, src_dir_fd=number, dst_dir_fd=number)
