"""The files in a run folder: the one door by which they are read and written, whoever made the folder.

No link below the folder is followed, nothing but a regular file is opened, and none is read beyond a bound. A name is
relative to the folder, such as ``best/final.txt``, and one of those that a run gives.
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

LONGEST_LINE = 1 << 25  # bytes of an event: the lineage of a long run may have some megabytes
REMEDY = "check the disk and the permissions"
UNSAFE = "a run writes no such thing, so take it away, or put a copy of what it stands for in its place"


class StoreError(AutoMLZeroError, ValueError):
    """A run folder that cannot be made, written or read; the message names it and what to do."""


@contextmanager
def named(path: Path) -> Iterator[Path]:
    """Turn what the system says into an error that names the file."""
    try:
        yield path
    except UnsafeFileError as error:
        raise StoreError(f"{error.filename} cannot be used ({error.strerror}): {UNSAFE}") from None
    except OSError as error:
        raise StoreError(f"{path} cannot be used ({error.strerror}): {REMEDY}") from None


def has(folder: Path, name: str) -> bool:
    """Whether there is anything of that name, be it a link that leads nowhere.

    Raises:
        StoreError: it cannot be looked for.
    """
    with named(folder / name) as path:
        return is_there(path, within=folder)


def names(folder: Path, name: str) -> list[str]:
    """The names in a folder, sorted; none if it is not there.

    Raises:
        StoreError: it is a link or no folder, or it cannot be read.
    """
    with named(folder / name) as path:
        return names_in(path, within=folder)


def read(folder: Path, name: str, most: int) -> bytes:
    """All bytes of a file.

    Raises:
        StoreError: it cannot be read, is no regular file, or has more than so many bytes.
    """
    with named(folder / name) as path:
        return read_regular(path, most, within=folder)


def read_if_there(folder: Path, name: str, most: int) -> bytes | None:
    """As ``read``, and None if there is nothing of that name."""
    with named(folder / name) as path:
        try:
            return read_regular(path, most, within=folder)
        except FileNotFoundError:
            return None


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file, open to be read.

    Raises:
        StoreError: it cannot be opened, or is no regular file.
    """
    with named(folder / name) as path, open_regular(path, within=folder) as file:
        yield file


def lines(folder: Path, name: str) -> Iterator[bytes]:
    """The lines of a file one by one, with their ends; the last one may have none.

    Raises:
        StoreError: it cannot be read, or a line is longer than any that a run writes.
    """
    with opened(folder, name) as file:
        yield from whole_lines(file, folder / name)


def whole_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines of an open file, as ``lines``.

    Raises:
        UnsafeFileError: one is too long.
    """
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise UnsafeFileError(errno.EFBIG, f"a line has more than {LONGEST_LINE} bytes", str(path))
        yield line


def write(folder: Path, name: str, content: bytes) -> Path:
    """Replace a file as a whole, so that nobody ever reads a part of it; gives its path.

    Raises:
        StoreError: it cannot be written.
    """
    with named(folder / name) as path, replacing(path, within=folder) as file:
        file.write(content)
    return folder / name


@contextmanager
def changed(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file that must be there, open to be read and written: a new one would hide that the old one was lost.

    Raises:
        StoreError: it cannot be opened, is no regular file, or has another name, too.
    """
    with named(folder / name) as path, open_regular(path, "r+b", within=folder) as file:
        yield file


@contextmanager
def new_or_changed(folder: Path, name: str) -> Iterator[BinaryIO]:
    """As ``changed``, but made if it is not there."""
    with named(folder / name) as path:
        try:
            file = open_regular(path, "xb", within=folder)
        except FileExistsError:
            file = open_regular(path, "r+b", within=folder)
        with file:
            yield file


def append(folder: Path, name: str, content: bytes) -> None:
    """Add to a file that must be there.

    Raises:
        StoreError: as of ``changed``.
    """
    with changed(folder, name) as file:
        file.seek(0, os.SEEK_END)
        file.write(content)


def make_folder(folder: Path, name: str) -> None:
    """Make a folder if there is none.

    Raises:
        StoreError: it cannot be made, or there is something else of that name.
    """
    with named(folder / name) as path:
        safe_files.make_folder(path, within=folder)


def remove(folder: Path, name: str) -> None:
    """Remove a file or a link if it is there.

    Raises:
        StoreError: it cannot be removed.
    """
    with named(folder / name) as path, entry_below(path, folder) as (number, entry), suppress(FileNotFoundError):
        os.unlink(entry, dir_fd=number)


def rename(folder: Path, name: str, new: str) -> None:
    """Give what has a name another one beside it; a file of that name is replaced.

    Raises:
        StoreError: it cannot be renamed.
    """
    with named(folder / name) as path, entry_below(path, folder) as (number, entry):
        target = str(path.with_name(new)) if number is None else new
        os.replace(entry, target, src_dir_fd=number, dst_dir_fd=number)
