"""Rounded numbers, times and counts as text for users; the events have the exact ones."""

from __future__ import annotations

from collections.abc import Mapping

NUMBERS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
COMPILING = "compiling the engine, once per machine, about 30 s"
NOT_DETERMINISTIC = "not deterministic: islands do not wait for each other"
YEAR = 365.25 * 86_400  # seconds
TIMES = ((YEAR, "years"), (86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
TWO = 1.95  # the least number of a unit that is rounded to "2.0"; below, the next smaller unit is used


def clock(seconds: float) -> str:
    """Format a time as minutes and seconds, with hours if there are any, such as ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_number(value: float, digits: int = 3) -> str:
    """Format a number with ``digits`` significant digits and a unit, such as ``1.24M``."""
    least = 1 - 0.5 * 10**-digits  # the least number that is rounded to 1
    size, unit = next(((size, unit) for size, unit in NUMBERS if value >= least * size), (1.0, ""))
    return _digits(value / size, digits) + unit if unit else f"{value:.0f}"


def _digits(value: float, digits: int) -> str:
    """Format a number with this many significant digits, never with an exponent."""
    return f"{value:.{digits}g}" if value < 10**digits - 0.5 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Format a duration with two digits and a unit, such as ``3 minutes`` or ``1,200 years``."""
    size, unit = next(((size, unit) for size, unit in TIMES if seconds >= TWO * size), (1.0, "seconds"))
    return f"{_digits(seconds / size, 2)} {unit}"


def span(least: str, most: str) -> str:
    """Join two durations or numbers to a range, such as ``2 to 3 hours``; equal ones to one of them."""
    unit = least.partition(" ")[2]
    if least == most:
        return most
    return f"{least.partition(' ')[0] if unit and unit == most.partition(' ')[2] else least} to {most}"


def effect_rows(effects: Mapping[str, tuple[int, int, int]]) -> list[tuple[str, int, int, int]]:
    """List each mutation with the numbers of children less fit than, as fit as and fitter than their parents.

    Mutations without children are left out; the one with the most children comes first.
    """
    rows = [(name.replace("_", " "), *counts) for name, counts in effects.items() if any(counts)]
    return sorted(rows, key=lambda row: -sum(row[1:]))
