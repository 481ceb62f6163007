"""Safe reading of compressed tables: the unpacked size is bounded, whatever a file claims.

A few bytes can unpack to more than the memory holds. A stream therefore ends with an error at a size that depends on
that of the file, and the size of a Parquet file is determined before it is read.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from automl_zero.system.memory import memory_for_a_file, unpacked_at_most
from automl_zero.system.safe_files import open_regular
from automl_zero.tasks.npz import NUMBER, UNREADABLE, TooLargeError

DAMAGED = (*UNREADABLE, tarfile.TarError)  # the errors of readers, depending on which byte is damaged
TAR, ZIP = ".tar", ".zip"
GROWTH = 4  # by which text grows when it is parsed: two bytes, such as 0 and a comma, become a number of eight


@contextmanager
def opened_unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a file and unpack it by its ending: gzip, bz2, xz, zst, or a zip or tar of one file.

    Reading raises one of ``DAMAGED`` if the file is damaged, and ``TooLargeError`` if it unpacks to too many bytes.

    Raises:
        TooLargeError: the file is larger than the memory allows.
        DAMAGED: it cannot be opened.
    """
    *_, before, ending = ["", "", *(each.lower() for each in path.suffixes)]
    with open_regular(path) as file:
        size = file.seek(0, io.SEEK_END)
        if size > (most := memory_for_a_file()):
            raise TooLargeError(f"it has {size} bytes, and no more than {most} may be read, half of the free memory")
        file.seek(0)
        if ending == ZIP:
            yield io.BytesIO(_only_file_of_zip(file, size))
        elif TAR in (ending, before if ending in STREAMS else ""):
            yield io.BytesIO(_only_file_of_tar(_unpacked(file, ending, size)))
        else:
            yield _unpacked(file, ending, size)


def check_parquet(file: BinaryIO) -> None:
    """Check that a Parquet file fits into the memory, as equal cells take hardly any space in the file.

    Raises:
        TooLargeError: it would take too much memory.
        DAMAGED: it is damaged.
    """
    from pyarrow import ArrowException, parquet

    try:
        most = unpacked_at_most(file.seek(0, io.SEEK_END))
        content = parquet.ParquetFile(file)
        groups = [content.metadata.row_group(number) for number in range(content.metadata.num_row_groups)]
        cells = content.metadata.num_rows * content.metadata.num_columns * NUMBER
        nested = _most_of_nested(groups, content.schema_arrow)
        _check_size(max(cells, nested, sum(each.total_byte_size for each in groups)), most)
        _check_no_bytes(content.schema_arrow)
        texts = [each.name for each in content.schema_arrow if _is_text(each.type)]
        if texts:
            file.seek(0)
            columns = parquet.ParquetFile(file, read_dictionary=texts).read(texts).columns
            _check_size(sum(_size_of_texts(chunk) for each in columns for chunk in each.chunks), most)
    except ArrowException as error:
        raise ValueError(str(error)) from None
    finally:
        file.seek(0)


def _most_of_nested(groups: list[Any], schema: Any) -> int:
    """Return an upper bound of the bytes of nested columns: each of their values may be the largest one."""
    import pyarrow as pa

    begin = tuple(f"{each.name}." for each in schema if pa.types.is_nested(each.type))
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    nested = [each for each in columns if each.path_in_schema.startswith(begin)]
    return sum(each.num_values * each.total_uncompressed_size for each in nested)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _check_no_bytes(schema: Any) -> None:
    """Check that no column contains raw bytes, which are neither numbers nor text."""
    import pyarrow as pa

    types = pa.types
    for each in schema:
        if types.is_binary(each.type) or types.is_large_binary(each.type) or types.is_fixed_size_binary(each.type):
            raise ValueError(f"column {each.name!r} holds bytes: write text or numbers in it, or leave it out")


def _size_of_texts(column: Any) -> int:
    """Return the bytes of a text column, with the repetitions of texts that the file stores once."""
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = compute.take(compute.binary_length(column.dictionary), column.indices)
    return int(compute.sum(compute.cast(lengths, pa.int64())).as_py() or 0)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise TooLargeError(f"it takes {size} bytes of memory, and a file of its size may take {most}")


class _BoundedFile(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream that raises ``TooLargeError`` once more than ``most`` bytes were read."""

    def __init__(self, stream: _BoundedFile, most: int) -> None:
        self._stream, self._most, self._count = stream, most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        self._count += len(content)
        if self._count > self._most:
            raise TooLargeError(f"it unpacks to more than {self._most} bytes, the most that a file of its size may")
        buffer[: len(content)] = content
        return len(content)


def _zstandard(file: BinaryIO) -> _BoundedFile:
    import pyarrow as pa

    stream: _BoundedFile = pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")
    return stream


STREAMS: dict[str, Callable[[BinaryIO], _BoundedFile]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": _zstandard,
}


def _unpacked(file: BinaryIO, ending: str, size: int) -> BinaryIO:
    if ending not in STREAMS:
        return file
    return io.BufferedReader(_Bounded(STREAMS[ending](file), _text_at_most(size)))


def _text_at_most(packed: int) -> int:
    return unpacked_at_most(packed) // GROWTH


def _only_file_of_zip(file: BinaryIO, size: int) -> bytes:
    with ZipFile(file) as archive:
        members = [each for each in archive.infolist() if not each.is_dir()]
        _check_only([each.filename for each in members])
        if members[0].compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError("it is packed by an unsupported method")
        with archive.open(members[0]) as member:
            return _whole(member, _text_at_most(min(size, members[0].compress_size)))


def _only_file_of_tar(stream: BinaryIO) -> bytes:
    """Read the only file of a tar archive in one pass, since the bounded stream cannot seek."""
    names, content = [], b""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if inner := archive.extractfile(member):
                names.append(member.name)
                content = content or inner.read()
    _check_only(names)
    return content


def _check_only(names: list[str]) -> None:
    if len(names) != 1:
        raise ValueError(f"it contains {len(names)} files, and must contain one")


def _whole(file: IO[bytes], most: int) -> bytes:
    return io.BufferedReader(_Bounded(file, most)).read()
