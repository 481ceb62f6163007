"""NPZ files: what is written is read back, and other arrays than expected are named; ``test_files`` damages them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from damage import archive, npy

from automl_zero.tasks.npz import read_npz, write_npz
from automl_zero.tasks.task import TaskError


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
