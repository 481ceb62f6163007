"""The pool of emigrants from which islands that do not wait for each other draw their immigrants.

For each island, it holds the programs that left it last. What is drawn depends on them and on the generator alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl_zero.run.islands.migration import Array, Programs


class MigrantPool:
    """The latest emigrants of each of ``islands`` islands; empty at first."""

    def __init__(self, islands: int) -> None:
        self._has_emigrants = np.zeros(islands, np.bool_)
        self._programs: dict[str, Array] = {}  # [islands, migrants, ...]

    def put(self, island: int, programs: Programs) -> None:
        """Replace the emigrants of an island."""
        for name, array in programs.items():
            if name not in self._programs:
                self._programs[name] = np.zeros((len(self._has_emigrants), *array.shape), array.dtype)
            self._programs[name][island] = array
        self._has_emigrants[island] = True

    def draw(self, island: int, count: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], Programs] | None:
        """Draw ``count`` programs of other islands, with replacement.

        Returns:
            The islands that the programs come from, [count], and copies of the programs; None if there are none.
        """
        others = np.flatnonzero(self._has_emigrants)
        others = others[others != island]
        if not len(others):
            return None
        sources = rng.choice(others, count)
        places = rng.integers(self._programs["fitness"].shape[1], size=count)
        return sources, {name: array[sources, places] for name, array in self._programs.items()}

    @property
    def ancestors(self) -> NDArray[np.uint64]:
        """The ancestor of each program in the pool, as in ``Population.ancestor``."""
        if not self._programs:
            return np.zeros(0, np.uint64)
        return np.asarray(self._programs["ancestor"][self._has_emigrants].ravel())
