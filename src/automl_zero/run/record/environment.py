"""On what a run goes on, in words: for its report alone, as no result depends on the machine."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from automl_zero.system.processors import usable_processors

LIBRARIES = ("numpy", "numba", "llvmlite")  # that an epoch depends on
CPUINFO = Path("/proc/cpuinfo")


@cache
def machine() -> str:
    """The processor, how many cores there are, and the system; no name that somebody gave the machine."""
    return f"{processor()}, {_cores()}, {platform.system()} {platform.machine()}"


@cache
def versions() -> dict[str, str]:
    """Of Python and the libraries that compute."""
    return {"Python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def _cores() -> str:
    there, usable = os.cpu_count() or 1, usable_processors()
    return f"{there} cores" if usable == there else f"{usable} of {there} cores usable"


def processor() -> str:
    """The name of the first processor that the system lists."""
    try:
        lines = CPUINFO.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or "unknown processor"
