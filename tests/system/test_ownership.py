"""What others could have written is not believed, in whatever way they could have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from automl_zero.system import ownership
from automl_zero.system.ownership import is_trusted, why_untrusted

ROOT = 0
OTHER = 4321  # a user

pytestmark = pytest.mark.skipif(not ownership.HAS_OWNERS, reason="files have no owners here")
needs_root = pytest.mark.skipif(not ownership.HAS_OWNERS or os.geteuid() != ROOT, reason="only root gives files away")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders, one in the other, and the inner one; nothing of it is in the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o755)
    inner.chmod(0o755)
    return inner


def of_another(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Let paths belong to another user, as far as can be seen."""
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        status = real(path)
        return os.stat_result((*status[:4], OTHER, *status[5:])) if path in paths else status

    monkeypatch.setattr(Path, "lstat", lstat)


def test_a_folder_of_ones_own_has_no_fault_nor_has_what_is_not_there(folder: Path) -> None:
    assert why_untrusted(folder) is None
    assert why_untrusted(folder / "missing" / "too") is None
    assert why_untrusted(Path(folder.anchor)) is None


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777, 0o2775])
@pytest.mark.parametrize("name", ["inner", "outer"])
def test_what_others_may_write_is_at_fault_but_for_a_sticky_folder_on_the_way(
    name: str, mode: int, folder: Path
) -> None:
    place = folder if name == "inner" else folder.parent
    place.chmod(mode)
    is_fine = name == "outer" and mode == 0o1777
    assert why_untrusted(folder) == (None if is_fine else f"other users may write to {place}")
    assert (why_untrusted(folder / "missing") is None) == (mode == 0o1777)
    assert why_untrusted(folder, is_passed=True) == why_untrusted(folder / "missing")


@pytest.mark.parametrize("name", ["inner", "outer"])
def test_what_belongs_to_another_user_is_at_fault(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder if name == "inner" else folder.parent
    of_another(monkeypatch, place)
    assert why_untrusted(folder) == f"{place} belongs to another user, with number {OTHER}"
    assert why_untrusted(folder / "missing") == why_untrusted(folder)


def test_root_is_believed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    if folder.stat().st_uid == ROOT:
        assert why_untrusted(folder) is None
    else:
        assert "belongs to another user, with number" in str(why_untrusted(folder))


def test_a_link_leads_to_what_is_looked_at(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to("inner")
    assert why_untrusted(link) is None
    folder.chmod(0o777)
    assert why_untrusted(link) == f"other users may write to {folder}"


def test_a_link_of_another_user_is_at_fault_wherever_it_leads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    of_another(monkeypatch, link)
    assert why_untrusted(link / "more") == f"{link} belongs to another user, with number {OTHER}"


@pytest.mark.parametrize("path", ["inner/../inner", "through/../inner"])
def test_folders_that_are_left_again_are_looked_at(path: str, folder: Path, tmp_path: Path) -> None:
    """Through a link, ``..`` is the folder around what it leads to."""
    far = tmp_path / "far"
    (far / "away").mkdir(parents=True)
    (far / "inner").mkdir()
    (folder.parent / "through").symlink_to(far / "away")
    assert why_untrusted(folder.parent / path) is None
    (far / "inner").chmod(0o777)
    folder.chmod(0o777)
    place = far / "inner" if path.startswith("through") else folder
    assert why_untrusted(folder.parent / path) == f"other users may write to {place}"


def test_links_in_a_circle_are_at_fault(folder: Path) -> None:
    (folder / "one").symlink_to(folder / "two")
    (folder / "two").symlink_to(folder / "one")
    assert "cannot be checked" in str(why_untrusted(folder / "one"))


def test_a_file_is_no_folder(folder: Path) -> None:
    (folder / "file").write_text("")
    assert why_untrusted(folder / "file") == f"{folder / 'file'} is not a folder"
    assert why_untrusted(folder / "file" / "more") == f"{folder / 'file'} is not a folder"


def test_what_is_around_the_home_is_not_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.chmod(0o777)
    assert why_untrusted(folder / ".cache") is not None
    monkeypatch.setenv("HOME", str(folder))
    assert why_untrusted(folder / ".cache") is None
    folder.chmod(0o777)
    assert why_untrusted(folder / ".cache") == f"other users may write to {folder}"


@pytest.mark.parametrize(("mode", "trusted"), [(0o644, True), (0o600, True), (0o664, False), (0o646, False)])
def test_a_file_is_trusted_if_nobody_else_may_write_it(mode: int, trusted: bool, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    file.chmod(mode)
    assert is_trusted(file.stat()) == trusted


def owned_by(user: int) -> os.stat_result:
    return os.stat_result((0o100644, 0, 0, 1, user, *[0] * 5))


@pytest.mark.parametrize(("owner", "trusted"), [(ROOT, True), (1000, True), (1001, False)])
def test_a_file_is_trusted_if_it_is_ones_own_or_that_of_root(
    owner: int, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert is_trusted(owned_by(owner)) == trusted


@needs_root
@pytest.mark.parametrize("give", [os.chown, os.lchown])
def test_what_is_given_away_is_not_trusted(give: Callable[..., None], folder: Path) -> None:
    give(folder, OTHER, OTHER)
    assert why_untrusted(folder) == f"{folder} belongs to another user, with number {OTHER}"
    assert not is_trusted(folder.stat())
