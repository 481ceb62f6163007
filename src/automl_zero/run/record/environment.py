"""The machine and the versions that a run uses, as text for its report alone; no result depends on the machine."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from automl_zero.system.processors import usable_processors

LIBRARIES = ("numpy", "numba", "llvmlite")  # the result of an epoch depends on their versions
CPUINFO = Path("/proc/cpuinfo")


@cache
def machine() -> str:
    """Return the processor, the number of cores and the system; not the host name, which may be private."""
    return f"{processor()}, {_cores()}, {platform.system()} {platform.machine()}"


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of ``LIBRARIES``, by name."""
    return {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def _cores() -> str:
    count, usable = os.cpu_count() or 1, usable_processors()
    return f"{count} cores" if usable == count else f"{usable} of {count} cores usable"


def processor() -> str:
    """Return the name of the first processor that the system lists."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or "unknown processor"
