"""What is kept is kept where nobody else can write, and never in the current folder."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path

import pytest

from automl_zero.system import cache_dir
from automl_zero.system.cache_dir import CACHE_VARIABLE, cache_root, hash_of_files, make_private, unusable, user_folder
from automl_zero.system.machine_warning import MachineWarning, forget_warnings
from automl_zero.system.ownership import HAS_OWNERS

needs_owners = pytest.mark.skipif(not HAS_OWNERS, reason="files have no owners here")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the user, apart from the folder of temporary files, in which the current folder is another one."""
    places = {name: tmp_path / name for name in ("home", "temporary", "current")}
    for place in places.values():
        place.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(places["home"]))
    monkeypatch.setenv("TMPDIR", str(places["temporary"]))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    monkeypatch.chdir(places["current"])
    forget_warnings()
    return places["home"]


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The user's own folder among the temporary ones."""
    return tmp_path / "temporary" / f"automl-zero-{os.geteuid()}"


def test_the_variable_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "moved"))
    assert cache_root() == tmp_path / "moved"
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_root() == user_folder()
    assert str(user_folder()).endswith("automl-zero")


def test_a_relative_folder_is_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, "here")
    assert cache_root() == tmp_path / "current" / "here"


@needs_owners
def test_folders_that_are_made_are_closed_to_others(home: Path) -> None:
    before = os.umask(0)
    try:
        root = cache_root()
    finally:
        os.umask(before)
    assert root is not None
    made = [each for each in (root, *root.parents) if each.is_relative_to(home) and each != home]
    assert [stat.S_IMODE(each.stat().st_mode) for each in made] == [0o700] * len(made)
    assert len(made) >= 1


@needs_owners
@pytest.mark.parametrize("obstacle", ["others write", "no folder", "missing", "full"])
def test_where_the_named_folder_cannot_be_used_the_users_own_is(
    obstacle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = tmp_path / "named"
    monkeypatch.setenv(CACHE_VARIABLE, str(named))
    match obstacle:
        case "others write":
            named.mkdir()
            named.chmod(0o777)
            why = f"other users may write to {named}"
        case "no folder":
            named.write_text("")
            why = f"{named} is not a folder"
        case "missing":
            monkeypatch.setenv(CACHE_VARIABLE, f"/proc/{named.name}")
            why = "it cannot be made"
        case "full":
            monkeypatch.setattr(cache_dir, "make_private", full_for(named))
            why = "it cannot be made (No space left on device)"
    with pytest.warns(MachineWarning) as caught:
        assert [cache_root(), cache_root()] == [user_folder()] * 2
    (message,) = [str(each.message) for each in caught]
    assert why in message
    assert os.environ[CACHE_VARIABLE] in message
    assert f"{user_folder()} is used instead; {CACHE_VARIABLE} names another folder" in message


@needs_owners
def test_a_folder_as_of_temporary_files_may_be_named_and_what_is_kept_is_in_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").chmod(0o1777)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "temporary"))
    root = cache_root()
    assert root == tmp_path / "temporary"
    assert unusable(root / "compiled") is None
    assert unusable(root) == f"other users may write to {root}"


def full_for(folder: Path) -> object:
    def make(path: Path) -> None:
        if path == folder:
            raise OSError(28, "No space left on device")
        make_private(path)

    return make


@needs_owners
@pytest.mark.parametrize("where", ["nowhere", "relative", "none"])
def test_without_a_home_a_private_temporary_folder_is_used(
    where: str, temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "none":
        monkeypatch.delenv("HOME")
        monkeypatch.setattr("pwd.getpwuid", unknown)
    else:
        monkeypatch.setenv("HOME", "/proc/nowhere" if where == "nowhere" else ".")
        monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.warns(MachineWarning, match=CACHE_VARIABLE) as caught:
        assert cache_root() == temporary
    assert len(caught) == 1
    assert stat.S_IMODE(temporary.stat().st_mode) == 0o700
    assert list((tmp_path / "current").iterdir()) == []


def unknown(_user: int) -> None:
    raise KeyError


@needs_owners
def test_a_temporary_folder_that_others_made_is_not_used(
    temporary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/proc/nowhere")
    temporary.mkdir()
    temporary.chmod(0o777)
    with pytest.warns(
        MachineWarning, match=r"everything is computed again at every start; AUTOML_ZERO_CACHE_DIR names"
    ):
        assert cache_root() is None
    assert list((tmp_path / "current").iterdir()) == []


@needs_owners
@pytest.mark.parametrize("temporary", [".", "here", ""])
def test_the_current_folder_is_never_the_temporary_one(
    temporary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", temporary)
    monkeypatch.setenv("HOME", "/proc/nowhere")
    monkeypatch.setattr(cache_dir, "make_private", full_for(Path(f"/tmp/automl-zero-{os.geteuid()}")))  # noqa: S108
    with pytest.warns(MachineWarning):
        root = cache_root()
    assert root is None or not root.is_relative_to(tmp_path)
    assert list((tmp_path / "current").iterdir()) == []


def test_a_folder_that_can_be_used_gives_no_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache_root() is not None
        assert unusable(tmp_path / "home" / "more" / "inner") is None
    assert (tmp_path / "home" / "more" / "inner").is_dir()


@needs_owners
def test_a_folder_that_cannot_be_read_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert unusable(tmp_path / "home" / "closed") == "it cannot be read (Permission denied)"


def test_the_hash_is_that_of_the_contents_whatever_their_order(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b")]
    for file in files:
        file.write_text(file.name)
    found = hash_of_files(files, "text")
    assert hash_of_files(files[::-1], "text") == found
    assert hash_of_files(files, "another text") != found
    files[0].write_text("changed")
    assert hash_of_files(files, "text") != found
