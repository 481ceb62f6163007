"""Files that are written whole: beside their place first, and put there when all of them is on disk.

Whoever reads such a file finds all of what was there before, or all of what is new, even after the machine has crashed.
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
    """A file to write that takes its place at the end of the block; after an error, what was there stays.

    A process that is killed leaves a hidden file beside it, which nobody reads.

    Args:
        path: of the file; a link of this name is replaced, and never followed.
        within: a folder below which no link on the way to the file is followed, either.

    Raises:
        UnsafeFileError: a link is on the way.
        OSError: it cannot be written.
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
    """A new file that is on disk, not only on its way there, when it is closed; ``within`` as of ``replacing``."""
    with open_regular(path, "xb", within=within) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path, *, within: Path | None = None) -> None:
    """Wait until what was written to a file is on disk."""
    with open_regular(path, "r+b", within=within) as file:
        os.fsync(file.fileno())


def sync_folder(path: Path, *, within: Path | None = None) -> None:
    """Wait until the names in a folder are on disk, where the system can do this."""
    if os.name != "posix":
        return
    with folder_below(within or path, path) as number:
        if number is not None:
            os.fsync(number)
