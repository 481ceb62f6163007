"""A hurdle: after a short evaluation, only the programs that do better than most go on (paper, supplement S3).

Its height is a quantile of the different scores among the latest, and rises and falls with them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.sort import insertion_sort
from automl_zero.vm.jit import jit

RECENT = 100  # scores that decide on the height, which is set anew after as many


class Hurdle(NamedTuple):
    """``recent``: [100] the latest scores, a ring; ``seen``: [1] scores so far; ``height``: [1]."""

    recent: NDArray[np.float64]
    seen: NDArray[np.int64]
    height: NDArray[np.float64]


def new_hurdle() -> Hurdle:
    """One that every score clears, until there are enough of them."""
    return Hurdle(np.zeros(RECENT), np.zeros(1, np.int64), np.zeros(1))


@jit
def clears(hurdle: Hurdle, score: float, quantile: float) -> bool:
    """Whether a score is as high as the hurdle; take note of the score."""
    cleared = score >= hurdle.height[0]
    hurdle.recent[hurdle.seen[0] % RECENT] = score
    hurdle.seen[0] += 1
    if hurdle.seen[0] % RECENT == 0:
        insertion_sort(hurdle.recent)
        hurdle.height[0] = _quantile_of_different(hurdle.recent, quantile)
    return bool(cleared)


@jit
def _quantile_of_different(ordered: NDArray[np.float64], quantile: float) -> float:
    """The value that this share of the different values lies below."""
    different = 1
    for k in range(1, ordered.shape[0]):
        different += ordered[k] != ordered[k - 1]
    below, k = min(int(quantile * different), different - 1), 0
    while below > 0:
        k += 1
        below -= ordered[k] != ordered[k - 1]
    return float(ordered[k])
