from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from automl_zero.system.atomic_write import replacing
from automl_zero.system.safe_files import (
    UnsafeFileError,
    check_files_in,
    check_plain_folder,
    is_there,
    make_folder,
    names_in,
    open_regular,
    read_regular,
)


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
    with pytest.raises(UnsafeFileError, match="not a regular file"):
        open_regular(path_of, within=path_of.parent if below else None)


def test_a_file_of_another_name_too_is_not_written(folder: Path) -> None:
    (folder / "second").hardlink_to(folder / "inner" / "file")
    with pytest.raises(UnsafeFileError, match="another hard link"):
        open_regular(folder / "second", "r+b", within=folder)


def test_a_file_larger_than_what_is_read_is_refused(folder: Path) -> None:
    with pytest.raises(UnsafeFileError, match="7 bytes, more than the 6"):
        read_regular(folder / "inner" / "file", 6)


def test_a_file_without_a_size_is_not_read_beyond_the_most() -> None:
    with pytest.raises(UnsafeFileError, match="more than the 10"):
        read_regular(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("mode", ["r+b", "xb"])
def test_what_is_opened_to_be_written_can_be_written(folder: Path, mode: str) -> None:
    path = folder / "inner" / ("file" if mode == "r+b" else "new")
    with open_regular(path, mode, within=folder) as file:  # type: ignore[arg-type]
        file.write(b"CONTENT")
    assert path.read_bytes() == b"CONTENT"


# What stands below a folder -------------------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["openat", "no openat"])
def _with_and_without_openat(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not request.param:
        monkeypatch.setattr("automl_zero.system.safe_files.HAS_OPENAT", False)


@pytest.mark.usefixtures("_with_and_without_openat")
class TestBelow:
    """With the calls that open every name by itself, and where the system has none of them."""

    def test_names_are_listed_in_order(self, folder: Path) -> None:
        assert names_in(folder / "inner", within=folder) == ["file", "link"]
        assert names_in(folder / "nowhere" / "deep", within=folder) == []

    def test_no_names_are_listed_behind_a_link_or_of_a_file(self, folder: Path) -> None:
        with pytest.raises(UnsafeFileError, match="is a link"):
            names_in(folder / "other", within=folder)
        with pytest.raises(NotADirectoryError):
            names_in(folder / "inner" / "file", within=folder)

    @pytest.mark.parametrize(
        ("name", "there"),
        [("inner/file", True), ("inner/link", True), ("pipe", True), ("inner/new", False), ("nowhere/new", False)],
    )
    def test_what_is_there_is_known_without_opening_it(self, name: str, there: bool, folder: Path) -> None:
        assert is_there(folder / name, within=folder) == there

    def test_a_link_that_leads_nowhere_is_there(self, folder: Path) -> None:
        (folder / "nothing").symlink_to("nowhere")
        assert is_there(folder / "nothing", within=folder)
        with pytest.raises(UnsafeFileError, match="is a link"):
            is_there(folder / "other" / "file", within=folder)

    def test_a_folder_is_made_once_and_never_behind_a_link(self, folder: Path) -> None:
        for _ in range(2):
            make_folder(folder / "inner" / "new", within=folder)
        assert (folder / "inner" / "new").is_dir()
        for taken in ("other/deep", "other"):
            with pytest.raises(UnsafeFileError, match="is a link"):
                make_folder(folder / taken, within=folder)
        with pytest.raises(OSError, match="Not a directory"):
            make_folder(folder / "inner" / "file", within=folder)
        assert sorted(each.name for each in (folder / "inner").iterdir()) == ["file", "link", "new"]

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda path: path.symlink_to("/etc/hostname"), "is a link"),
            (os.mkfifo, "not a regular file"),
            (lambda path: path.hardlink_to(path.with_name("file")), "another hard link"),
        ],
        ids=["link", "pipe", "other name"],
    )
    def test_a_folder_is_plain_unless_there_is_something_else_in_it(
        self, make: Callable[[Path], None], message: str, folder: Path
    ) -> None:
        deep = folder / "plain" / "deep"
        deep.mkdir(parents=True)
        (deep / "file").touch()
        check_plain_folder(folder / "plain", within=folder)
        check_plain_folder(folder / "nowhere", within=folder)
        make(deep / "wrong")
        with pytest.raises(UnsafeFileError, match=message):
            check_plain_folder(folder / "plain", within=folder)

    def test_what_goes_while_a_folder_is_looked_at_is_left_out(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "plain").mkdir()
        monkeypatch.setattr("automl_zero.system.safe_files.names_in", lambda *_, **__: ["gone"])
        check_files_in(folder / "plain", within=folder)
        check_plain_folder(folder / "plain", within=folder)

    def test_a_file_is_replaced_below_a_folder_and_a_link_of_its_name_too(self, folder: Path) -> None:
        for name in ("file", "link", "new"):
            with replacing(folder / "inner" / name, within=folder) as file:
                file.write(b"new")
            assert not (folder / "inner" / name).is_symlink()
            assert (folder / "inner" / name).read_bytes() == b"new"
        assert sorted(each.name for each in (folder / "inner").iterdir()) == ["file", "link", "new"]

    def test_nothing_is_replaced_behind_a_link(self, folder: Path) -> None:
        with pytest.raises(UnsafeFileError, match="is a link"), replacing(folder / "other" / "file", within=folder):
            raise AssertionError("it was opened")
        assert (folder / "inner" / "file").read_bytes() == b"content"

    def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(self, folder: Path) -> None:
        (folder / "mine").mkdir()

        def exchanged() -> None:
            with replacing(folder / "mine" / "file", within=folder) as file:
                file.write(b"new")
                (folder / "mine").rename(folder / "away")
                (folder / "mine").symlink_to("inner")

        with pytest.raises(UnsafeFileError, match="is a link"):
            exchanged()
        assert (folder / "inner" / "file").read_bytes() == b"content"


def test_a_large_bound_costs_no_memory(folder: Path) -> None:
    tracemalloc.start()
    try:
        assert read_regular(folder / "inner" / "file", 1 << 40) == b"content"
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
