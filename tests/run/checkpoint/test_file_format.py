from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.runs.saved_states import checkpoint, flip_bit

from automl_zero import __version__
from automl_zero.run.checkpoint.file_format import (
    FORMAT,
    TITLE,
    CheckpointError,
    _checksum,
    read_checkpoint,
    write_checkpoint,
)

DAMAGED = "is damaged: its content does not have its checksum"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "file", checkpoint())
    return tmp_path / "file"


def test_a_checkpoint_reads_back_exactly(path: Path) -> None:
    found, expected = read_checkpoint(path), checkpoint()
    assert (found.origin, found.snapshot.state) == (expected.origin, expected.snapshot.state)
    assert found.snapshot.digest == expected.snapshot.digest
    for name, array in expected.snapshot.arrays.items():
        saved = found.snapshot.arrays[name]
        assert (saved.dtype, saved.shape, saved.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_the_same_state_gives_the_same_file(path: Path) -> None:
    before = path.read_bytes()
    write_checkpoint(path, checkpoint())
    assert path.read_bytes() == before


def test_an_origin_reports_config_tasks_and_version() -> None:
    origin = checkpoint().origin
    assert (origin.version, origin.tasks, origin.config["islands"]["count"]) == (__version__, ("one", "two"), 3)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(share: float, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=f"is no checkpoint, or cut off|{DAMAGED}"):
        read_checkpoint(path)


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    for place in [*range(120), *np.random.default_rng(0).integers(len(content), size=100), len(content) - 1]:
        flip_bit(path, int(place))
        with pytest.raises(CheckpointError):
            read_checkpoint(path)
        path.write_bytes(content)
    read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no checkpoint, or cut off"),
        (b"PK\x03\x04 something else\n\n\n", "is no checkpoint, or damaged"),
        (TITLE + b"one\n\n", "is no checkpoint, or damaged"),
        (TITLE + b"1\nwhat\never", f"has format 1, and automl-zero {__version__} reads format {FORMAT}: use the "),
        (TITLE + b"99\nwhat\never", f"has format 99, and automl-zero {__version__} reads format {FORMAT}: use the "),
    ],
    ids=["empty", "another file", "no number", "older", "newer"],
)
def test_what_is_no_checkpoint_of_this_format_is_reported(content: bytes, message: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be opened \(No such file or directory\)"):
        read_checkpoint(tmp_path / "missing")


def saved(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=True, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        lambda: b"no archive",
        lambda: saved(a=np.zeros(3)),
        lambda: saved(header=np.frombuffer(b"{}", np.uint8)),
        lambda: saved(header=np.array([print], object)),
        lambda: saved(header=np.frombuffer(b"{}", np.uint8), a=np.array([print], object)),
    ],
    ids=["no archive", "no header", "another header", "pickled header", "pickled array"],
)
def test_what_an_untrusted_file_has_with_the_right_checksum_is_refused_too(
    body: Callable[[], bytes], path: Path
) -> None:
    title = TITLE + str(FORMAT).encode()
    path.write_bytes(b"%b\n%b\n%b" % (title, _checksum(title, body()), body()))
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(path)


def test_a_full_disk_leaves_what_was_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("automl_zero.system.atomic_write.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(path, checkpoint(epoch=8))
    assert read_checkpoint(path).snapshot.state.epoch == 7
    assert [each.name for each in path.parent.iterdir()] == ["file"]
