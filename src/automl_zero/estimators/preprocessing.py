"""Preprocessing of table rows for programs: scaling by statistics of the training rows, splitting, padding.

A missing value is NaN and becomes the mean of its column, which is 0 after scaling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from automl_zero.tasks.image_tasks import ROUNDING
from automl_zero.tasks.task import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Scale:
    """A standardization of columns to mean 0 and standard deviation 1; constant columns are only shifted.

    Attributes:
        mean: [columns] the means.
        deviation: [columns] the standard deviations, 1 in place of 0.
    """

    mean: FloatArray
    deviation: FloatArray

    def apply(self, x: FloatArray, width: int) -> FloatArray:
        """Scale rows [rows, columns], and pad them with zeros up to ``width`` columns."""
        with np.errstate(over="ignore"):
            scaled = np.nan_to_num((x - self.mean) / self.deviation)
        return np.pad(scaled, ((0, 0), (0, max(0, width - x.shape[1]))))


def fit_scale(x: FloatArray) -> Scale:
    """Return the scale of training rows [rows, columns]."""
    known = ~np.isnan(x)
    count = np.maximum(known.sum(axis=0), 1)
    with np.errstate(over="ignore"):
        mean = np.where(known, x, 0).sum(axis=0) / count
        deviation = np.sqrt((np.where(known, x - mean, 0) ** 2).sum(axis=0) / count)
    # A column counts as constant if its deviation is rounding error of its mean; an overflow leaves it unscaled, too.
    is_usable = np.isfinite(deviation) & (deviation > ROUNDING * np.abs(mean))
    return Scale(mean, np.where(is_usable, deviation, 1.0))


def split_rows(y: FloatArray, num_classes: int, count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Split shuffled row numbers into ``count`` and the rest, stratified by class (0 classes: not stratified).

    The first part has rows of every class, if ``count`` allows.
    """
    order = rng.permutation(len(y))
    if num_classes:
        place = np.empty(len(y))  # the relative position of a row within its class, from 0 to 1
        for number in range(num_classes):
            of_class = np.flatnonzero(y[order] == number)
            place[of_class] = np.arange(len(of_class)) / max(1, len(of_class))
        # Sorting by relative position interleaves the classes, so that every prefix is stratified.
        order = order[np.argsort(place, kind="stable")]
    return rng.permutation(order[:count]), rng.permutation(order[count:])
