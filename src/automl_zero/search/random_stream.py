"""The random numbers of the search: xoshiro256++, its state an array that belongs to an island."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero import rng
from automl_zero.vm.jit import jit


def new_state(seed: int) -> NDArray[np.uint64]:
    """[4] the state at the start of a stream."""
    return np.array([rng.seed_at(seed, "word", word) for word in range(4)], np.uint64)


@jit
def next_word(state: Any) -> Any:
    """64 random bits."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    result = _rotate(s0 + s3, 23) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ shifted
    state[3] = _rotate(s3, 45)
    return result


@jit
def _rotate(x: Any, bits: int) -> Any:
    return (x << np.uint64(bits)) | (x >> np.uint64(64 - bits))


@jit
def below(state: Any, limit: int) -> int:
    """A whole number from 0 up to, not including, ``limit``, which is below 2**31."""
    return int(np.int64(((next_word(state) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)))


@jit
def uniform(state: Any, low: float, high: float) -> float:
    """A number in [low, high)."""
    return low + (high - low) * (float(next_word(state) >> np.uint64(11)) * 2.0**-53)


@jit
def normal(state: Any) -> float:
    """A standard normal number (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state, 0.0, 1.0)))
    return radius * math.cos(uniform(state, 0.0, 2.0 * math.pi))
