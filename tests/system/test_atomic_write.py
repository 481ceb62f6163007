from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl_zero.system.atomic_write import on_disk, replacing, sync_file, sync_folder


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_a_file_takes_its_place_when_all_of_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_what_is_half_written_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"%d" % (1 // 0))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_contents_and_names_are_on_disk_before_anything_else_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is synced before it is renamed, and the folder after that."""
    steps: list[str] = []
    rename = os.replace
    monkeypatch.setattr("automl_zero.system.atomic_write.os.fsync", lambda _: steps.append("fsync"))
    monkeypatch.setattr(
        "automl_zero.system.atomic_write.os.replace",
        lambda *names, **folders: steps.append("rename") or rename(*names, **folders),
    )
    with replacing(tmp_path / "file") as file:
        file.write(b"new")
    assert steps == ["fsync", "rename", "fsync"]


def test_a_new_file_is_never_one_that_exists(tmp_path: Path) -> None:
    with on_disk(tmp_path / "file") as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), on_disk(tmp_path / "file"):
        raise AssertionError("it was opened")
    assert (tmp_path / "file").read_bytes() == b"first"


def test_syncing_changes_nothing_and_needs_something_to_sync(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    sync_file(tmp_path / "file")
    sync_folder(tmp_path)
    assert (tmp_path / "file").read_bytes() == b"content"
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "missing")
