"""What each change of the engine gave: a few figures after every change, in a file that is only added to.

``make bench CHANGE="what was changed"`` adds a row; RESULTS.md shows them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("changes.json")
FIGURES = (
    "evaluation, linear F=4 float32",
    "evaluation, net F=16 float32",
    "search, linear, programs",
    "search, s10, programs",
    "start-up, compilation alone",
)


def record(change: str, values: Mapping[str, float]) -> None:
    """Add a row."""
    row = {"change": change, **{name: float(f"{values[name]:.4g}") for name in FIGURES}}
    rows = [json.dumps(each) for each in (*read(), row)]
    FILE.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def read() -> list[dict[str, Any]]:
    """All rows, the oldest first."""
    return list(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.exists() else []


def rows() -> Iterator[Sequence[str]]:
    """The cells of a table, its headers first."""
    yield ("after", "linear F=4, us", "net F=16, us", "linear, programs/s", "s10, programs/s", "compilation, s")
    for row in read():
        yield (row["change"], *(f"{row[name]:,.0f}" if row[name] >= 1000 else f"{row[name]:.3g}" for name in FIGURES))
