"""The paired difference of two programs on the same tasks, with a confidence interval."""

from __future__ import annotations

import numpy as np

from automl_zero.analysis.compare import LEVEL, RESAMPLES, IntervalEstimate
from automl_zero.rng import generator_at
from automl_zero.tasks.task import FloatArray


def paired_difference(one: FloatArray, other: FloatArray) -> IntervalEstimate:
    """Return the mean of ``one - other``, where both hold the fitness on the same tasks, [seeds, tasks].

    The interval is a two-stage percentile bootstrap (Davison and Hinkley 1997, section 3.8): seeds are resampled first,
    then tasks within each drawn seed, since what a seed decides, such as the tuned constants, is common to all its
    tasks. With few seeds the interval is too narrow; with one, it covers the variation between tasks alone.
    """
    difference = one - other
    seeds, tasks = difference.shape
    rng = generator_at(0, "paired bootstrap", seeds, tasks)
    # A resample has the mean of difference[s_i, t_ij] over i and j, with s_i drawn from the seeds and t_ij from the
    # tasks of s_i. Both scores stay together in the difference, so the variance that they share cancels.
    drawn_seeds = rng.integers(seeds, size=(RESAMPLES, seeds, 1))
    drawn_tasks = rng.integers(tasks, size=(RESAMPLES, seeds, tasks))
    means = difference[drawn_seeds, drawn_tasks].mean(axis=(1, 2))
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return IntervalEstimate(float(difference.mean()), float(low), float(high))
