"""NPZ files: arrays under names, read from strangers and written whole.

Nothing in a file is ever unpickled, and what is written is all of the file or nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from lzma import LZMAError
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from automl_zero.atomic import replacing
from automl_zero.tasks.task import TaskError

Arrays = Mapping[str, NDArray[Any]]

# What the readers of ZIP, of array headers, and of what is compressed raise, depending on the byte that is wrong.
UNREADABLE = (
    OSError, ValueError, EOFError, BadZipFile, zlib.error, LZMAError, TokenError, struct.error, RuntimeError,
    SyntaxError, MemoryError, ArithmeticError, LookupError, TypeError, AttributeError,
)  # fmt: skip


def read_npz(path: Path, required: Sequence[str], optional: Sequence[str]) -> Arrays:
    """The arrays of a file: all that are required, perhaps some that are optional, and no others.

    Raises:
        TaskError: the file cannot be opened or read, or holds other arrays; the message does not name the file.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise TaskError(f"cannot be opened ({error.strerror}): check the path") from None
    with file:
        content = _open_npz(file)
        _check_names(content.files, required, optional)
        return {name: _read_array(content, name) for name in content.files}


def write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays that ``read_npz`` reads back exactly.

    Raises:
        TaskError: the file exists, or cannot be written.
    """
    if path.exists():
        raise TaskError(f"{path} exists and is not overwritten: choose another name or delete it")
    try:
        with replacing(path) as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise TaskError(f"{path} cannot be written ({error.strerror}): choose another place") from None


def _open_npz(file: BinaryIO) -> NpzFile:
    try:
        content = np.load(file, allow_pickle=False)
    except UNREADABLE as error:
        raise TaskError(f"not a readable NPZ file ({error}): write it with numpy.savez") from None
    if not isinstance(content, NpzFile):
        raise TaskError("a single array, not an NPZ file: write it with numpy.savez")
    return content


def _check_names(names: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> None:
    for name in required:
        if name not in names:
            raise TaskError(f"array {name} is missing: the file needs {', '.join(required)}")
    for name in names:
        if name not in (*required, *optional):
            raise TaskError(f"unknown array {name}: besides {', '.join(required)} there may be {', '.join(optional)}")


def _read_array(content: NpzFile, name: str) -> NDArray[Any]:
    try:
        return np.asarray(content[name])
    except UNREADABLE as error:
        raise TaskError(f"array {name} cannot be read ({error}): write it with numpy.savez, as numbers") from None
