"""Sorting in place in compiled code, for numbers as few as the tasks of a set or the latest scores."""

from __future__ import annotations

from typing import Any

from automl_zero.vm.jit import jit


@jit
def insertion_sort(values: Any) -> None:
    """Sort numbers, the smallest first."""
    for last in range(1, values.shape[0]):
        value, place = values[last], last
        while place > 0 and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value
