"""Compiled code is kept in its folder, is compiled again when a source changes, and works where nothing can be kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numba
import numpy as np
import pytest
from numba import types
from numba.core.errors import NumbaError

from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.system.machine_warning import MachineWarning, forget_warnings
from automl_zero.vm import jit


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources that the hash covers."""
    package = tmp_path / "automl_zero"
    original = Path(jit.__file__).parent.parent
    for name in jit.COMPILED_PACKAGES:
        shutil.copytree(original / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(jit, "PACKAGE", package)
    return package


@pytest.fixture
def fresh_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The folder is looked for again in the test, and once more after it."""
    jit.cache_folder.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    jit.cache_folder.cache_clear()


def test_the_hash_is_that_of_the_sources_alone(sources: Path) -> None:
    before = jit._source_hash()
    (sources / "vm" / "notes.txt").write_text("not compiled")
    assert jit._source_hash() == before


@pytest.mark.parametrize("package", jit.COMPILED_PACKAGES)
def test_any_change_of_a_compiled_source_changes_the_hash(package: str, sources: Path) -> None:
    hashes = {jit._source_hash()}
    for file in (sources / package).glob("*.py"):
        file.write_text(file.read_text() + "\n# changed\n")
        hashes.add(jit._source_hash())
    assert len(hashes) == 1 + len(list((sources / package).glob("*.py")))


def test_another_numba_changes_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = jit._source_hash()
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert jit._source_hash() != before


@pytest.mark.parametrize("option", jit.OPTIONS)
def test_options_that_change_the_code_change_the_hash(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = jit._source_hash()
    monkeypatch.setattr(numba.config, option, "another value")
    assert jit._source_hash() != before


def test_the_folder_of_compiled_code_is_named_after_the_hash(tmp_path: Path, fresh_folder: pytest.MonkeyPatch) -> None:
    fresh_folder.setenv(CACHE_VARIABLE, str(tmp_path))
    folder = jit.cache_folder()
    assert folder == tmp_path / "compiled" / jit._source_hash()
    assert folder.is_dir()


def test_entries_are_kept_there_and_numba_is_left_as_it_was(tmp_path: Path, fresh_folder: pytest.MonkeyPatch) -> None:
    fresh_folder.setenv(CACHE_VARIABLE, str(tmp_path))
    before = (numba.config.CACHE_DIR, numba.config.DISABLE_JIT)
    assert jit.jit_entry(thrice)(2) == 6
    assert before == (numba.config.CACHE_DIR, numba.config.DISABLE_JIT)
    assert list(tmp_path.rglob("*.nbc"))


def test_nothing_else_is_kept(tmp_path: Path, fresh_folder: pytest.MonkeyPatch) -> None:
    fresh_folder.setenv(CACHE_VARIABLE, str(tmp_path))
    assert jit.jit(thrice)(2) == 6
    assert not list(tmp_path.rglob("*.nbc"))


@pytest.mark.parametrize("obstacle", ["no folder at all", "a file is in the way"])
def test_without_a_folder_everything_works(obstacle: str, tmp_path: Path, fresh_folder: pytest.MonkeyPatch) -> None:
    forget_warnings()
    if obstacle == "no folder at all":
        fresh_folder.setattr(jit, "cache_root", lambda: None)
        assert jit.cache_folder() is None
    else:
        (tmp_path / "compiled").write_text("")
        fresh_folder.setenv(CACHE_VARIABLE, str(tmp_path))
        with pytest.warns(MachineWarning, match=rf"no compiled code is kept in {tmp_path}.*; {CACHE_VARIABLE} names"):
            assert jit.cache_folder() is None
    assert jit.jit_entry(thrice)(2) == 6
    assert jit.c_function(types.int64(types.int64), thrice).ctypes(2) == 6
    assert not list(tmp_path.rglob("*.nbc"))


AS_OTHER = (  # a user who can read everything, as one for whom an image is made, and writes what is his own
    "setpriv", "--reuid=4321", "--regid=4321", "--clear-groups", "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)  # fmt: skip
THRICE = """
from automl_zero.vm import jit

@jit.jit_entry
def thrice(x):
    return 3 * x

print(thrice(2), sum(thrice.stats.cache_hits.values()))
"""
can_be_other = pytest.mark.skipif(
    shutil.which("setpriv") is None or os.geteuid() != 0, reason="only root becomes somebody else, by setpriv"
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A cache that root has made, and opened to readers."""
    (tmp_path / "thrice.py").write_text(THRICE)
    assert call_thrice(tmp_path).stdout == "6 0\n"
    for each in (tmp_path / "kept", *(tmp_path / "kept").rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)
    return tmp_path


def call_thrice(folder: Path, *prefix: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {CACHE_VARIABLE: str(folder / "kept"), "HOME": "/", "TMPDIR": "/proc/0"}
    command = [*prefix, sys.executable, "-B", str(folder / "thrice.py")]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd="/")


@can_be_other
def test_what_root_has_compiled_is_used_by_who_cannot_write_there(image: Path) -> None:
    done = call_thrice(image, *AS_OTHER)
    assert (done.stdout, done.stderr) == ("6 1\n", "")


@can_be_other
def test_what_is_missing_in_a_folder_of_root_is_compiled_with_one_warning(image: Path) -> None:
    for file in image.rglob("*.nbc"):
        file.unlink()
    done = call_thrice(image, *AS_OTHER)
    assert done.stdout == "6 0\n"
    assert done.stderr.count("MachineWarning") == 1
    assert "cannot be written or locked" in done.stderr
    assert list(image.rglob("*.nbc")) == []


@can_be_other
@pytest.mark.parametrize("how", ["given away", "open to all"])
def test_what_others_may_have_compiled_is_not_used(how: str, image: Path) -> None:
    for each in (image / "kept").rglob("*"):
        if how == "given away":
            os.chown(each, 1234, 1234)
        elif each.is_dir():
            each.chmod(0o777)
    done = call_thrice(image, *AS_OTHER)
    assert done.stdout == "6 0\n"
    assert done.stderr.count("MachineWarning") == 1
    assert f"; {CACHE_VARIABLE} names another folder" in done.stderr


@pytest.mark.parametrize("value", ["0", "1"])
def test_code_is_compiled_whether_or_not_numba_is_told_to(value: str, tmp_path: Path) -> None:
    source = tmp_path / "plain.py"
    source.write_text(PLAIN)
    environment = os.environ | {CACHE_VARIABLE: str(tmp_path), "NUMBA_DISABLE_JIT": value, "NUMBA_CACHE_DIR": "/proc/0"}
    printed = subprocess.run([sys.executable, source], check=True, capture_output=True, text=True, env=environment)
    assert printed.stdout == f"0.75 {value}\n"


PLAIN = """
import numba
from automl_zero.vm import jit
inner = jit.jit(lambda x: x / 2)
outer = jit.jit_entry(lambda x: inner(x) + 0.5)
inner(0.5)
print(outer(0.5), numba.config.DISABLE_JIT)
assert len(outer.nopython_signatures) == 1
"""


LATECOMER = """
import sys
from automl_zero.vm.execute import _evaluate, warm_up
warm_up("float64", 2)
print(sum(_evaluate.stats.cache_misses.values()))
"""


def test_processes_that_start_together_do_not_compile_the_same_twice(tmp_path: Path) -> None:
    environment = os.environ | {CACHE_VARIABLE: str(tmp_path)}
    start = partial(subprocess.Popen, [sys.executable, "-c", LATECOMER], stdout=subprocess.PIPE, env=environment)
    outputs = [process.communicate()[0] for process in [start(), start()]]
    assert sorted(map(int, outputs)) == [0, 1]


def thrice(x: int) -> int:
    return 3 * x


def test_division_by_zero_is_infinite_and_nan_is_kept() -> None:
    @jit.jit
    def ratio(a: float, b: float) -> float:
        return a / b

    assert ratio(1.0, 0.0) == float("inf")
    assert ratio(0.0, 0.0) != ratio(0.0, 0.0)


def test_compiled_code_cannot_allocate() -> None:
    """Nor does it count references then, which would cost more than the work itself."""
    with pytest.raises(NumbaError, match="NRT required"):
        jit.jit(lambda: np.zeros(3)[0])()


# Functions that compiled functions call ---------------------------------------------------------------------------


@jit.jit
def scaled(values: np.ndarray, factor: float, upwards: bool) -> float:
    total = 0.0
    for value in values:
        total += value * factor if upwards else value / factor
    return total


@jit.jit_inline
def shifted(x: float) -> float:
    return x + 0.1


@jit.jit_entry
def outer(values: np.ndarray, factor: float, upwards: bool) -> float:
    return shifted(scaled(values, factor, upwards))


def test_a_function_gives_python_what_it_gives_to_compiled_code() -> None:
    values = np.random.default_rng(1).normal(size=9)
    for factor, upwards in ((0.3, True), (7.0, False)):
        assert outer(values, factor, upwards) == shifted(scaled(values, factor, upwards))
        assert scaled(values, factor, upwards=upwards) == scaled(values, factor, upwards)


def test_python_may_call_first_or_last() -> None:
    @jit.jit
    def twice(x: int) -> int:
        return 2 * x

    @jit.jit_entry
    def caller(x: int) -> int:
        return twice(x)

    assert (twice(3), caller(4), twice(5), twice(0.5)) == (6, 8, 10, 1.0)


def test_numbers_in_the_source_do_not_multiply_versions() -> None:
    @jit.jit
    def chosen(x: float, kind: int, sign: bool = True) -> float:
        return x if kind == 1 and sign else -x

    @jit.jit_entry
    def caller(x: float, kind: int) -> float:
        first = chosen(x, 1) + chosen(x, 2) + chosen(x, kind=3)
        return first + chosen(x, kind, True) + chosen(x, kind, sign=False)

    assert caller(0.5, 1) == -0.5
    assert len(chosen.nopython_signatures) == 2  # with and without the argument that is left out
