"""Record some figures after every change of the engine, in a file that is only appended to.

``make bench CHANGE="what was changed"`` adds a row; RESULTS.md shows them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "results" / "changes.json"
FIGURES = {  # and how they are headed
    "evaluation, linear F=4 float32": "linear F=4, us",
    "evaluation, net F=16 float32": "net F=16, us",
    "search, linear, programs": "linear, programs/s",
    "search, s10, programs": "s10, programs/s",
    "start-up, compilation alone": "compilation, s",
}


def record(change: str, values: Mapping[str, float]) -> None:
    """Append a row."""
    row = {"change": change, **{name: float(f"{values[name]:.4g}") for name in FIGURES}}
    rows = [json.dumps(each) for each in (*read(), row)]
    FILE.write_text("[\n" + ",\n".join(rows) + "\n]\n", encoding="utf-8")


def read() -> list[dict[str, Any]]:
    """Return all rows, the oldest first."""
    return list(json.loads(FILE.read_text(encoding="utf-8"))) if FILE.exists() else []
