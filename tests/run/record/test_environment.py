from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import pytest

from automl_zero.run.record import environment as module

FALLBACK = platform.processor() or "unknown processor"


def test_the_machine_is_reported_without_the_name_that_somebody_gave_it() -> None:
    assert "cores" in module.machine()
    assert platform.node() not in module.machine().split()


@pytest.mark.parametrize(("there", "usable", "reported"), [(8, 8, "8 cores"), (64, 3, "3 of 64 cores usable")])
def test_where_not_all_processors_may_be_used_both_numbers_are_reported(
    there: int, usable: int, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: there)
    monkeypatch.setattr(module, "usable_processors", lambda: usable)
    assert f", {reported}, " in module.machine.__wrapped__()


@pytest.mark.parametrize(
    ("content", "expected"), [("a: 1\nmodel name\t: Fast 9\nmodel name: Slow\n", "Fast 9"), ("", FALLBACK)]
)
def test_the_processor_is_the_first_that_the_system_lists(
    content: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(content)
    for file in (tmp_path / "cpuinfo", tmp_path / "none"):
        monkeypatch.setattr(module, "CPUINFO", file)
        assert module.processor() == (expected if file.exists() else FALLBACK)


def test_versions_are_those_of_what_computes() -> None:
    reported = module.versions()
    assert (reported["Python"], reported["numpy"]) == (platform.python_version(), np.__version__)
    assert set(reported) == {"Python", "numpy", "numba", "llvmlite"}
