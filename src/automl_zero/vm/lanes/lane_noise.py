"""The draws of ``noise`` on lanes: element e of all tasks at once, equal to the NumPy definition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import lane_math
from automl_zero.vm.lanes.lanes import fma, load_words, splat, square_root, to_float
from automl_zero.vm.noise import GOLDEN_32, GOLDEN_64, MANTISSA_BITS, MIX_32, MIX_64


@jit
def mix64(x: Any) -> Any:
    """Mix a 64-bit integer."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(MIX_64[0])
    x = (x ^ (x >> np.uint64(27))) * np.uint64(MIX_64[1])
    return x ^ (x >> np.uint64(31))


@jit
def execution_key(seed: Any, stream: int, execution_step: int) -> Any:
    """The 64-bit key of one execution of one random instruction."""
    golden = np.uint64(GOLDEN_64)
    return mix64(mix64(seed + golden * np.uint64(stream + 1)) + golden * np.uint64(execution_step + 1))


@jit
def task_lanes(width: Any, key: Any, lane_tasks: int) -> Any:
    """The state all draws of one execution begin with; the tasks are those at the address ``lane_tasks``."""
    tasks = load_words(width, lane_tasks, 0)
    return _mix32(tasks ^ splat(tasks, key & np.uint64(0xFFFFFFFF)))


@jit
def uniform(like: Any, start: Any, key: Any, element: int) -> Any:
    """Element ``element`` of the uniform draws, in the type of ``like``."""
    spread = start + splat(start, np.uint64(element) * np.uint64(GOLDEN_32))
    bits = _mix32(_mix32(spread) ^ splat(start, key >> np.uint64(32)))
    whole = to_float(like, bits >> splat(start, 32 - MANTISSA_BITS))
    return fma(whole, splat(like, 2.0**-MANTISSA_BITS), splat(like, 2.0 ** -(MANTISSA_BITS + 1)))


@jit
def normal(like: Any, start: Any, key: Any, element: int) -> Any:
    """Element ``element`` of the standard normal draws."""
    radius = square_root(splat(like, -2.0) * lane_math.log(uniform(like, start, key, 2 * element)))
    return radius * lane_math.cos(splat(like, 2.0 * math.pi) * uniform(like, start, key, 2 * element + 1))


@jit
def _mix32(x: Any) -> Any:
    x = (x ^ (x >> splat(x, 16))) * splat(x, MIX_32[0])
    x = (x ^ (x >> splat(x, 15))) * splat(x, MIX_32[1])
    return x ^ (x >> splat(x, 16))
