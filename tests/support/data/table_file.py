"""A table as users have them: numbers, some of them missing, text, a constant column, and columns to predict."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = 400
NUMBERS = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) ** 2, "y": np.arange(40.0) / 7})


@cache
def frame() -> pd.DataFrame:
    """Columns a to d are features; ``price`` is a quantity, ``sold`` names two classes and ``kind`` three."""
    rng = np.random.default_rng(11)
    a, b, d = rng.normal(3, 2, ROWS), rng.normal(-1, 0.5, ROWS), rng.integers(0, 50, ROWS)
    color = rng.choice(["red", "green", "blue"], ROWS)
    score = a * b + 2 * (color == "red") + rng.normal(0, 0.1, ROWS)
    values: dict[str, Any] = {"a": a, "b": b, "color": color, "d": d, "same": "x", "price": 100 + 10 * score}
    values |= {"sold": np.where(score > np.median(score), "yes", "no"), "kind": np.digitize(score, [-4.0, -1.0])}
    return pd.DataFrame(values).mask(rng.random((ROWS, 8)) < 0.05).assign(**{name: values[name] for name in WHOLE})


WHOLE = ("same", "price", "sold", "kind")  # nothing is missing in these


@cache
def path() -> Path:
    """The table as a CSV file."""
    file = Path(tempfile.mkdtemp()) / "table.csv"
    frame().to_csv(file, index=False)
    return file


def of_kind(kind: str) -> dict[str, Any]:
    """Settings that a kind of tasks cannot do without."""
    return {"kind": kind, **({"table": {"path": str(path()), "target": "price"}} if kind == "table" else {})}


def with_data(preset: str) -> list[str]:
    """Overrides that a preset cannot do without."""
    return [f"tasks.table.path={path()}", "tasks.table.target=price"] if preset == "table" else []
