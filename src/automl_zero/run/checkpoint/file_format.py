"""A checkpoint: one file that holds a snapshot, and under what it was made.

Its first line names the format, its second is a checksum of all else, so that a file is read as it was written or not
at all; then follows an NPZ file. Nothing in it is ever unpickled.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from warnings import catch_warnings

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from automl_zero import __version__
from automl_zero.config import Config
from automl_zero.errors import AutoMLZeroError
from automl_zero.run.checkpoint.snapshot import RunState, Snapshot
from automl_zero.run.record.environment import LIBRARIES
from automl_zero.system.atomic_write import replacing
from automl_zero.system.cache_dir import PACKAGE, hash_of_files
from automl_zero.system.memory import available_memory
from automl_zero.system.safe_files import read_regular
from automl_zero.tasks.npz import UNREADABLE, Npz

FORMAT = 3
TITLE = b"automl-zero checkpoint "
HEADER = "header"  # the array that holds plain values, as JSON
ENGINE = ("program", "tasks", "vm", "search")  # the rooms that decide what an epoch does


class CheckpointError(AutoMLZeroError, ValueError):
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
    state: RunState


_HEADER = TypeAdapter(_Header)


def origin_of(config: Config, tasks: tuple[str, ...]) -> Origin:
    """What holds for a checkpoint that is made now."""
    return Origin(version=__version__, engine=engine_hash(), config=config.model_dump(mode="json"), tasks=tasks)


@cache
def engine_hash() -> str:
    """Hash of the sources and the libraries that an epoch depends on."""
    files = (file for room in ENGINE for file in (PACKAGE / room).rglob("*.py"))
    return hash_of_files(files, " ".join(f"{name} {version(name)}" for name in LIBRARIES))


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, within: Path | None = None) -> None:
    """Write all of a checkpoint or nothing; ``within``: a folder below which no link is followed.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    header = _HEADER.dump_json(_Header(checkpoint.origin, checkpoint.snapshot.state), by_alias=True)
    arrays: dict[str, Any] = {HEADER: np.frombuffer(header, np.uint8), **checkpoint.snapshot.arrays}
    body = BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    title = TITLE + str(FORMAT).encode()
    with replacing(path, within=within) as file:
        file.write(b"%b\n%b\n" % (title, _checksum(title, body.getbuffer())))
        file.write(body.getbuffer())


def read_checkpoint(path: Path, *, within: Path | None = None) -> Checkpoint:
    """Read a checkpoint; ``within``: a folder below which no link is followed.

    Raises:
        CheckpointError: the file cannot be opened, is no checkpoint, is damaged, does not fit into the memory, or has
            another format.
    """
    try:
        title, checksum, body = read_regular(path, available_memory(), within=within).split(b"\n", 2)
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
    if not title.startswith(TITLE) or not re.fullmatch("[0-9]{1,9}", number):
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
        with catch_warnings(action="error"):
            archive = Npz(BytesIO(body), compressed=False)
            arrays = archive.read(archive.names, most=len(body))
        header = _HEADER.validate_json(arrays.pop(HEADER).tobytes())
    except (*UNREADABLE, UserWarning) as error:
        raise CheckpointError(f"cannot be read ({type(error).__name__})") from None
    return Checkpoint(header.origin, Snapshot(header.state, arrays))
