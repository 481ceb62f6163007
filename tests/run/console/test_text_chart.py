from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automl_zero.run.console.text_chart import EIGHTHS, Point, curve_rows, sample_curve


@st.composite
def curves(draw: st.DrawFn) -> list[Point]:
    places = sorted(draw(st.sets(st.integers(1, 10**9), min_size=1, max_size=20)))
    return [(place, draw(st.floats(0, 1))) for place in places]


@pytest.mark.parametrize(
    ("points", "width", "values"),
    [
        ([], 4, []),
        ([(10, 0.5)], 3, [0.5, 0.5, 0.5]),
        ([(1, 0.0), (10, 0.5), (100, 1.0)], 3, [0.0, 0.5, 1.0]),
        ([(1, 0.0), (10, 0.5), (100, 1.0)], 5, [0.0, 0.0, 0.5, 0.5, 1.0]),
        ([(1, 0.0), (2, 0.1), (3, 0.2), (1000, 0.2)], 2, [0.0, 0.2]),
    ],
)
def test_a_curve_holds_its_value_until_the_next_point(points: list[Point], width: int, values: list[float]) -> None:
    assert sample_curve(points, width) == values


@pytest.mark.parametrize(
    ("points", "width", "rows"),
    [
        ([(1, 0.0), (100, 1.0)], 2, [" █", "▁█"]),
        ([(1, 0.3), (100, 0.3)], 3, ["   ", "▁▁▁"]),
        ([(1, 0.0), (10, 0.5), (100, 1.0)], 3, [" ▁█", "▁██"]),
        ([], 3, ["", ""]),
    ],
)
def test_the_lowest_value_is_a_line_and_the_highest_is_full(points: list[Point], width: int, rows: list[str]) -> None:
    assert curve_rows(points, width, 2) == rows


@given(curves(), st.integers(1, 40), st.integers(1, 8))
@example([(1, 0.0), (2, 2.2e-308)], 2, 1)
def test_a_drawing_has_its_size_and_nothing_floats(points: list[Point], width: int, height: int) -> None:
    rows = curve_rows(points, width, height)
    assert [len(row) for row in rows] == [width] * height
    for column in zip(*rows, strict=True):
        filled = [EIGHTHS.index(cell) for cell in reversed(column)]
        assert filled == sorted(filled, reverse=True)
        assert sum(0 < cell < 8 for cell in filled) <= 1
        assert filled[0] > 0
