"""Files of tables that are packed: read as what they hold, refused where they are damaged or would fill the memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from support.data.table_file import NUMBERS

from automl_zero.system import memory
from automl_zero.tasks.tables.compressed import opened_unpacked
from automl_zero.tasks.tables.table import from_frame
from automl_zero.tasks.tables.table_reader import read_table
from automl_zero.tasks.task import TaskError

Pack = Callable[[bytes], bytes]
CSV = NUMBERS.to_csv(index=False).encode()
MEGABYTE = 1 << 20
LITTLE = 8 * MEGABYTE  # bytes that may be unpacked in these tests
REMEDY = "give fewer rows, or unpack the file first"


def in_tar(content: bytes, mode: str = "w", names: tuple[str, ...] = ("t.csv",)) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def in_zip(content: bytes, names: tuple[str, ...] = ("t.csv",), method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


def zstandard(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)


PACKED: dict[str, Pack] = {
    "t.csv": lambda content: content,
    "t.csv.gz": gzip.compress,
    "t.csv.BZ2": bz2.compress,
    "t.csv.xz": lzma.compress,
    "t.csv.zst": zstandard,
    "t.csv.zip": in_zip,
    "t.csv.tar": in_tar,
    "t.tar.gz": lambda content: in_tar(content, "w:gz"),
    "t.tar.xz": lambda content: in_tar(content, "w:xz"),
}
COMPRESSED = {name: pack for name, pack in PACKED.items() if name not in ("t.csv", "t.csv.tar")}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a little may come out of a packed file."""
    monkeypatch.setattr(memory, "FREELY", LITTLE)
    monkeypatch.setattr(memory, "RATIO", 1)


def written(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


@pytest.mark.parametrize("name", PACKED)
def test_every_way_to_pack_gives_the_same_table(name: str, tmp_path: Path) -> None:
    table = read_table(written(tmp_path, name, PACKED[name](CSV)), "y")
    assert table.digest == from_frame(NUMBERS, "y").digest


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_packed_file_that_is_cut_off_is_refused(name: str, share: float, tmp_path: Path) -> None:
    content = PACKED[name](CSV)
    path = written(tmp_path, name, content[: int(share * len(content))])
    with pytest.raises(TaskError, match=r"cannot be read as csv: \S"):
        read_table(path, "y")


@pytest.mark.parametrize("name", PACKED)
@given(place=st.integers(0, 1 << 30), byte=st.integers(0, 255))
def test_a_packed_file_with_a_byte_that_is_wrong_is_read_or_refused(
    name: str, place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(PACKED[name](CSV))
    content[place % len(content)] = byte
    path = written(tmp_path_factory.getbasetemp(), f"flipped-{name}", bytes(content))
    with suppress(TaskError):
        read_table(path, "y")


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.usefixtures("little")
def test_what_was_packed_to_fill_the_memory_is_refused_before_it_does(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, PACKED[name](b"a,y\n" + b"0,1\n" * (16 * MEGABYTE)))
    tracemalloc.start()
    try:
        with pytest.raises(TaskError, match=rf"{name}: it unpacks to more than 2097152 bytes.*: {REMEDY}"):
            read_table(path, "y")
        assert tracemalloc.get_traced_memory()[1] < 4 * LITTLE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [in_tar, in_zip])
@pytest.mark.parametrize("names", [(), ("a.csv", "b.csv")], ids=len)
def test_an_archive_holds_one_file(pack: Callable[..., bytes], names: tuple[str, ...], tmp_path: Path) -> None:
    path = written(tmp_path, f"t.{'tar' if pack is in_tar else 'zip'}", pack(CSV, names=names))
    with pytest.raises(TaskError, match=f"cannot be read as csv: it contains {len(names)} files, and must contain one"):
        read_table(path, "y")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_is_packed_so_that_it_cannot_be_bounded_is_refused(method: int, tmp_path: Path) -> None:
    path = written(tmp_path, "t.zip", in_zip(CSV, method=method))
    with pytest.raises(TaskError, match="packed by an unsupported method"):
        read_table(path, "y")


def test_a_file_that_does_not_fit_into_the_memory_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * (len(CSV) - 1))
    path = written(tmp_path, "t.csv", CSV)
    with pytest.raises(
        TaskError, match=rf"it has {len(CSV)} bytes, and no more than {len(CSV) - 1} may be read.*{REMEDY}"
    ):
        read_table(path, "y")


# Parquet --------------------------------------------------------------------------------------------------------------


def in_parquet(folder: Path, **columns: object) -> str:
    parquet.write_table(pa.table(columns), folder / "t.parquet")
    return str(folder / "t.parquet")


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(
    "column", [pa.repeat(1.0, 2 * MEGABYTE), pa.repeat("x" * 1000, 100_000)], ids=["numbers", "text"]
)
def test_equal_cells_that_would_fill_the_memory_are_refused_unread(column: pa.Array, tmp_path: Path) -> None:
    path = in_parquet(tmp_path, a=column, y=pa.repeat(1, len(column)))
    assert Path(path).stat().st_size < MEGABYTE
    with pytest.raises(TaskError, match=rf"t\.parquet: it takes \d+ bytes of memory.*may take {LITTLE}: {REMEDY}"):
        read_table(path, "y")


@pytest.mark.usefixtures("little")
def test_lists_of_equal_texts_are_refused_unread(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), pa.array(["x" * 1000]))
    lists = pa.ListArray.from_arrays(pa.array(range(0, 10_001, 5), pa.int32()), texts)
    path = in_parquet(tmp_path, a=lists, y=pa.array(range(2000)))
    with pytest.raises(TaskError, match=rf"t\.parquet: it takes \d+ bytes of memory.*may take {LITTLE}: {REMEDY}"):
        read_table(path, "y")


@pytest.mark.usefixtures("little")
def test_a_dot_in_the_name_of_a_column_makes_no_list_of_it(tmp_path: Path) -> None:
    columns = {"a.b": pa.array(range(100_000)), "y": pa.array(range(100_000))}
    assert read_table(in_parquet(tmp_path, **columns), "y").x.shape == (100_000, 1)


def test_text_of_a_parquet_file_is_read(tmp_path: Path) -> None:
    text = ["u", "v", None, "w"] * 10
    found = read_table(in_parquet(tmp_path, a=text, y=list(range(40))), "y")
    assert found.x.sum(axis=0).tolist() == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary(2)], ids=str)
def test_columns_of_bytes_are_named(kind: pa.DataType, tmp_path: Path) -> None:
    column = pa.array([bytes([number, 200]) for number in range(20)], kind)
    with pytest.raises(TaskError, match="column 'a' holds bytes: write text or numbers in it, or leave it out"):
        read_table(in_parquet(tmp_path, a=column, y=list(range(20))), "y")


@given(place=st.integers(0, 1 << 30), byte=st.integers(0, 255))
def test_a_parquet_file_with_a_byte_that_is_wrong_is_read_or_refused(
    place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = io.BytesIO()
    NUMBERS.assign(c=["u", "v"] * 20).to_parquet(file)
    content = bytearray(file.getvalue())
    content[place % len(content)] = byte
    path = written(tmp_path_factory.getbasetemp(), "flipped.parquet", bytes(content))
    with suppress(TaskError):
        read_table(path, "y")


def test_devices_are_not_opened() -> None:
    with pytest.raises(OSError, match="not a regular file"), opened_unpacked(Path("/dev/zero")):
        raise AssertionError("it was opened")
