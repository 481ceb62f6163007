"""Programs that have left islands of late, from which islands that do not wait for each other get their migrants.

Of each island, those that have left it last; what is drawn follows from them and the generator alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl_zero.run.islands.migration import Array, Programs


class MigrantPool:
    """Of so many islands; empty at first."""

    def __init__(self, islands: int) -> None:
        self._is_there = np.zeros(islands, np.bool_)
        self._programs: dict[str, Array] = {}  # [islands, migrants, ...]

    def put(self, island: int, programs: Programs) -> None:
        """What has left an island takes the place of what had left it before."""
        for name, array in programs.items():
            if name not in self._programs:
                self._programs[name] = np.zeros((len(self._is_there), *array.shape), array.dtype)
            self._programs[name][island] = array
        self._is_there[island] = True

    def draw(self, island: int, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Programs] | None:
        """Copies of so many programs of other islands, and the islands that they come from; None if there are none."""
        others = np.flatnonzero(self._is_there)
        others = others[others != island]
        if not len(others):
            return None
        sources = rng.choice(others, count)
        places = rng.integers(self._programs["fitness"].shape[1], size=count)
        return sources, {name: array[sources, places] for name, array in self._programs.items()}

    @property
    def ancestors(self) -> NDArray[np.uint64]:
        """Of all programs in it, as in ``Population``."""
        if not self._programs:
            return np.zeros(0, np.uint64)
        return np.asarray(self._programs["ancestor"][self._is_there].ravel())
