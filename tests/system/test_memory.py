"""How much may come out of a file: by what the system and the group of processes leave, and by the file's own size."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl_zero.system import memory
from automl_zero.system.memory import FREELY, RATIO, UNKNOWN, available_memory, memory_for_a_file, unpacked_at_most


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system with 8 GB free, in which no group sets a limit."""
    monkeypatch.setattr(memory, "SYSTEM", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "GROUPS", ((tmp_path / "most", tmp_path / "used"),))
    (tmp_path / "meminfo").write_text("MemTotal:       16777216 kB\nMemAvailable:    8388608 kB\n")
    return tmp_path


def test_what_the_system_has_free_is_available_and_half_of_it_is_for_a_file(system: Path) -> None:
    assert (system / "meminfo").exists()
    assert available_memory() == 8 << 30
    assert memory_for_a_file() == 4 << 30


@pytest.mark.parametrize(
    ("most", "used", "left"), [("3000\n", "1000\n", 2000), ("max\n", "1000\n", 8 << 30), ("1000\n", "3000\n", 0)]
)
def test_a_group_of_processes_may_leave_less(most: str, used: str, left: int, system: Path) -> None:
    (system / "most").write_text(most)
    (system / "used").write_text(used)
    assert available_memory() == left


def test_a_system_that_does_not_say_has_what_it_has_or_some_memory(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (system / "meminfo").unlink()
    assert available_memory() > 1 << 20
    monkeypatch.setattr("automl_zero.system.memory.os.sysconf_names", {})
    assert available_memory() == UNKNOWN


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize(
    ("packed", "most"),
    [(0, FREELY), (1000, FREELY), (FREELY, 4 << 30), (FREELY // RATIO * 2, FREELY // RATIO * 2 * RATIO)],
)
def test_little_may_become_something_and_much_a_multiple_but_no_more_than_there_is(packed: int, most: int) -> None:
    assert unpacked_at_most(packed) == most
