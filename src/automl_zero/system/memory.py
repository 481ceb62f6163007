"""How much memory a file may take once it is read, so that a small one cannot fill the machine."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM = Path("/proc/meminfo")
# Limit and use of the group of processes that this one is in (containers), of both versions.
GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)
SHARE = 2  # what is read is computed with, too: one part in so many of what is free
UNKNOWN = 1 << 33  # bytes, where the system tells nothing
FREELY = 1 << 28  # bytes that anything may unpack to
RATIO = 100  # beyond them, how many times its size what is packed may unpack to


def memory_for_a_file() -> int:
    """Bytes that the content of a file may take: half of what is free."""
    return available_memory() // SHARE


def unpacked_at_most(packed: int) -> int:
    """Bytes that so many packed bytes may unpack to.

    Real data shrink to a tenth, rarely to a hundredth; what was made to fill the memory, to a thousandth.
    """
    return min(memory_for_a_file(), max(FREELY, RATIO * packed))


def available_memory() -> int:
    """Bytes that this process could still use."""
    return max(0, min([_of_system(), *filter(None, (_of_group(limit, used) for limit, used in GROUPS))]))


def _of_system() -> int:
    for line in _text(SYSTEM).splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) << 10
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return UNKNOWN


def _of_group(limit: Path, used: Path) -> int | None:
    """What a group may still use; files that the system keeps in memory count as used, so it may be a little more."""
    numbers = [_text(path).strip() for path in (limit, used)]
    return int(numbers[0]) - int(numbers[1]) if all(each.isdecimal() for each in numbers) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
