"""Products and rearrangements of matrices and vectors in memory, for all lanes at once.

``mem`` is the address of the memory; ``out``, ``a`` and ``b`` are indices of the operands in it, and ``scratch`` is the
index of its end, which holds results whose output may be an input. Element (i, j) of a matrix is at (i F + j) lanes, so
``side``, F times lanes, is the distance from one row to the next.
"""

from __future__ import annotations

from automl_zero.vm.aliases import Address
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes.lane_arithmetic import fma, square_root
from automl_zero.vm.lanes.lanes import Width, load, read_shared, store, width_of, zeros


@jit
def outer(width: Width, mem: Address, out: int, a: int, b: int, side: int) -> None:
    """Store the outer product of two vectors; ``a`` is read row by row, before the row of the output is written."""
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, x * load(width, mem, b + k))
        out += side


@jit
def add_outer(width: Width, mem: Address, out: int, a: int, b: int, side: int) -> None:
    """Add the outer product of two vectors to a matrix; each product is rounded before it is added (see ``fuse``)."""
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, load(width, mem, out + k) + x * load(width, mem, b + k))
        out += side


@jit
def matrix_vector(width: Width, mem: Address, out: int, a: int, b: int, scratch: int, num_features: int) -> None:
    """Store the product of a matrix and a vector, which may be the output: the sums go to the scratch first.

    Four rows at a time: four sums run side by side, and an element of the vector is loaded once for all of them.
    """
    lanes = width_of(width)
    side = num_features * lanes
    zero = zeros(width)
    row = 0
    while row + 4 <= num_features:
        row0 = a + row * side
        row1, row2, row3 = row0 + side, row0 + 2 * side, row0 + 3 * side
        sum0, sum1, sum2, sum3 = zero, zero, zero, zero
        for k in range(0, side, lanes):
            x = load(width, mem, b + k)
            sum0 = fma(load(width, mem, row0 + k), x, sum0)
            sum1 = fma(load(width, mem, row1 + k), x, sum1)
            sum2 = fma(load(width, mem, row2 + k), x, sum2)
            sum3 = fma(load(width, mem, row3 + k), x, sum3)
        first = scratch + row * lanes
        store(mem, first, sum0)
        store(mem, first + lanes, sum1)
        store(mem, first + 2 * lanes, sum2)
        store(mem, first + 3 * lanes, sum3)
        row += 4
    while row < num_features:
        total = zero
        for k in range(0, side, lanes):
            total = fma(load(width, mem, a + row * side + k), load(width, mem, b + k), total)
        store(mem, scratch + row * lanes, total)
        row += 1
    copy(width, mem, out, scratch, side)


@jit
def matrix_matrix(
    width: Width, mem: Address, out: int, a: int, b: int, scratch: int, num_features: int, stop: int
) -> None:
    """Store the product of two matrices, which may be the output: the sums go to the scratch first.

    This is the only instruction that may take minutes by itself, so it reads the stop flag before each row.
    """
    lanes = width_of(width)
    side = num_features * lanes
    for row in range(num_features):
        if read_shared(stop):
            return
        for column in range(0, side, lanes):
            total = zeros(width)
            for k in range(num_features):
                total = fma(
                    load(width, mem, a + row * side + k * lanes), load(width, mem, b + k * side + column), total
                )
            store(mem, scratch + row * side + column, total)
    copy(width, mem, out, scratch, num_features * side)


@jit
def copy(width: Width, mem: Address, out: int, a: int, size: int) -> None:
    """Copy a vector or matrix."""
    for k in range(0, size, width_of(width)):
        store(mem, out + k, load(width, mem, a + k))


@jit
def column_broadcast(width: Width, mem: Address, out: int, a: int, side: int) -> None:
    """Store a matrix each of whose columns is the vector ``a``."""
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, x)
        out += side


@jit
def column_norm(width: Width, mem: Address, out: int, a: int, side: int, size: int) -> None:
    """Store the Euclidean norm of every column."""
    for column in range(0, side, width_of(width)):
        total = zeros(width)
        for row in range(0, size, side):
            x = load(width, mem, a + row + column)
            total = fma(x, x, total)
        store(mem, out + column, square_root(total))


@jit
def transpose(width: Width, mem: Address, out: int, a: int, num_features: int) -> None:
    """Store the transpose, in place if need be: both mirrored elements are read before either is written."""
    lanes = width_of(width)
    for i in range(num_features):
        for j in range(i + 1):
            mirrored, own = (j * num_features + i) * lanes, (i * num_features + j) * lanes
            x, y = load(width, mem, a + mirrored), load(width, mem, a + own)
            store(mem, out + own, x)
            store(mem, out + mirrored, y)
