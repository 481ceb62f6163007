from __future__ import annotations

import os
from pathlib import Path

import pytest

from automl_zero.system import processors
from automl_zero.system.processors import number_of_workers, usable_processors


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 64 processors, all of which the process may use, in cgroup ``/job/step``."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    (tmp_path / "own").write_text("0::/job/step\n")
    monkeypatch.setattr(processors, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(processors, "CGROUP_OF_PROCESS", tmp_path / "own")
    (tmp_path / "cgroup" / "job" / "step").mkdir(parents=True)
    return tmp_path / "cgroup"


@pytest.mark.usefixtures("cgroups")
def test_without_a_quota_affinity_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_processors() == 64
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert usable_processors() == 2


@pytest.mark.parametrize(("quota", "expected"), [("400000 100000", 4), ("150000 100000", 2), ("5000 100000", 1)])
@pytest.mark.parametrize("folder", [".", "job", "job/step"])
def test_a_quota_of_any_cgroup_around_the_process_counts(cgroups: Path, folder: str, quota: str, expected: int) -> None:
    (cgroups / folder / "cpu.max").write_text(f"{quota}\n")
    assert usable_processors() == expected


@pytest.mark.parametrize("text", ["max 100000\n", "", "nonsense\n", "0 100000\n", "1 0\n"])
def test_what_is_no_quota_is_none(cgroups: Path, text: str) -> None:
    (cgroups / "cpu.max").write_text(text)
    assert usable_processors() == 64


def test_quotas_of_the_first_version_of_cgroups_count(cgroups: Path) -> None:
    (cgroups.parent / "own").write_text("4:cpu,cpuacct:/job\n2:memory:/elsewhere\n")
    folder = cgroups / "cpu" / "job"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text("300000\n")
    (folder / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_processors() == 3


def test_a_quota_beyond_the_affinity_changes_nothing(cgroups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    (cgroups / "cpu.max").write_text("400000 100000\n")
    assert usable_processors() == 1


@pytest.mark.usefixtures("cgroups")
def test_a_number_that_is_asked_for_stands_and_else_all_usable_processors_work() -> None:
    assert [number_of_workers(None), number_of_workers(3), number_of_workers(99)] == [64, 3, 99]
