"""Bounds on the memory that a file may take when it is read, so that a small file cannot exhaust it."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM = Path("/proc/meminfo")
# Limit and use of memory of this process's cgroup (containers), for both versions of cgroups.
GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)
SHARE = 2  # a file may take one part in so many of the free memory, since computing with it takes memory, too
UNKNOWN = 1 << 33  # bytes that are assumed where the system does not say
FREELY = 1 << 28  # bytes that any file may unpack to
RATIO = 100  # beyond that, the largest ratio of unpacked to packed size


def memory_for_a_file() -> int:
    """Return how many bytes the content of a file may take: half of the free memory."""
    return available_memory() // SHARE


def unpacked_at_most(packed: int) -> int:
    """Return how many bytes a number of packed bytes may unpack to.

    Real data shrink to a tenth, rarely to a hundredth; files made to exhaust the memory, to a thousandth.
    """
    return min(memory_for_a_file(), max(FREELY, RATIO * packed))


def available_memory() -> int:
    """Return the bytes of memory that this process could still use."""
    return max(
        0, min([_available_of_system(), *filter(None, (_available_of_cgroup(limit, used) for limit, used in GROUPS))])
    )


def _available_of_system() -> int:
    for line in _text(SYSTEM).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) << 10
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return UNKNOWN


def _available_of_cgroup(limit: Path, used: Path) -> int | None:
    """Return the bytes that a cgroup may still use; it may be more, as the system's file cache counts as used."""
    numbers = [_text(path).strip() for path in (limit, used)]
    return int(numbers[0]) - int(numbers[1]) if all(each.isdecimal() for each in numbers) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
