"""A checkpoint: one file that holds a snapshot, and under what it was made.

Its first line names the format, its second is a checksum of all else, so that a file is read as it was written or not
at all; then follows an NPZ file. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, ClassVar
from warnings import catch_warnings
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from automl_zero import __version__
from automl_zero.atomic import replacing
from automl_zero.config import Config
from automl_zero.folders import PACKAGE, hash_of_files
from automl_zero.run.machine import LIBRARIES
from automl_zero.run.snapshot import Record, Snapshot
from automl_zero.tasks.npz import UNREADABLE

FORMAT = 2
TITLE = b"automl-zero checkpoint "
HEADER = "header"  # the array that holds plain values, as JSON
ENGINE = ("program", "tasks", "vm", "search")  # the rooms that decide what an epoch does


class CheckpointError(ValueError):
    """A file that is no checkpoint that can be used; the message tells why, and follows the name of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Under what a checkpoint was made: where it differs, the search does not go on as it would have gone.

    Attributes:
        config: its plain values.
        tasks: digests of the search tasks of each island.
        engine: hash of the sources and the libraries that an epoch depends on; ``version``: of the package.
    """

    version: str
    engine: str
    config: dict[str, Any]
    tasks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoint:
    """What a file holds."""

    origin: Origin
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class _Header:
    __pydantic_config__: ClassVar = ConfigDict(allow_inf_nan=False)
    origin: Origin
    record: Record


_HEADER = TypeAdapter(_Header)


def origin_of(config: Config, tasks: tuple[str, ...]) -> Origin:
    """What holds for a checkpoint that is made now."""
    return Origin(version=__version__, engine=engine_hash(), config=config.model_dump(mode="json"), tasks=tasks)


@cache
def engine_hash() -> str:
    """Hash of the sources and the libraries that an epoch depends on."""
    files = (file for room in ENGINE for file in (PACKAGE / room).rglob("*.py"))
    return hash_of_files(files, " ".join(f"{name} {version(name)}" for name in LIBRARIES))


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write all of a checkpoint or nothing.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    header = _HEADER.dump_json(_Header(checkpoint.origin, checkpoint.snapshot.record))
    arrays: dict[str, Any] = {HEADER: np.frombuffer(header, np.uint8), **checkpoint.snapshot.arrays}
    body = BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    title = TITLE + str(FORMAT).encode()
    with replacing(path) as file:
        file.write(b"%b\n%b\n" % (title, _checksum(title, body.getbuffer())))
        file.write(body.getbuffer())


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: the file cannot be opened, is no checkpoint, is damaged, or has another format.
    """
    try:
        title, checksum, body = path.read_bytes().split(b"\n", 2)
    except OSError as error:
        raise CheckpointError(f"cannot be opened ({error.strerror})") from None
    except ValueError:
        raise CheckpointError("is no checkpoint, or cut off") from None
    _check_title(title)
    if checksum != _checksum(title, body):
        raise CheckpointError("is damaged: its content does not have its checksum")
    return _read_body(body)


def _check_title(title: bytes) -> None:
    number = title.removeprefix(TITLE).decode(errors="replace")
    if not title.startswith(TITLE) or not number.isdecimal():
        raise CheckpointError("is no checkpoint, or damaged")
    if int(number) != FORMAT:
        raise CheckpointError(
            f"has format {number}, and automl-zero {__version__} reads format {FORMAT}: use the version that wrote it"
        )


def _checksum(title: bytes, body: bytes | memoryview) -> bytes:
    found = hashlib.blake2b(title, digest_size=32)
    found.update(body)
    return found.hexdigest().encode()


def _read_body(body: bytes) -> Checkpoint:
    """The content of a file whose checksum is right; it may still have been made by a stranger."""
    try:
        with catch_warnings(action="error"), ZipFile(BytesIO(body)) as archive:
            _check_sizes(archive, len(body))
            arrays = {name.removesuffix(".npy"): _read_array(archive.read(name)) for name in archive.namelist()}
        header = _HEADER.validate_json(arrays.pop(HEADER).tobytes())
    except (*UNREADABLE, UserWarning) as error:
        raise CheckpointError(f"cannot be read ({type(error).__name__})") from None
    return Checkpoint(header.origin, Snapshot(header.record, arrays))


def _check_sizes(archive: ZipFile, size: int) -> None:
    """Check that the files in an archive are no larger than it is: a few bytes must not fill the memory."""
    members = archive.infolist()
    if any(each.compress_type != ZIP_STORED for each in members) or sum(each.file_size for each in members) > size:
        raise ValueError("compressed, or files that share their bytes")


def _read_array(content: bytes) -> NDArray[Any]:
    """The array in an NPY file, if it is no larger than the file says: room is made before anything is read."""
    file = BytesIO(content)
    if npy.read_magic(file) != (1, 0):
        raise ValueError("not as they are written")
    shape, _, dtype = npy.read_array_header_1_0(file)
    if prod(shape) * max(dtype.itemsize, 1) > len(content):
        raise ValueError("larger than its file")
    file.seek(0)
    return np.asarray(npy.read_array(file, allow_pickle=False))
