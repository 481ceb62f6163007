"""The compiled interpreter: one lowered program, one lane for each of several tasks, one dispatch for all of them.

The memory is one flat array, lane innermost; operands are offsets into it. Every branch has the meaning that the op's
row gives it (``program.ops``): outputs may alias inputs, sums run in one fixed order for every number of lanes, and
nothing reassociates. The end of the memory is scratch for products whose output may be an input.
"""

from __future__ import annotations

from typing import Any

from automl_zero.vm import lane_math, lane_noise
from automl_zero.vm.jit import jit
from automl_zero.vm.lanes import (
    absolute,
    fma,
    keep_apart,
    load,
    read_integer,
    read_number,
    splat,
    square_root,
    store,
    where_at_most,
    where_less,
    width_of,
    zeros,
)
from automl_zero.vm.lower import (
    ABS, ARCCOS, ARCSIN, ARCTAN, BROADCAST, COLUMN_BROADCAST, COLUMN_NORM, COLUMNS, COS, DIFF, DIVISION, DOT, EXP, EXTENT,
    GAUSSIAN, KERNEL, LEFT, LOG, MATRIX_MATRIX, MATRIX_MAX, MATRIX_MIN, MATRIX_VECTOR, MAX, MAX_CONSTANTS, MEAN, MIN, NORM, OUTER,
    PRODUCT, RECIPROCAL, RIGHT, ROW_BROADCAST, ROW_MEAN, ROW_NORM, ROW_STD, SCALE, SET_ELEMENT, SET_MATRIX_ELEMENT,
    SET_SCALAR, SIN, STD, STEP, STEP_AT_ZERO, STREAM, SUM, TAN, TARGET, TRANSPOSE, UNIFORM,
)  # fmt: skip


@jit
def run(width: Any, code: int, data: int, first: int, last: int, mem: int, scratch: int, num_features: int, seed: Any, tick: int, lane_tasks: int) -> None:  # noqa: E501
    """Execute rows ``first`` to ``last`` (not included) of a lowered program once."""
    keep_apart()
    lanes = width_of(width)
    for row in range(first, last):
        at = row * COLUMNS
        op, extent = read_integer(code, at + KERNEL), read_integer(code, at + EXTENT)
        out, a, b = read_integer(code, at + TARGET), read_integer(code, at + LEFT), read_integer(code, at + RIGHT)
        if op == SUM:
            for k in range(0, extent, lanes):
                store(mem, out + k, load(width, mem, a + k) + load(width, mem, b + k))
        elif op == DIFF:
            for k in range(0, extent, lanes):
                store(mem, out + k, load(width, mem, a + k) - load(width, mem, b + k))
        elif op == PRODUCT:
            for k in range(0, extent, lanes):
                store(mem, out + k, load(width, mem, a + k) * load(width, mem, b + k))
        elif op == DIVISION:
            for k in range(0, extent, lanes):
                store(mem, out + k, load(width, mem, a + k) / load(width, mem, b + k))
        elif op == ABS:
            for k in range(0, extent, lanes):
                store(mem, out + k, absolute(load(width, mem, a + k)))
        elif op == RECIPROCAL:
            for k in range(0, extent, lanes):
                x = load(width, mem, a + k)
                store(mem, out + k, splat(x, 1.0) / x)
        elif op == SIN:
            store(mem, out, lane_math.sin(load(width, mem, a)))
        elif op == COS:
            store(mem, out, lane_math.cos(load(width, mem, a)))
        elif op == TAN:
            store(mem, out, lane_math.tan(load(width, mem, a)))
        elif op == ARCSIN:
            store(mem, out, lane_math.arcsin(load(width, mem, a)))
        elif op == ARCCOS:
            store(mem, out, lane_math.arccos(load(width, mem, a)))
        elif op == ARCTAN:
            store(mem, out, lane_math.arctan(load(width, mem, a)))
        elif op == EXP:
            store(mem, out, lane_math.exp(load(width, mem, a)))
        elif op == LOG:
            store(mem, out, lane_math.log(load(width, mem, a)))
        elif op == STEP_AT_ZERO:
            x = load(width, mem, a)
            store(mem, out, where_at_most(splat(x, 0.0), x, splat(x, 1.0), splat(x, 0.0)))
        elif op == STEP:
            for k in range(0, extent, lanes):
                x = load(width, mem, a + k)
                store(mem, out + k, where_less(splat(x, 0.0), x, splat(x, 1.0), splat(x, 0.0)))
        elif op == SCALE:
            x = load(width, mem, a)
            for k in range(0, extent, lanes):
                store(mem, out + k, x * load(width, mem, b + k))
        elif op == BROADCAST:
            x = load(width, mem, a)
            for k in range(0, extent, lanes):
                store(mem, out + k, x)
        elif op == NORM:
            store(mem, out, square_root(_dot(width, mem, a, a, extent)))
        elif op == DOT:
            store(mem, out, _dot(width, mem, a, b, extent))
        elif op == OUTER:
            _outer(width, mem, out, a, b, extent, num_features)
        elif op == MATRIX_VECTOR:
            _matrix_vector(width, mem, out, a, b, scratch, num_features)
        elif op == COLUMN_BROADCAST:
            _column_broadcast(width, mem, out, a, num_features)
        elif op == ROW_BROADCAST:
            _row_broadcast(width, mem, out, a, num_features)
        elif op == COLUMN_NORM:
            _column_norm(width, mem, out, a, num_features)
        elif op == ROW_NORM:
            side = num_features * lanes
            for k in range(num_features):
                store(mem, out + k * lanes, square_root(_dot(width, mem, a + k * side, a + k * side, side)))
        elif op == TRANSPOSE:
            _transpose(width, mem, out, a, num_features)
        elif op == MATRIX_MATRIX:
            _matrix_matrix(width, mem, out, a, b, scratch, num_features)
        elif op == MIN:
            for k in range(0, extent, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, y, x))
        elif op == MATRIX_MIN:
            for k in range(0, extent, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, x, y))
        elif op == MAX:
            for k in range(0, extent, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, y, x))
        elif op == MATRIX_MAX:
            for k in range(0, extent, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, x, y))
        elif op == MEAN:
            store(mem, out, _mean(width, mem, a, extent))
        elif op == ROW_MEAN:
            side = num_features * lanes
            for k in range(num_features):
                store(mem, out + k * lanes, _mean(width, mem, a + k * side, side))
        elif op == ROW_STD:
            side = num_features * lanes
            for k in range(num_features):
                store(mem, out + k * lanes, _std(width, mem, a + k * side, side))
        elif op == STD:
            store(mem, out, _std(width, mem, a, extent))
        elif op == SET_SCALAR:
            store(mem, out, splat(zeros(width), read_number(data, MAX_CONSTANTS * row + 0)))
        elif op == SET_ELEMENT:
            k = int(read_number(data, MAX_CONSTANTS * row + 0) * num_features) * lanes
            store(mem, out + k, splat(zeros(width), read_number(data, MAX_CONSTANTS * row + 1)))
        elif op == SET_MATRIX_ELEMENT:
            k = (int(read_number(data, MAX_CONSTANTS * row + 0) * num_features) * num_features + int(read_number(data, MAX_CONSTANTS * row + 1) * num_features)) * lanes
            store(mem, out + k, splat(zeros(width), read_number(data, MAX_CONSTANTS * row + 2)))
        elif op == UNIFORM:
            key = lane_noise.execution_key(seed, read_integer(code, at + STREAM), tick)
            _uniform(width, mem, out, extent, read_number(data, MAX_CONSTANTS * row + 0), read_number(data, MAX_CONSTANTS * row + 1), key, lane_tasks)
        elif op == GAUSSIAN:
            key = lane_noise.execution_key(seed, read_integer(code, at + STREAM), tick)
            _gaussian(width, mem, out, extent, read_number(data, MAX_CONSTANTS * row + 0), read_number(data, MAX_CONSTANTS * row + 1), key, lane_tasks)


@jit
def _dot(width: Any, mem: int, a: int, b: int, extent: int) -> Any:
    """Sum of products; four partial sums where there are enough elements to keep the multiplier busy."""
    lanes = width_of(width)
    total = zeros(width)
    k = 0
    if extent >= 8 * lanes:
        sum1, sum2, sum3 = total, total, total
        while k + 4 * lanes <= extent:
            total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
            sum1 = fma(load(width, mem, a + k + lanes), load(width, mem, b + k + lanes), sum1)
            sum2 = fma(load(width, mem, a + k + 2 * lanes), load(width, mem, b + k + 2 * lanes), sum2)
            sum3 = fma(load(width, mem, a + k + 3 * lanes), load(width, mem, b + k + 3 * lanes), sum3)
            k += 4 * lanes
        total = (total + sum1) + (sum2 + sum3)
    while k < extent:
        total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
        k += lanes
    return total


@jit
def _mean(width: Any, mem: int, a: int, extent: int) -> Any:
    lanes = width_of(width)
    total = zeros(width)
    for k in range(0, extent, lanes):
        total = total + load(width, mem, a + k)
    return total / splat(total, float(extent // lanes))


@jit
def _std(width: Any, mem: int, a: int, extent: int) -> Any:
    """Population standard deviation from two moments; a radicand below 0 can only be rounding."""
    mean = _mean(width, mem, a, extent)
    squares = _dot(width, mem, a, a, extent) / splat(mean, float(extent // width_of(width)))
    variance, zero = squares - mean * mean, splat(mean, 0.0)
    return square_root(where_less(variance, zero, zero, variance))


@jit
def _outer(width: Any, mem: int, out: int, a: int, b: int, extent: int, num_features: int) -> None:
    lanes = width_of(width)
    side = num_features * lanes
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, x * load(width, mem, b + k))
        out += side


@jit
def _matrix_vector(width: Any, mem: int, out: int, a: int, b: int, scratch: int, num_features: int) -> None:
    """Four rows at a time: four sums run side by side, and an element of the vector is loaded once for all."""
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
        place = scratch + row * lanes
        store(mem, place, sum0)
        store(mem, place + lanes, sum1)
        store(mem, place + 2 * lanes, sum2)
        store(mem, place + 3 * lanes, sum3)
        row += 4
    while row < num_features:
        total = zero
        for k in range(0, side, lanes):
            total = fma(load(width, mem, a + row * side + k), load(width, mem, b + k), total)
        store(mem, scratch + row * lanes, total)
        row += 1
    copy(width, mem, out, scratch, side)


@jit
def _matrix_matrix(width: Any, mem: int, out: int, a: int, b: int, scratch: int, num_features: int) -> None:
    lanes = width_of(width)
    side = num_features * lanes
    for row in range(num_features):
        for column in range(0, side, lanes):
            total = zeros(width)
            for k in range(num_features):
                total = fma(load(width, mem, a + row * side + k * lanes), load(width, mem, b + k * side + column), total)
            store(mem, scratch + row * side + column, total)
    copy(width, mem, out, scratch, num_features * side)


@jit
def copy(width: Any, mem: int, out: int, a: int, extent: int) -> None:
    for k in range(0, extent, width_of(width)):
        store(mem, out + k, load(width, mem, a + k))


@jit
def _column_broadcast(width: Any, mem: int, out: int, a: int, num_features: int) -> None:
    """Each column equals ``a``."""
    lanes = width_of(width)
    side = num_features * lanes
    for row in range(num_features):
        x = load(width, mem, a + row * lanes)
        for k in range(0, side, lanes):
            store(mem, out + row * side + k, x)


@jit
def _row_broadcast(width: Any, mem: int, out: int, a: int, num_features: int) -> None:
    """Each row equals ``a``."""
    side = num_features * width_of(width)
    for row in range(num_features):
        copy(width, mem, out + row * side, a, side)


@jit
def _column_norm(width: Any, mem: int, out: int, a: int, num_features: int) -> None:
    lanes = width_of(width)
    side = num_features * lanes
    for column in range(0, side, lanes):
        total = zeros(width)
        for row in range(num_features):
            x = load(width, mem, a + row * side + column)
            total = fma(x, x, total)
        store(mem, out + column, square_root(total))


@jit
def _transpose(width: Any, mem: int, out: int, a: int, num_features: int) -> None:
    """Pairs of mirrored elements are read before either is written, so it is safe in place."""
    lanes = width_of(width)
    for i in range(num_features):
        for j in range(i + 1):
            upper, lower = (j * num_features + i) * lanes, (i * num_features + j) * lanes
            x, y = load(width, mem, a + upper), load(width, mem, a + lower)
            store(mem, out + lower, x)
            store(mem, out + upper, y)


@jit
def _uniform(width: Any, mem: int, out: int, extent: int, low: float, high: float, key: Any, lane_tasks: int) -> None:
    lanes = width_of(width)
    start = lane_noise.task_lanes(width, key, lane_tasks)
    base = splat(zeros(width), low)
    spread = splat(base, max(high - low, 0.0))
    for k in range(0, extent, lanes):
        store(mem, out + k, base + spread * lane_noise.uniform(base, start, key, k // lanes))


@jit
def _gaussian(width: Any, mem: int, out: int, extent: int, mean: float, std: float, key: Any, lane_tasks: int) -> None:
    lanes = width_of(width)
    start = lane_noise.task_lanes(width, key, lane_tasks)
    center = splat(zeros(width), mean)
    spread = splat(center, std)
    for k in range(0, extent, lanes):
        store(mem, out + k, center + spread * lane_noise.normal(center, start, key, k // lanes))
