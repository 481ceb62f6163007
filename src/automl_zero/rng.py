"""The seed tree: all random numbers of a run follow from its one seed, along paths of names and numbers.

Seeds of different paths are independent, and the seed of a path does not depend on other random numbers.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np


def seed_at(seed: int, *path: str | int) -> int:
    """Return the 63-bit seed at a path of the tree, such as ``seed_at(7, "island", 3)``."""
    return int(_sequence(seed, path).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator_at(seed: int, *path: str | int) -> np.random.Generator:
    """Return a NumPy generator for a path of the tree."""
    return np.random.default_rng(_sequence(seed, path))


def _sequence(seed: int, path: tuple[str | int, ...]) -> np.random.SeedSequence:
    numbers = [crc32(part.encode()) if isinstance(part, str) else part for part in path]
    return np.random.SeedSequence(seed, spawn_key=numbers)
