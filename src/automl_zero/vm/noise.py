"""Random draws of the random ops, from a counter-based generator.

A draw is a pure function of (seed, task, stream, execution step, element). It does not depend on lanes, threads or
other draws, so that any evaluation can be repeated alone. A stream belongs to one random instruction, an execution step
to one example: step 0 is Setup, and every training or validation example of every epoch has a step of its own. Both
precisions use the same draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GOLDEN_32 = 0x9E3779B9  # 2**32 divided by the golden ratio: multiples of it are spread evenly
GOLDEN_64 = 0x9E3779B97F4A7C15  # the same for 2**64
MIX_64 = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # splitmix64's finalizer
MIX_32 = (0x7FEB352D, 0x846CA68B)  # the "lowbias32" finalizer, low bias in all 32 bits
MANTISSA_BITS = 23  # of a uniform draw: exact in float32, and never 0 or 1
MASK_64 = (1 << 64) - 1


def mix64(x: int) -> int:
    """Mix the bits of a 64-bit integer (splitmix64); 0 stays 0."""
    x = ((x ^ (x >> 30)) * MIX_64[0]) & MASK_64
    x = ((x ^ (x >> 27)) * MIX_64[1]) & MASK_64
    return x ^ (x >> 31)


def execution_key(seed: int, stream: int, execution_step: int) -> int:
    """Return the 64-bit key of one execution of one random instruction."""
    return mix64((mix64((seed + GOLDEN_64 * (stream + 1)) & MASK_64) + GOLDEN_64 * (execution_step + 1)) & MASK_64)


def uniform(seed: int, task: int, stream: int, execution_step: int, count: int) -> NDArray[np.float64]:
    """Return ``count`` draws in the open interval (0, 1)."""
    return _uniform(execution_key(seed, stream, execution_step), task, np.arange(count, dtype=np.uint32))


def normal(seed: int, task: int, stream: int, execution_step: int, count: int) -> NDArray[np.float64]:
    """Return ``count`` standard normal draws (Box-Muller, each from two uniform draws)."""
    key, element = execution_key(seed, stream, execution_step), np.arange(count, dtype=np.uint32)
    radius = np.sqrt(-2.0 * np.log(_uniform(key, task, 2 * element)))
    return np.asarray(radius * np.cos(2.0 * np.pi * _uniform(key, task, 2 * element + 1)), np.float64)


def _uniform(key: int, task: int, element: NDArray[np.uint32]) -> NDArray[np.float64]:
    # The low half of the key is mixed with the task, the high half with the element.
    low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    lane = _mix32(np.full(1, (task * GOLDEN_32) & 0xFFFFFFFF, np.uint32) ^ low)
    bits = _mix32(_mix32(lane + element * np.uint32(GOLDEN_32)) ^ high)
    return np.asarray(((bits >> np.uint32(32 - MANTISSA_BITS)) + 0.5) * 2.0**-MANTISSA_BITS, np.float64)


def _mix32(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    x = (x ^ (x >> np.uint32(16))) * np.uint32(MIX_32[0])
    x = (x ^ (x >> np.uint32(15))) * np.uint32(MIX_32[1])
    return x ^ (x >> np.uint32(16))
