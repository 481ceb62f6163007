"""Start a search in its own process, and report as JSON when the first programs were scored, and its cost.

``python child.py SEARCH``: ``time`` is that of the clock when the initial population was scored, ``begin`` the seconds
for that, compilation included if need be, and ``memory`` the peak in MB after some more programs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from workloads import new_island, search_tasks

PROGRAMS = 20_000


def peak_memory() -> float:
    """Return the peak memory of this process in MB; ``getrusage`` would count the parent's memory at the fork."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].removesuffix("kB")) / 1024


def main() -> None:
    """Start the search that the command line names."""
    search_tasks(sys.argv[1])
    start = time.perf_counter()
    island = new_island(sys.argv[1], seed=1)
    report = {"time": time.time(), "begin": time.perf_counter() - start}
    island.run(PROGRAMS)
    report["memory"] = peak_memory()
    print(json.dumps(report))


if __name__ == "__main__":
    main()
