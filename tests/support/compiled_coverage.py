"""A plugin that adds the lines of compiled code to the data of coverage.py: ``pytest -p support.compiled_coverage``.

Numba calls a notifier for each line that it lowers. Its own one (``NUMBA_JIT_COVERAGE``) needs internals of coverage.py
that current versions lack. This one writes a data file, which pytest-cov combines with the others. Lines count when
they are compiled, so the cache of compiled code must be empty.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData
from numba.core import config
from numba.misc import coverage_support

ROOT = Path(__file__).parents[2]
SOURCES = str(ROOT / "src")


class CompiledLines(coverage_support.NotifyLocBase):
    """Collects the lines of the package that Numba lowers, by file."""

    def __init__(self) -> None:
        self.lines: dict[str, set[int]] = defaultdict(set)

    def notify(self, loc: Any) -> None:
        if loc.filename.startswith(SOURCES):
            self.lines[str(Path(loc.filename).relative_to(ROOT))].add(loc.line)

    def close(self) -> None:
        """Keep the lines: a notifier is closed after each function."""

    def write(self, folder: Path) -> None:
        """Write a data file of its own, with paths as ``relative_files`` makes them."""
        data = CoverageData(basename=str(folder / ".coverage"), suffix=f"compiled.{os.getpid()}")
        data.add_lines({name: sorted(lines) for name, lines in self.lines.items()})
        data.write()


compiled = CompiledLines()


def pytest_configure() -> None:
    coverage_support._the_registry[:] = [lambda: compiled]
    config.JIT_COVERAGE = 1


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop() -> Generator[None, Any, Any]:
    result = yield  # innermost, so that the file is there when pytest-cov combines what all processes have written
    if compiled.lines:
        compiled.write(ROOT)
    return result
