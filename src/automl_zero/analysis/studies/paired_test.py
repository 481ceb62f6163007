"""How much better one program is than another on the same tasks, with an interval."""

from __future__ import annotations

import numpy as np

from automl_zero.analysis.compare import LEVEL, RESAMPLES, IntervalEstimate
from automl_zero.rng import generator_at
from automl_zero.tasks.task import FloatArray


def paired_difference(one: FloatArray, other: FloatArray) -> IntervalEstimate:
    """Mean of ``one - other``, where both hold the fitness on the same tasks, [seeds, tasks].

    The interval is that of a bootstrap in two steps, seeds first and then tasks of each: what a seed decides, such as
    the values that a tuning found, is common to all its tasks. With few seeds it is too narrow; with one, it tells of
    the tasks alone.
    """
    difference = one - other
    seeds, tasks = difference.shape
    rng = generator_at(0, "paired bootstrap", seeds, tasks)
    drawn_seeds = rng.integers(seeds, size=(RESAMPLES, seeds, 1))
    drawn_tasks = rng.integers(tasks, size=(RESAMPLES, seeds, tasks))
    means = difference[drawn_seeds, drawn_tasks].mean(axis=(1, 2))
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return IntervalEstimate(float(difference.mean()), float(low), float(high))
