"""NPZ files of named arrays: untrusted files are read safely, and files are written atomically.

Nothing in a file is unpickled, and an array is unpacked only if it is asked for and fits into the memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from lzma import LZMAError
from math import prod
from os import SEEK_END
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from automl_zero.errors import AutoMLZeroError
from automl_zero.system.atomic_write import replacing
from automl_zero.system.memory import memory_for_a_file, unpacked_at_most
from automl_zero.system.safe_files import open_regular
from automl_zero.tasks.task import TaskError

Arrays = Mapping[str, NDArray[Any]]
NPY = ".npy"  # the ending of an array's name in the archive
ENCRYPTED = 1  # the flag of an encrypted member
NUMBER = 8  # bytes of a number in a computation

# The errors that readers of ZIP, array headers and compressed data raise, depending on which byte is damaged.
UNREADABLE = (
    OSError, ValueError, EOFError, BadZipFile, zlib.error, LZMAError, TokenError, struct.error, RuntimeError,
    SyntaxError, MemoryError, ArithmeticError, LookupError, TypeError, AttributeError,
)  # fmt: skip


class Npz:
    """An open NPZ file, whose arrays are unpacked when they are read, after a check of their sizes.

    Args:
        file: the archive, open for reading.
        compressed: whether compressed arrays are accepted.

    Raises:
        UNREADABLE: the file is not an archive.
    """

    def __init__(self, file: BinaryIO, *, compressed: bool = True) -> None:
        self._archive, self._size = ZipFile(file), file.seek(0, SEEK_END)
        self._methods = (ZIP_STORED, ZIP_DEFLATED) if compressed else (ZIP_STORED,)
        members = self._archive.infolist()
        if sum(each.compress_size for each in members) > self._size:
            raise ValueError("its arrays share their bytes")
        self._members = {each.filename.removesuffix(NPY): each for each in members}

    @property
    def names(self) -> list[str]:
        """The names of all arrays."""
        return list(self._members)

    def read(self, names: Collection[str], width: int = 1, most: int | None = None) -> dict[str, NDArray[Any]]:
        """Return arrays by name.

        Args:
            names: names of existing arrays.
            width: bytes that each number will take when it is used, if it takes less in the file.
            most: the largest total size in bytes; by default, it depends on the free memory and the packed size.

        Raises:
            TooLargeError: the arrays would be larger.
            ValueError: one of them is damaged.
        """
        sizes = {name: self._size_of(name, width) for name in names}
        if most is None:
            for name, size in sizes.items():
                self._check_packed(name, size)
            most = memory_for_a_file()
        if (total := sum(sizes.values())) > most:
            raise TooLargeError(f"its arrays take {total} bytes of memory, more than {most}, half of what is free")
        return {name: self._array(name) for name in names}

    def _size_of(self, name: str, width: int) -> int:
        """Return the bytes that an array will take, by its header, which must agree with the sizes in the archive."""
        stated = self._members[name].file_size
        with self._opened(name) as file:
            shape, dtype = _header(file)
            if min(shape, default=0) < 0 or file.tell() + prod(shape) * max(dtype.itemsize, 1) > stated:
                raise ValueError("larger than its part of the file")
        return prod(shape) * max(dtype.itemsize, width)

    def _check_packed(self, name: str, size: int) -> None:
        packed = self._members[name].compress_size
        if size > (most := unpacked_at_most(packed)):
            raise TooLargeError(f"array {name} takes {size} bytes of memory, but {packed} in a file may become {most}")

    def _array(self, name: str) -> NDArray[Any]:
        with self._opened(name) as file:
            array = np.asarray(npy.read_array(file, allow_pickle=False))
            if file.read(1):
                raise ValueError("smaller than its part of the file")
        return array

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        """Open the NPY file of an array; no more than its stated size is unpacked."""
        member = self._members[name]
        try:
            if member.compress_type not in self._methods or member.flag_bits & ENCRYPTED:
                raise ValueError("packed by an unsupported method")
            if member.compress_type == ZIP_STORED and member.file_size > member.compress_size:
                raise ValueError("larger than its part of the file")
            with self._archive.open(member) as file:
                yield file
        except UNREADABLE as error:
            raise ValueError(f"array {name} cannot be read ({error})") from None


class TooLargeError(AutoMLZeroError, ValueError):
    """Raised where a file would unpack to more bytes than allowed; the message names both sizes."""


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    versions = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in versions:
        raise ValueError(f"version {version} of the NPY format is not read")
    shape, _, dtype = versions[version](file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not loaded: allow_pickle=False")
    return shape, dtype


def read_npz(path: Path, required: Sequence[str], optional: Sequence[str], *, width: int = NUMBER) -> Arrays:
    """Return the arrays of a file: all required ones, any optional ones, and no others.

    ``width`` is the number of bytes that each number will take when it is used.

    Raises:
        TaskError: the file cannot be opened or read, contains other arrays, or does not fit into the memory; the
        message
            does not name the file.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise TaskError(f"cannot be opened ({error.strerror}): check the path") from None
    with file:
        content = _open_npz(file)
        _check_names(content.names, required, optional)
        return _read_all(content, width)


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
        raise TaskError(f"{path} cannot be written ({error.strerror}): choose another path") from None


def _open_npz(file: BinaryIO) -> Npz:
    if file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX:
        raise TaskError("a single array, not an NPZ file: write it with numpy.savez")
    try:
        return Npz(file)
    except UNREADABLE as error:
        raise TaskError(f"not a readable NPZ file ({error}): write it with numpy.savez") from None


def _check_names(names: Sequence[str], required: Sequence[str], optional: Sequence[str]) -> None:
    for name in required:
        if name not in names:
            raise TaskError(f"array {name} is missing: the file needs {', '.join(required)}")
    for name in names:
        if name not in (*required, *optional):
            raise TaskError(f"unknown array {name}: besides {', '.join(required)} there may be {', '.join(optional)}")


def _read_all(content: Npz, width: int) -> Arrays:
    try:
        return content.read(content.names, width)
    except TooLargeError as error:
        raise TaskError(f"{error}: give fewer rows, or write it with numpy.savez, which does not compress") from None
    except ValueError as error:
        raise TaskError(f"{error}: write it with numpy.savez, as numbers") from None
