from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl_zero.safe_files import UnsafeFileError, open_regular, read_regular


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(b"content")
    (tmp_path / "inner" / "link").symlink_to("file")
    (tmp_path / "other").symlink_to("inner")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def test_a_regular_file_is_read_whole(folder: Path) -> None:
    assert read_regular(folder / "inner" / "file", 7, within=folder) == b"content"


def test_a_link_that_the_user_names_is_followed(folder: Path) -> None:
    assert read_regular(folder / "inner" / "link", 7) == b"content"


@pytest.mark.parametrize("name", ["inner/link", "other/file"])
@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_no_link_below_a_folder_is_followed(folder: Path, name: str, mode: str) -> None:
    with pytest.raises(UnsafeFileError, match="is a link"):
        open_regular(folder / name, mode, within=folder)  # type: ignore[arg-type]


def test_a_new_file_is_not_made_behind_a_link(folder: Path) -> None:
    with pytest.raises(UnsafeFileError, match="is a link"):
        open_regular(folder / "other" / "new", "xb", within=folder)
    assert not (folder / "inner" / "new").exists()


def test_a_folder_that_the_user_names_may_be_a_link(folder: Path) -> None:
    assert read_regular(folder / "other" / "file", 7, within=folder / "other") == b"content"


@pytest.mark.parametrize("path", ["pipe", "/dev/zero", "inner"])
@pytest.mark.parametrize("below", [True, False])
def test_only_regular_files_are_opened_and_nothing_waits(folder: Path, path: str, below: bool) -> None:
    path_of = folder / path
    with pytest.raises(UnsafeFileError, match="no regular file"):
        open_regular(path_of, within=path_of.parent if below else None)


def test_a_file_of_another_name_too_is_not_written(folder: Path) -> None:
    (folder / "second").hardlink_to(folder / "inner" / "file")
    with pytest.raises(UnsafeFileError, match="another name"):
        open_regular(folder / "second", "r+b", within=folder)


def test_a_file_larger_than_what_is_read_is_refused(folder: Path) -> None:
    with pytest.raises(UnsafeFileError, match="7 bytes, more than the 6"):
        read_regular(folder / "inner" / "file", 6)


def test_a_file_that_tells_no_size_is_not_read_beyond_the_most() -> None:
    with pytest.raises(UnsafeFileError, match="more than the 10"):
        read_regular(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("mode", ["r+b", "xb"])
def test_what_is_opened_to_be_written_can_be_written(folder: Path, mode: str) -> None:
    path = folder / "inner" / ("file" if mode == "r+b" else "new")
    with open_regular(path, mode, within=folder) as file:  # type: ignore[arg-type]
        file.write(b"CONTENT")
    assert path.read_bytes() == b"CONTENT"
