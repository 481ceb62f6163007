"""Write the results as a table, as JSON and as a page; nothing in these files is written by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import changes
from figures import FIGURES, Figure

FOLDER = Path(__file__).parents[1] / "results"
JSON_FILE, PAGE = FOLDER / "results.json", FOLDER / "RESULTS.md"
HEADERS = ("figure", "value", "unit", "C++", "times better", "target", "met")


def write(values: Mapping[str, float], machine: str, change: str | None) -> None:
    """Write both files, and record a change."""
    if change:
        changes.record(change, values)
    JSON_FILE.write_text(json.dumps(_entries(values, machine), indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(_page(values, machine), encoding="utf-8")


def table(values: Mapping[str, float]) -> Iterator[str]:
    """Yield the lines of a Markdown table of the figures that have a value."""
    return _markdown([HEADERS, *(_cells(figure, values[figure.name]) for figure in FIGURES if figure.name in values)])


def _markdown(rows: list[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    for row in rows:
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def slower_than_cpp(values: Mapping[str, float]) -> list[str]:
    """Return the names of the figures in which the C++ program is better."""
    ratios = {figure.name: figure.times_better(values[figure.name]) for figure in FIGURES if figure.name in values}
    return [name for name, ratio in ratios.items() if ratio is not None and ratio < 1]


def _entries(values: Mapping[str, float], machine: str) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = {"machine": {"value": machine, "unit": "", "target": None, "cpp": None}}
    for figure in FIGURES:
        if figure.name in values:
            value = float(f"{values[figure.name]:.4g}")
            entries[figure.name] = {
                "value": value,
                "unit": figure.unit,
                "target": figure.target,
                "cpp": figure.cpp,
            }
    return entries


def _page(values: Mapping[str, float], machine: str) -> str:
    return "\n".join(
        (
            "# Benchmark results",
            "",
            "Written by `make bench`; what each figure means and where the C++ figures are from is in",
            "`benchmarks/speed/figures.py`.",
            "",
            f"Machine: {machine}.",
            "The C++ figures are from another machine, an AMD EPYC of the Zen 3 generation.",
            "",
            *table(values),
            "",
            "## What each change gave",
            "",
            "The same figures after one change after the other, on the same kind of machine:",
            "",
            *_markdown([("after", *changes.FIGURES.values()), *map(_change_cells, changes.read())]),
            "",
            "## Curves",
            "",
            "How the time of an evaluation depends on the number of features, tasks, examples and instructions; the",
            "numbers are in `curves.json`, the picture is drawn by `python benchmarks/speed/curves.py`.",
            "",
            "![Time of an evaluation](../../docs/images/speed.svg)",
            "",
        )
    )


def _cells(figure: Figure, value: float) -> tuple[str, ...]:
    ratio, met = figure.times_better(value), figure.meets_target(value)
    return (
        figure.name,
        _number(value),
        figure.unit,
        _number(figure.cpp),
        "" if ratio is None else f"{ratio:.1f}",
        _number(figure.target),
        "" if met is None else "yes" if met else "no",
    )


def _change_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (row["change"], *(_number(row[name]) for name in changes.FIGURES))


def _number(value: float | None) -> str:
    """Format with three digits; large numbers with separators."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
