"""The hurdle: after a short evaluation, only programs that do better than most are evaluated in full.

Its height is a quantile of the distinct scores among the latest (paper, supplement S3), so it follows the population.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.sort import insertion_sort
from automl_zero.vm.jit import jit

RECENT = 100  # scores that decide on the height, which is computed again after as many


class Hurdle(NamedTuple):
    """The state of the hurdle.

    Attributes:
        recent: [100] the latest scores, a ring buffer.
        seen: [1] number of scores so far.
        height: [1] the least score that passes.
    """

    recent: NDArray[np.float64]
    seen: NDArray[np.int64]
    height: NDArray[np.float64]


def new_hurdle() -> Hurdle:
    """Return a hurdle of height 0, which every score passes."""
    return Hurdle(recent=np.zeros(RECENT), seen=np.zeros(1, np.int64), height=np.zeros(1))


@jit
def passes_hurdle(hurdle: Hurdle, score: float, quantile: float) -> bool:
    """Return whether a score is at least as high as the hurdle, and add it to the scores that decide on the height."""
    passed = score >= hurdle.height[0]
    hurdle.recent[hurdle.seen[0] % RECENT] = score
    hurdle.seen[0] += 1
    if hurdle.seen[0] % RECENT == 0:
        insertion_sort(hurdle.recent)  # the ring is full, so all of it is overwritten before it is sorted again
        hurdle.height[0] = _quantile_of_distinct(hurdle.recent, quantile)
    return bool(passed)


@jit
def _quantile_of_distinct(ordered: NDArray[np.float64], quantile: float) -> float:
    """Return the value that this share of the distinct values lies below."""
    # Distinct ones, since many programs score as a constant does, and that score alone would be most quantiles.
    distinct = 1
    for k in range(1, ordered.shape[0]):
        distinct += ordered[k] != ordered[k - 1]
    below, k = min(int(quantile * distinct), distinct - 1), 0
    while below > 0:
        k += 1
        below -= ordered[k] != ordered[k - 1]
    return float(ordered[k])
