"""Sorting in place in compiled code, for as few numbers as the tasks of a set or the latest scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl_zero.vm.jit import jit


@jit
def insertion_sort(values: NDArray[np.float64]) -> None:
    """Sort numbers in ascending order."""
    for last in range(1, values.shape[0]):
        value, position = values[last], last
        while position > 0 and values[position - 1] > value:
            values[position] = values[position - 1]
            position -= 1
        values[position] = value
