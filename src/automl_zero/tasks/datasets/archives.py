"""Reading of published files: plain files, gzip, tar, and Debian packages.

Members are read by their exact names, into memory and up to a maximum size; nothing is extracted to a path that an
archive names.
"""

from __future__ import annotations

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from automl_zero.system.safe_files import open_regular, read_regular

UNREADABLE = (OSError, ValueError, EOFError, tarfile.TarError, zlib.error, lzma.LZMAError)
GZIP, DEBIAN = b"\x1f\x8b", b"!<arch>\n"  # the first bytes of a file
HEAD = 60  # bytes before each member of a Debian package


def read_contents(files: Sequence[Path], members: Sequence[str], most: int) -> list[bytes]:
    """Return the unpacked contents of files, or of members of a single file.

    Args:
        files: the paths.
        members: names inside the single file; empty if the contents are those of the files.
        most: the largest size of a content, in bytes.

    Raises:
        ValueError: a member is missing or too large.
        UNREADABLE: a file is damaged.
    """
    if not members:
        return [_unpacked(read_regular(path, most), most) for path in files]
    (path,) = files
    with open_regular(path) as file:
        inner = _debian_data(file) if file.read(len(DEBIAN)) == DEBIAN else _rewound(file)
        return _tar_members(inner, members, most)


def _tar_members(file: IO[bytes], members: Sequence[str], most: int) -> list[bytes]:
    """Read members in one pass, since going back in a packed file means unpacking it from its start again."""
    found = {}
    with tarfile.open(fileobj=file, mode="r:*") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name in members and member.isfile() else None
            if content is not None:
                found[member.name] = _unpacked(_bounded(content, most), most)
    for name in members:
        if name not in found:
            raise ValueError(f"there is no {name} inside")
    return [found[name] for name in members]


def _debian_data(file: IO[bytes]) -> IO[bytes]:
    """Return the tar file with a Debian package's data; members of the package are padded to even sizes."""
    while head := file.read(HEAD):
        size = int(head[48:58])
        if head.startswith(b"data.tar"):
            return BytesIO(file.read(size))
        file.seek(size + size % 2, 1)
    raise ValueError("a Debian package without data")


def _rewound(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def _unpacked(content: bytes, most: int) -> bytes:
    if not content.startswith(GZIP):
        return content
    with gzip.GzipFile(fileobj=BytesIO(content)) as file:
        return _bounded(file, most)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _bounded(file: _Readable, most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"more than {most} bytes inside")
    return content
