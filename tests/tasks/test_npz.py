"""NPZ files: what is written is read back, and other arrays than expected are named; ``test_files`` damages them."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED

import numpy as np
import pytest
from support.data.damage import archive, npy, npy_of

from automl_zero.system import memory
from automl_zero.tasks.npz import Npz, read_npz, write_npz
from automl_zero.tasks.task import TaskError

ZEROS = b"\0" * (16 << 20)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    arrays = {"x": np.array([[1.5, np.nan]]), "names": np.array(["a", "bé"])}
    write_npz(tmp_path / "a.npz", arrays)
    read = read_npz(tmp_path / "a.npz", ("x",), ("names", "more"))
    assert {name: (array.tolist(), array.dtype) for name, array in read.items() if name != "x"} == {
        "names": (["a", "bé"], arrays["names"].dtype)
    }
    np.testing.assert_array_equal(read["x"], arrays["x"])
    assert [each.name for each in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize(
    ("required", "message"),
    [
        (("x", "y"), "array y is missing: the file needs x, y"),
        (("x",), "unknown array names: besides x there may be z"),
    ],
)
def test_missing_and_unknown_arrays_are_named(required: tuple[str, ...], message: str, tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", {"x": np.zeros(1), "names": np.array(["a"])})
    with pytest.raises(TaskError, match=message):
        read_npz(tmp_path / "a.npz", required, ("z",))


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"precious")
    with pytest.raises(TaskError, match=r"a\.npz exists and is not overwritten: choose another name or delete it"):
        write_npz(tmp_path / "a.npz", {"x": np.zeros(1)})
    assert (tmp_path / "a.npz").read_bytes() == b"precious"


@pytest.mark.parametrize("header", [b"{'descr': '''", b"(" * 9000, b"{'descr': 'f8'"], ids=len)
def test_an_array_with_a_header_that_is_none_is_named(header: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive({"x.npy": npy(header, b"x" * 8)}))
    with pytest.raises(TaskError, match="array x cannot be read"):
        read_npz(tmp_path / "a.npz", ("x",), ())


# Untrusted files -----------------------------------------------------------------------------

FREE = 8 << 20  # bytes that anything may unpack to in these tests


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only a little may be unpacked, and no more is taken."""
    monkeypatch.setattr(memory, "FREELY", FREE)
    monkeypatch.setattr(memory, "RATIO", 1)
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < FREE


def packed(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path / "a.npz", **arrays)
    return path / "a.npz"


@pytest.mark.usefixtures("little")
def test_an_array_that_was_packed_to_fill_the_memory_is_refused_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(archive({"x.npy": npy_of("'|u1'", f"({len(ZEROS)},)", ZEROS)}, ZIP_DEFLATED))
    assert path.stat().st_size < FREE // 50
    tracemalloc.reset_peak()
    with pytest.raises(
        TaskError, match=rf"array x takes {8 * len(ZEROS)} bytes of memory, but \d+ in a file may become"
    ):
        read_npz(path, ("x",), ())


@pytest.mark.usefixtures("little")
def test_numbers_count_as_large_as_they_are_used(tmp_path: Path) -> None:
    path = packed(tmp_path, x=np.zeros(FREE // 4, np.uint8))
    assert read_npz(path, ("x",), (), width=1)["x"].size == FREE // 4
    with pytest.raises(TaskError, match=r"or write it with numpy\.savez, which does not compress"):
        read_npz(path, ("x",), ())


def test_arrays_that_do_not_fit_into_the_memory_together_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(tmp_path / "a.npz", {"x": np.zeros(100), "y": np.zeros(100)})
    monkeypatch.setattr(memory, "available_memory", lambda: 3000)
    with pytest.raises(TaskError, match="its arrays take 1600 bytes of memory, more than 1500, half of what is free"):
        read_npz(tmp_path / "a.npz", ("x", "y"), ())


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("shape", ["(1 << 40,)", "(1099511627776,)", "(-5,)", "(4, 4)", "(2,)"])
@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
def test_a_header_that_does_not_fit_its_array_is_refused(shape: str, method: int, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive({"x.npy": npy_of("'<f8'", shape, b"\0" * 24)}, method))
    with pytest.raises(TaskError, match="array x cannot be read"):
        read_npz(tmp_path / "a.npz", ("x",), ())


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("method", "size"), [(ZIP_STORED, 10), (ZIP_STORED, 1 << 31), (ZIP_DEFLATED, 10)])
def test_more_than_the_stated_size_of_an_array_is_not_unpacked(method: int, size: int, tmp_path: Path) -> None:
    content = bytearray(archive({"x.npy": npy_of("'<f8'", "(3,)", b"\0" * 24)}, method))
    place = content.index(b"PK\x01\x02") + 24
    content[place : place + 4] = size.to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(TaskError, match="array x cannot be read"):
        read_npz(tmp_path / "a.npz", ("x",), ())


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_what_numpy_does_not_write_is_not_unpacked(method: int, tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive({"x.npy": npy_of("'<f8'", "(3,)", b"\0" * 24)}, method))
    with pytest.raises(TaskError, match=r"array x cannot be read \(packed by an unsupported method"):
        read_npz(tmp_path / "a.npz", ("x",), ())


def test_arrays_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """Many names for one array would take its memory many times."""
    one = archive({"x.npy": npy_of("'|u1'", "(4096,)", b"\0" * 4096)})
    start = one.index(b"PK\x01\x02")
    entry, end = one[start : one.index(b"PK\x05\x06")], bytearray(one[one.index(b"PK\x05\x06") :])
    entries = b"".join(entry.replace(b"x.npy", name) for name in (b"x.npy", b"y.npy", b"z.npy"))
    end[8:12], end[12:16] = (3).to_bytes(2, "little") * 2, len(entries).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(one[:start] + entries + bytes(end))
    with pytest.raises(TaskError, match=r"not a readable NPZ file \(its arrays share their bytes\)"):
        read_npz(tmp_path / "a.npz", ("x", "y", "z"), ())


def test_only_what_is_asked_for_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(archive({"x.npy": npy_of("'<f8'", "(1,)", b"\0" * 8), "junk.npy": b"no array"}))
    with (tmp_path / "a.npz").open("rb") as file:
        content = Npz(file)
        assert content.names == ["x", "junk"]
        assert content.read(["x"])["x"].tolist() == [0.0]
        with pytest.raises(ValueError, match="array junk cannot be read"):
            content.read(["junk"])


@pytest.mark.parametrize("name", ["pipe", "/dev/zero"])
def test_what_is_no_regular_file_is_refused_at_once(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TaskError, match=r"cannot be opened \(it is not a regular file\)"):
        read_npz(tmp_path / name, ("x",), ())
