"""The number of processors that this process may use, which is the default number of workers."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
CGROUP_OF_PROCESS = Path("/proc/self/cgroup")


def usable_processors() -> int:
    """Return how many processors affinity (``taskset``, Slurm) and cgroup quota (containers) allow; at least 1.

    A quota is rounded up to whole processors.
    """
    quota = _quota()
    return max(1, min(_affinity(), _affinity() if quota is None else ceil(quota)))


def number_of_workers(asked: int | None) -> int:
    """Return the number of threads or processes to use: the one asked for, or one for each usable processor."""
    return asked or usable_processors()


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota() -> float | None:
    """Return the smallest quota, in processors, of the cgroups that contain this process; None if there is none."""
    quotas = [quota for folder in _own_cgroups() for quota in (_quota_v2(folder), _quota_v1(folder)) if quota]
    return min(quotas, default=None)


def _own_cgroups() -> list[Path]:
    """Return the folders of the cgroups that contain this process, from its own up to the visible root."""
    found = [CGROUPS, CGROUPS / "cpu"]
    for line in _lines(CGROUP_OF_PROCESS):
        controllers, _, path = line.partition(":")[2].partition(":")
        root = CGROUPS / "cpu" if "cpu" in controllers.split(",") else CGROUPS
        own = PurePosixPath(path.lstrip("/"))
        if (not controllers or root != CGROUPS) and ".." not in own.parts:
            found += [root / own, *(root / each for each in own.parents)]
    return list(dict.fromkeys(found))


def _quota_v2(folder: Path) -> float | None:
    return _ratio(*(" ".join(_lines(folder / "cpu.max")).split() or [""])[:2])


def _quota_v1(folder: Path) -> float | None:
    limits = [" ".join(_lines(folder / f"cpu.cfs_{name}_us")) for name in ("quota", "period")]
    return _ratio(*limits)


def _ratio(quota: str, period: str = "") -> float | None:
    """Return a quota in processors; None where there is no limit, which is written ``max`` or -1."""
    if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
        return int(quota) / int(period)
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
