"""The random numbers of the search: xoshiro256++ (Blackman and Vigna 2021), its state an array that an island owns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from automl_zero import rng
from automl_zero.search.conventions import RandomState
from automl_zero.vm.jit import jit


def new_state(seed: int) -> NDArray[np.uint64]:
    """Return the state [4] at the start of the stream of a seed."""
    return np.array([rng.seed_at(seed, "word", word) for word in range(4)], np.uint64)


@jit
def next_word(state: RandomState) -> np.uint64:
    """Draw 64 random bits."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    result: np.uint64 = _rotate(s0 + s3, 23) + s0
    shifted = s1 << np.uint64(17)
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ shifted
    state[3] = _rotate(s3, 45)
    return result


@jit
def _rotate(word: np.uint64, bits: int) -> np.uint64:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@jit
def below(state: RandomState, limit: int) -> int:
    """Draw an integer from 0 to ``limit`` - 1; ``limit`` is below 2**31."""
    # The upper 32 bits, as a fraction of 2**32, times the limit; without rejection, the bias is at most limit / 2**32.
    return int(np.int64(((next_word(state) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)))


@jit
def uniform(state: RandomState, low: float, high: float) -> float:
    """Draw a number from [low, high)."""
    return low + (high - low) * (float(next_word(state) >> np.uint64(11)) * 2.0**-53)  # the upper 53 bits


@jit
def normal(state: RandomState) -> float:
    """Draw a standard normal number (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state, 0.0, 1.0)))  # 1 - u is above 0
    return radius * math.cos(uniform(state, 0.0, 2.0 * math.pi))
