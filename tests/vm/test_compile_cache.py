"""Files of compiled code that are not what was written, or may be somebody else's, are noticed before they are used."""

from __future__ import annotations

import ctypes
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.system import ownership
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.system.machine_warning import MachineWarning, forget_warnings
from automl_zero.vm import compile_cache, jit
from automl_zero.vm.compile_cache import DIGEST_BYTES, TITLE, read_checked, write_checked

PAYLOAD = bytes(range(256)) * 3
HEAD = len(TITLE) + DIGEST_BYTES
needs_owners = pytest.mark.skipif(not ownership.HAS_OWNERS, reason="files have no owners here")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written."""
    path = tmp_path / "file.nbc"
    write_checked(path, PAYLOAD)
    return path


def test_what_was_written_is_read(file: Path) -> None:
    assert read_checked(file) == PAYLOAD
    assert [each.name for each in file.parent.iterdir()] == ["file.nbc"]


def test_what_is_not_there_is_not_read(tmp_path: Path) -> None:
    assert read_checked(tmp_path / "file.nbc") is None
    assert read_checked(tmp_path / "missing" / "file.nbc") is None


@needs_owners
@pytest.mark.parametrize("mask", [0o000, 0o002, 0o077])
def test_whatever_the_umask_nobody_else_may_write_what_is_written(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_checked(tmp_path / "file.nbc", PAYLOAD)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file.nbc").stat().st_mode) == 0o644
    assert read_checked(tmp_path / "file.nbc") == PAYLOAD


@given(st.data())
def test_any_damage_is_noticed_and_the_file_removed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("damaged") / "file.nbc"
    write_checked(file, PAYLOAD)
    content = file.read_bytes()
    damaged = data.draw(st.one_of(st.binary(), cut(content), flipped(content), lengthened(content)))
    file.write_bytes(damaged)
    assert read_checked(file) is None
    assert not file.exists()


def cut(content: bytes) -> st.SearchStrategy[bytes]:
    return st.integers(0, len(content) - 1).map(lambda length: content[:length])


def flipped(content: bytes) -> st.SearchStrategy[bytes]:
    def flip(bit: int) -> bytes:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        return bytes(changed)

    return st.integers(0, 8 * len(content) - 1).map(flip)


def lengthened(content: bytes) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=1).map(lambda more: content + more)


def as_link(file: Path) -> None:
    file.rename(file.with_name("real"))
    file.symlink_to("real")


def as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def as_open_file(file: Path) -> None:
    file.chmod(0o666)


@needs_owners
@pytest.mark.parametrize("make", [as_link, as_pipe, as_open_file])
def test_what_may_be_somebody_elses_is_not_read_and_is_removed(make: Callable[[Path], None], file: Path) -> None:
    make(file)
    assert read_checked(file) is None
    assert not os.path.lexists(file)
    write_checked(file, PAYLOAD)
    assert read_checked(file) == PAYLOAD


def test_a_file_of_another_user_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_cache, "is_trusted", lambda _: False)
    assert read_checked(file) is None


def test_what_cannot_be_removed_is_not_read_either(file: Path) -> None:
    file.unlink()
    (file / "inner").mkdir(parents=True)
    assert read_checked(file) is None
    assert file.is_dir()


def test_a_file_that_is_larger_than_any_is_not_read_to_its_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_cache, "MAX_BYTES", HEAD + len(PAYLOAD) - 1)
    assert read_checked(file) is None


# A function that is kept --------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of compiled code."""
    monkeypatch.setattr(jit, "cache_folder", lambda: tmp_path / "kept")
    forget_warnings()
    return tmp_path / "kept"


def thrice(x: int) -> int:
    return 3 * x


THRICE_AT_AN_ADDRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(thrice)


def other_of_that_name() -> Any:
    def thrice(x: int) -> int:
        return 33 * x

    thrice.__qualname__ = "thrice"
    return thrice


def compiled() -> Any:
    """As in a process that has just begun: has it been loaded?"""
    function: Any = jit.jit_entry(thrice)
    assert function(2) == 6
    return function


def is_loaded(function: Any) -> bool:
    hits, misses = sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values())
    assert hits + misses == 1
    return hits == 1


def test_a_function_is_compiled_once(folder: Path) -> None:
    assert [is_loaded(compiled()) for _ in range(3)] == [False, True, True]
    assert [each.suffix for each in folder.glob("*thrice*")] == [".nbc"]
    assert compiled().stats.cache_path == str(folder)


@pytest.mark.parametrize("damage", ["empty", "half", "flipped", "garbage", "link", "pipe"])
def test_a_damaged_function_is_compiled_and_kept_again(damage: str, folder: Path) -> None:
    compiled()
    (file,) = folder.glob("*.nbc")
    content = file.read_bytes()
    match damage:
        case "empty":
            file.write_bytes(b"")
        case "half":
            file.write_bytes(content[: len(content) // 2])
        case "flipped":
            file.write_bytes(content[:-100] + bytes([content[-100] ^ 255]) + content[-99:])
        case "garbage":
            file.write_bytes(os.urandom(len(content)))
        case "link":
            as_link(file)
        case "pipe":
            as_pipe(file)
    assert [is_loaded(compiled()) for _ in range(2)] == [False, True]
    assert file.is_file()
    assert not file.is_symlink()


class Planted:
    """What is done when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("planted",)


@needs_owners
@pytest.mark.parametrize("head", ["none", "right, of a file that others write"])
def test_what_others_put_there_is_not_unpickled(
    head: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    compiled()
    (file,) = folder.glob("*.nbc")
    if head == "none":
        file.write_bytes(pickle.dumps(Planted()))
    else:
        write_checked(file, pickle.dumps(Planted()))
        file.chmod(0o666)
    assert not is_loaded(compiled())
    assert not Path("planted").exists()


def test_what_cannot_be_unpickled_is_compiled_again(folder: Path) -> None:
    compiled()
    (file,) = folder.glob("*.nbc")
    write_checked(file, b"whole, and no pickle")
    assert [is_loaded(compiled()) for _ in range(2)] == [False, True]


def test_the_file_of_another_function_is_not_taken_for_its_own(folder: Path) -> None:
    other: Any = jit.jit_entry(other_of_that_name())
    assert other(2) == 66
    (file,) = folder.glob("*.nbc")
    compiled()
    (own,) = set(folder.glob("*.nbc")) - {file}
    own.write_bytes(file.read_bytes())
    assert not is_loaded(compiled())


@pytest.mark.parametrize("seed", [1, 2])
def test_values_around_a_function_are_a_part_of_it(seed: int, folder: Path) -> None:
    def made(factor: int) -> Any:
        return jit.jit_entry(lambda x: factor * x)

    assert [made(factor)(seed) for factor in (3, 4, 3)] == [3 * seed, 4 * seed, 3 * seed]
    assert len(list(folder.glob("*.nbc"))) == 2


@pytest.mark.parametrize("number", [13, 28, 30, 122])
def test_a_function_that_cannot_be_written_is_compiled_with_one_warning(
    number: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(compile_cache, "write_checked", refuse)
    with pytest.warns(MachineWarning) as caught:
        assert [is_loaded(compiled()) for _ in range(2)] == [False, False]
    (message,) = [str(each.message) for each in caught]
    assert f"{folder} cannot be written or locked ({os.strerror(number)})" in message
    assert CACHE_VARIABLE in message


def test_a_function_with_an_address_in_it_is_not_kept(folder: Path) -> None:
    """What is at that address in another process, nobody knows."""
    function: Any = jit.jit_entry(lambda x: THRICE_AT_AN_ADDRESS(x))
    assert function(2) == 6
    assert list(folder.glob("*.nbc")) == []


def test_a_folder_that_is_gone_is_made_again(folder: Path) -> None:
    compiled()
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()
    assert [is_loaded(compiled()) for _ in range(2)] == [False, True]


def test_machine_code_of_c_functions_is_kept_too(folder: Path) -> None:
    signature = numba.types.int64(numba.types.int64)
    for _ in range(2):
        function = jit.c_function(signature, thrice)
        assert function.ctypes(2) == 6
    assert function.cache_hits == 1
    (file,) = folder.glob("*.nbc")
    file.write_bytes(file.read_bytes()[:-1])
    assert jit.c_function(signature, thrice).cache_hits == 0
    assert jit.c_function(signature, thrice).cache_hits == 1


AGAIN = """
import sys
from pathlib import Path
from automl_zero.vm import jit
jit.cache_folder = lambda: Path(sys.argv[1])
sys.path.insert(0, sys.argv[2])
from kept_function import thrice
print(thrice(2), sum(thrice.stats.cache_hits.values()))
"""
SOURCE = "from automl_zero.vm.jit import jit_entry\n\n@jit_entry\ndef thrice(x):\n    return {} * x\n"


def test_another_process_loads_what_one_has_compiled_until_its_source_changes(tmp_path: Path) -> None:
    source = tmp_path / "kept_function.py"
    source.write_text(SOURCE.format(3))
    command = [sys.executable, "-B", "-c", AGAIN, str(tmp_path / "kept"), str(tmp_path)]
    outputs = []
    for factor in (3, 3, 4):
        source.write_text(SOURCE.format(factor))
        outputs.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert outputs == ["6 0\n", "6 1\n", "8 0\n"]
