"""How many processors this process may use: so many threads or processes work, unless a number is given."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
OF_PROCESS = Path("/proc/self/cgroup")


def usable_processors() -> int:
    """Those that affinity (``taskset``, Slurm, cpusets) and the quota of the cgroup (containers) leave; at least 1.

    A quota of a part of a processor counts as a whole one.
    """
    quota = _quota()
    return max(1, min(_affinity(), _affinity() if quota is None else ceil(quota)))


def number_of_workers(asked: int | None) -> int:
    """How many threads or processes to work with: as many as are asked for, or one for each usable processor."""
    return asked or usable_processors()


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota() -> float | None:
    """Processors' worth of time that the tightest cgroup around this process grants; None where none is set."""
    quotas = [quota for folder in _own_cgroups() for quota in (_quota_v2(folder), _quota_v1(folder)) if quota]
    return min(quotas, default=None)


def _own_cgroups() -> list[Path]:
    """The folders of the cgroups that hold this process, from its own up to the root of what it can see."""
    found = [CGROUPS, CGROUPS / "cpu"]
    for line in _lines(OF_PROCESS):
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
    """``max`` and -1 stand for no limit."""
    if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
        return int(quota) / int(period)
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
