"""Rows of a table made ready for programs: scaled by what was learnt from the training rows alone, shared out, padded.

A missing value is NaN; it becomes the mean of its column, which is 0 once the column is scaled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl_zero.tasks.image_tasks import ROUNDING
from automl_zero.tasks.task import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Scale:
    """What makes columns have mean 0 and deviation 1; one that is constant is only shifted.

    Attributes:
        mean: [columns]; ``deviation``: [columns], 1 where it would be 0.
    """

    mean: FloatArray
    deviation: FloatArray

    def apply(self, x: FloatArray, width: int) -> FloatArray:
        """Rows [rows, columns] scaled, and zeros added up to ``width`` columns."""
        with np.errstate(over="ignore"):
            scaled = np.nan_to_num((x - self.mean) / self.deviation)
        return np.pad(scaled, ((0, 0), (0, max(0, width - x.shape[1]))))


def scale_of(x: FloatArray) -> Scale:
    """The scale of training rows [rows, columns]."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    with np.errstate(over="ignore"):
        mean = np.where(known, x, 0).sum(axis=0) / count
        deviation = np.sqrt((np.where(known, x - mean, 0) ** 2).sum(axis=0) / count)
    is_usable = np.isfinite(deviation) & (deviation > ROUNDING * np.abs(mean))
    return Scale(mean, np.where(is_usable, deviation, 1.0))


def split_rows(y: FloatArray, num_classes: int, count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Row numbers in random order, ``count`` of them and the others; of every class its share (0 classes: none).

    The first part has rows of every class, if there is room.
    """
    order = rng.permutation(len(y))
    if num_classes:
        place = np.empty(len(y))  # of a row in its class, from 0 to 1
        for number in range(num_classes):
            members = np.flatnonzero(y[order] == number)
            place[members] = np.arange(len(members)) / max(1, len(members))
        order = order[np.argsort(place, kind="stable")]
    return rng.permutation(order[:count]), rng.permutation(order[count:])
