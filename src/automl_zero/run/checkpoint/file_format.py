"""The file format of checkpoints: one file holds a snapshot and its origin.

The first line names the format and its version. The second line is a checksum (BLAKE2b, 32 bytes, in hexadecimal) of
the first line and the rest. The rest is an NPZ file, whose array ``header`` is JSON. Nothing is ever unpickled.
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
ENGINE = ("program", "tasks", "vm", "search")  # the packages that the result of an epoch depends on


class CheckpointError(AutoMLZeroError, ValueError):
    """Raised where a file is not a usable checkpoint; the message is the predicate of a sentence about the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the rest of a search depends on besides its state; if it changes, so does the search.

    Attributes:
        version: the version of the package.
        engine: the ``engine_hash``.
        config: the config as plain values.
        tasks: [islands] digests of the search tasks.
    """

    version: str
    engine: str
    config: dict[str, Any]
    tasks: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoint:
    """The content of a checkpoint file."""

    origin: Origin
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class _Header:
    __pydantic_config__: ClassVar = ConfigDict(allow_inf_nan=False)
    origin: Origin
    state: RunState


_HEADER = TypeAdapter(_Header)


def origin_of(config: Config, tasks: tuple[str, ...]) -> Origin:
    """Return the origin of a checkpoint that is written now."""
    return Origin(version=__version__, engine=engine_hash(), config=config.model_dump(mode="json"), tasks=tasks)


@cache
def engine_hash() -> str:
    """Return the hash of the sources and the library versions that the result of an epoch depends on."""
    files = (file for package in ENGINE for file in (PACKAGE / package).rglob("*.py"))
    return hash_of_files(files, " ".join(f"{name} {version(name)}" for name in LIBRARIES))


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, within: Path | None = None) -> None:
    """Write a checkpoint atomically; below the folder ``within``, no link is followed.

    Raises:
        OSError: it cannot be written; an existing file stays as it is.
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
    """Read a checkpoint; below the folder ``within``, no link is followed.

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
    """Read a body whose checksum is right; an untrusted file can have a right checksum, too."""
    try:
        with catch_warnings(action="error"):
            archive = Npz(BytesIO(body), compressed=False)
            arrays = archive.read(archive.names, most=len(body))
        header = _HEADER.validate_json(arrays.pop(HEADER).tobytes())
    except (*UNREADABLE, UserWarning) as error:
        raise CheckpointError(f"cannot be read ({type(error).__name__})") from None
    return Checkpoint(header.origin, Snapshot(header.state, arrays))
