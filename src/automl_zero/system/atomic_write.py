"""Atomic writing of files: the content is written to a temporary file, which is renamed once it is on disk.

A reader finds either the whole old content or the whole new content, even after a crash of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from automl_zero.system.safe_files import entry_below, folder_below, open_regular


@contextmanager
def replacing(path: Path, *, within: Path | None = None) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces ``path`` at the end of the block; after an error, ``path`` is unchanged.

    A process that is killed leaves a hidden temporary file in the folder, which nothing reads.

    Args:
        path: the file; a link of this name is replaced, and never followed.
        within: a folder below which no component of the path may be a link.

    Raises:
        UnsafeFileError: a component of the path is a link.
        OSError: the file cannot be written.

    Example:
        >>> with replacing(Path("results.json")) as file:
        ...     file.write(b"{}")
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with on_disk(unfinished, within=within) as file:
            yield file
        _rename(unfinished, path, within)
    except BaseException:
        with suppress(OSError), entry_below(unfinished, within) as (folder, name):
            os.unlink(name, dir_fd=folder)
        raise
    sync_folder(path.parent, within=within)


def _rename(old: Path, new: Path, within: Path | None) -> None:
    with entry_below(old, within) as (folder, name):
        target = str(new) if folder is None else new.name
        os.replace(name, target, src_dir_fd=folder, dst_dir_fd=folder)


@contextmanager
def on_disk(path: Path, *, within: Path | None = None) -> Iterator[BinaryIO]:
    """Open a new file that is synced to disk when it is closed; ``within`` is as for ``replacing``."""
    with open_regular(path, "xb", within=within) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path, *, within: Path | None = None) -> None:
    """Wait until the content of a file is on disk."""
    with open_regular(path, "r+b", within=within) as file:
        os.fsync(file.fileno())


def sync_folder(path: Path, *, within: Path | None = None) -> None:
    """Wait until the entries of a folder are on disk, where the system supports this."""
    if os.name != "posix":
        return
    with folder_below(within or path, path) as number:
        if number is not None:
            os.fsync(number)
