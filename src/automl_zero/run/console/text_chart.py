"""A chart of a curve in a few lines of text; the x axis is logarithmic, since fitness rises ever more slowly."""

from __future__ import annotations

import math
from collections.abc import Sequence

EIGHTHS = " ▁▂▃▄▅▆▇█"
Point = tuple[int, float]  # (programs, fitness)


def curve_rows(points: Sequence[Point], width: int, height: int) -> list[str]:
    """Draw a step curve as filled columns, from the lowest value at the bottom to the highest at the top.

    Args:
        points: (x, y) with increasing x; y holds from its x on. An x below 1, which no run has, counts as 1.
        width: the number of columns, which divide the range of log x evenly.
        height: the number of rows.

    Example:
        >>> curve_rows([(1, 0.0), (10, 0.5), (100, 1.0)], width=5, height=1)
        ['▁▁▅▅█']
    """
    values = sample_curve(points, width)
    low, high = min(values, default=0.0), max(values, default=0.0)
    span = high - low if high > low else 1.0
    levels = [1 + round((value - low) / span * (8 * height - 1)) for value in values]
    return ["".join(EIGHTHS[min(max(level - 8 * row, 0), 8)] for level in levels) for row in reversed(range(height))]


def sample_curve(points: Sequence[Point], width: int) -> list[float]:
    """Return the value of the curve at each column; none if there are no points."""
    if not points:
        return []
    first, last = _log(points[0]), _log(points[-1])
    ends = [first + (last - first) * column / max(width - 1, 1) for column in range(width)]
    values, index = [], 0
    for end in ends:
        while index + 1 < len(points) and _log(points[index + 1]) <= end + 1e-9:
            index += 1
        values.append(points[index][1])
    return values


def _log(point: Point) -> float:
    return math.log(max(point[0], 1))
