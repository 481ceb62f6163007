from __future__ import annotations

import pytest

from automl_zero.run.console.formatting import YEAR, clock, duration, effect_rows, short_number, span


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.6, "1k"),
        (1000, "1k"),
        (1234, "1.23k"),
        (123_456, "123k"),
        (999_600, "1M"),
        (2.284e6, "2.28M"),
        (1e12, "1T"),
        (1.234e15, "1,234T"),
    ],
)
def test_numbers_have_three_digits_and_a_unit(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (9.9, "0:09"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (90061, "25:01:01")],
)
def test_the_clock_has_hours_when_there_are_any(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_numbers_have_fewer_digits_where_that_is_enough() -> None:
    assert [short_number(value, digits=2) for value in (990, 1234, 99_600, 996_000)] == ["990", "1.2k", "100k", "1M"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.05, "0.05 seconds"),
        (3, "3 seconds"),
        (100, "100 seconds"),
        (180, "3 minutes"),
        (7200, "2 hours"),
        (10 * 86_400, "10 days"),
        (1234 * YEAR, "1,234 years"),
    ],
)
def test_a_duration_has_two_digits_and_a_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        ("3 minutes", "5 minutes", "3 to 5 minutes"),
        ("50 minutes", "3 hours", "50 minutes to 3 hours"),
        ("3 hours", "3 hours", "3 hours"),
        ("1.2M", "3M", "1.2M to 3M"),
        ("3M", "3M", "3M"),
    ],
)
def test_a_range_repeats_no_unit(least: str, most: str, text: str) -> None:
    assert span(least, most) == text


def test_mutations_are_reported_most_frequent_first_and_without_those_that_never_were() -> None:
    assert effect_rows({}) == []
    effects = {"insert": (1, 2, 3), "replace_op": (10, 0, 0), "remove": (0, 0, 0)}
    assert effect_rows(effects) == [("replace op", 10, 0, 0), ("insert", 1, 2, 3)]
