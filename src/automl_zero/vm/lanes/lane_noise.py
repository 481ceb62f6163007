"""Random draws for all lanes at once: the compiled twin of ``vm.noise``, equal to it bit by bit.

Each lane belongs to a task; a draw is a pure function of (seed, task, stream, execution step, element).
"""

from __future__ import annotations

import math

import numpy as np

from automl_zero.vm.aliases import Address, Key, LaneValues, LaneWords
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import lane_math
from automl_zero.vm.lanes.lane_arithmetic import fma, square_root, to_float
from automl_zero.vm.lanes.lanes import Width, load_words, splat
from automl_zero.vm.noise import GOLDEN_32, GOLDEN_64, MANTISSA_BITS, MIX_32, MIX_64


@jit
def mix64(x: np.uint64) -> Key:
    """Mix the bits of a 64-bit integer (splitmix64's finalizer); 0 stays 0."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(MIX_64[0])
    x = (x ^ (x >> np.uint64(27))) * np.uint64(MIX_64[1])
    return x ^ (x >> np.uint64(31))


@jit
def execution_key(seed: np.uint64, stream: int, execution_step: int) -> Key:
    """Return the 64-bit key of one execution of one random instruction."""
    golden = np.uint64(GOLDEN_64)
    return mix64(mix64(seed + golden * np.uint64(stream + 1)) + golden * np.uint64(execution_step + 1))


@jit
def task_lanes(width: Width, key: Key, lane_tasks: Address) -> LaneWords:
    """Return the state that all draws of one execution start from; ``lane_tasks`` points to a block's task numbers."""
    tasks = load_words(width, lane_tasks, 0)
    return _mix32(tasks ^ splat(tasks, key & np.uint64(0xFFFFFFFF)))


@jit
def uniform(like: LaneValues, start: LaneWords, key: Key, element: int) -> LaneValues:
    """Return one element of the uniform draws in (0, 1), in the type of ``like``."""
    spread = start + splat(start, np.uint64(element) * np.uint64(GOLDEN_32))
    bits = _mix32(_mix32(spread) ^ splat(start, key >> np.uint64(32)))
    # (bits + 1/2) / 2**23: exact in float32, and neither 0 nor 1
    whole = to_float(like, bits >> splat(start, 32 - MANTISSA_BITS))
    return fma(whole, splat(like, 2.0**-MANTISSA_BITS), splat(like, 2.0 ** -(MANTISSA_BITS + 1)))


@jit
def normal(like: LaneValues, start: LaneWords, key: Key, element: int) -> LaneValues:
    """Return one element of the standard normal draws, by Box and Muller: sqrt(-2 log u1) cos(2 pi u2)."""
    radius = square_root(splat(like, -2.0) * lane_math.log(uniform(like, start, key, 2 * element)))
    return radius * lane_math.cos(splat(like, 2.0 * math.pi) * uniform(like, start, key, 2 * element + 1))


@jit
def _mix32(x: LaneWords) -> LaneWords:
    """Mix the bits of 32-bit integers ("lowbias32")."""
    x = (x ^ (x >> splat(x, 16))) * splat(x, MIX_32[0])
    x = (x ^ (x >> splat(x, 15))) * splat(x, MIX_32[1])
    return x ^ (x >> splat(x, 16))
