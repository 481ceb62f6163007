"""Sums over the elements of a vector or matrix in memory, for all lanes at once.

``mem`` is the address of the memory, ``a`` and ``b`` are the indices of the operands in it, and ``size`` is the number
of elements times lanes. The sums run in a fixed order for every number of lanes, so that a lane's result does not
depend on the others.
"""

from __future__ import annotations

from automl_zero.vm.aliases import Address, LaneValues
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes.lane_arithmetic import fma, square_root, where_less
from automl_zero.vm.lanes.lanes import Width, load, splat, width_of, zeros


@jit
def dot(width: Width, mem: Address, a: int, b: int, size: int) -> LaneValues:
    """Return the sum of the products of two vectors or matrices.

    Four partial sums run side by side where there are enough elements, so that one multiply-add need not wait for the
    one before it. The order of the sums depends on ``size`` alone.
    """
    lanes = width_of(width)
    total = zeros(width)
    k = 0
    if size >= 8 * lanes:
        sum1, sum2, sum3 = total, total, total
        while k + 4 * lanes <= size:
            total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
            sum1 = fma(load(width, mem, a + k + lanes), load(width, mem, b + k + lanes), sum1)
            sum2 = fma(load(width, mem, a + k + 2 * lanes), load(width, mem, b + k + 2 * lanes), sum2)
            sum3 = fma(load(width, mem, a + k + 3 * lanes), load(width, mem, b + k + 3 * lanes), sum3)
            k += 4 * lanes
        total = (total + sum1) + (sum2 + sum3)
    while k < size:
        total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
        k += lanes
    return total


@jit
def mean(width: Width, mem: Address, a: int, size: int) -> LaneValues:
    """Return the mean of a vector or matrix, summed from the first element to the last."""
    lanes = width_of(width)
    total = zeros(width)
    for k in range(0, size, lanes):
        total = total + load(width, mem, a + k)
    return total / splat(total, float(size // lanes))


@jit
def std(width: Width, mem: Address, a: int, size: int) -> LaneValues:
    """Return the population standard deviation, sqrt(mean(a**2) - mean(a)**2); a radicand below 0 is rounding."""
    average = mean(width, mem, a, size)
    squares = dot(width, mem, a, a, size) / splat(average, float(size // width_of(width)))
    variance, zero = squares - average * average, splat(average, 0.0)
    return square_root(where_less(variance, zero, zero, variance))
