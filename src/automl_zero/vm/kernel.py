"""The compiled interpreter: one lowered program, one lane for each of several tasks, one dispatch for all of them.

The memory is one flat array, lane innermost; operands are offsets into it. Every branch has the meaning that the op's
row gives it (``program.ops``): outputs may alias inputs, sums run in one fixed order for every number of lanes, and
nothing reassociates. The end of the memory is scratch for products whose output may be an input.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import types

from automl_zero.vm import lower
from automl_zero.vm.jit import c_function, jit
from automl_zero.vm.lanes import lane_math, lane_noise
from automl_zero.vm.lanes.lanes import (
    KERNEL_ARGUMENTS,
    Width,
    absolute,
    fma,
    keep_apart,
    keep_inside,
    load,
    read_integer,
    read_number,
    read_shared,
    splat,
    square_root,
    store,
    where_at_most,
    where_less,
    width_of,
    zeros,
)

CONTEXT = SCRATCH, NUM_FEATURES, SEED, NOISE, STOP = 0, 1, 2, 3, 4  # entries of the context
SIGNATURE = types.void(*[types.int64] * KERNEL_ARGUMENTS)


@cache
def kernel(dtype: str, lanes: int) -> Any:
    """The interpreter for one element type and number of lanes, with its ``address``; compiled when first asked for.

    As a C function it takes ``code, data, count, memory, context, execution_step``, addresses but for ``count`` and
    ``execution_step``, and executes ``count`` rows of a lowered program once. ``context`` holds what only some
    instructions look up: the index
    of the scratch, the number of features, the seed of the noise (as its bits), and the addresses of the lanes' task
    numbers and of the stop flag. Once that is raised, what is left in the memory is of no meaning.
    """
    width = Width(dtype, lanes)

    def kernel(code: int, data: int, count: int, memory: int, context: int, execution_step: int) -> None:
        keep_inside()
        interpret(width, code, data, count, memory, context, execution_step)

    return c_function(SIGNATURE, kernel)


@jit
def interpret(width: Any, code: int, data: int, count: int, mem: int, context: int, execution_step: int) -> None:
    """Execute the rows of a lowered program in order; see ``kernel`` for the arguments.

    Only what is run most stands here: the other functions are kept apart, so that nothing is prepared for them.
    """
    keep_inside()
    lanes = width_of(width)
    for row in range(count):
        at = row * lower.COLUMNS
        op, budget = read_integer(code, at + lower.KERNEL), read_integer(code, at + lower.EXTENT)
        out = read_integer(code, at + lower.TARGET)
        a, b = read_integer(code, at + lower.LEFT), read_integer(code, at + lower.RIGHT)
        if op == lower.SUM:
            for k in range(0, budget, lanes):
                store(mem, out + k, load(width, mem, a + k) + load(width, mem, b + k))
        elif op == lower.DIFF:
            for k in range(0, budget, lanes):
                store(mem, out + k, load(width, mem, a + k) - load(width, mem, b + k))
        elif op == lower.PRODUCT:
            for k in range(0, budget, lanes):
                store(mem, out + k, load(width, mem, a + k) * load(width, mem, b + k))
        elif op == lower.DIVISION:
            for k in range(0, budget, lanes):
                store(mem, out + k, load(width, mem, a + k) / load(width, mem, b + k))
        elif op == lower.ABS:
            for k in range(0, budget, lanes):
                store(mem, out + k, absolute(load(width, mem, a + k)))
        elif op == lower.RECIPROCAL:
            for k in range(0, budget, lanes):
                store(mem, out + k, splat(zeros(width), 1.0) / load(width, mem, a + k))
        elif op == lower.STEP_AT_ZERO:
            store(mem, out, where_at_most(zeros(width), load(width, mem, a), splat(zeros(width), 1.0), zeros(width)))
        elif op == lower.STEP:
            for k in range(0, budget, lanes):
                one, x = splat(zeros(width), 1.0), load(width, mem, a + k)
                store(mem, out + k, where_less(zeros(width), x, one, zeros(width)))
        elif op == lower.SCALE:
            x = load(width, mem, a)
            for k in range(0, budget, lanes):
                store(mem, out + k, x * load(width, mem, b + k))
        elif op == lower.BROADCAST:
            x = load(width, mem, a)
            for k in range(0, budget, lanes):
                store(mem, out + k, x)
        elif op == lower.MIN:
            for k in range(0, budget, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, y, x))
        elif op == lower.MATRIX_MIN:
            for k in range(0, budget, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, x, y))
        elif op == lower.MAX:
            for k in range(0, budget, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, y, x))
        elif op == lower.MATRIX_MAX:
            for k in range(0, budget, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, x, y))
        elif op == lower.ADD_SCALED:
            x = load(width, mem, a)
            for k in range(0, budget, lanes):
                store(mem, out + k, load(width, mem, out + k) + x * load(width, mem, b + k))
        elif op == lower.DOT:
            store(mem, out, _dot(width, mem, a, b, budget))
        elif op == lower.SET_SCALAR:
            store(mem, out, splat(zeros(width), read_number(data, lower.MAX_CONSTANTS * row)))
        elif op < lower.OUTER:
            _reduce(width, op, mem, out, a, budget)
        elif op < lower.SIN:
            _run_matrix_op(width, op, mem, out, a, b, budget, data + row * 8 * lower.MAX_CONSTANTS, context)
        elif op < lower.UNIFORM:
            _run_function(width, op, mem, out, a)
        else:
            stream = read_integer(code, at + lower.STREAM)
            _draw(width, op, mem, out, budget, data + row * 8 * lower.MAX_CONSTANTS, context, stream, execution_step)


@jit
def _reduce(width: Any, op: int, mem: int, out: int, a: int, budget: int) -> None:
    """Norm, mean and standard deviation of a whole vector or matrix."""
    keep_apart()
    if op == lower.NORM:
        store(mem, out, square_root(_dot(width, mem, a, a, budget)))
    elif op == lower.MEAN:
        store(mem, out, _mean(width, mem, a, budget))
    elif op == lower.STD:
        store(mem, out, _std(width, mem, a, budget))


@jit
def _run_matrix_op(
    width: Any, op: int, mem: int, out: int, a: int, b: int, budget: int, data: int, context: int
) -> None:
    """The ops in which rows and columns matter, and those that set one element."""
    keep_apart()
    num_features = read_integer(context, NUM_FEATURES)
    side = num_features * width_of(width)
    if op == lower.OUTER:
        _outer(width, mem, out, a, b, side)
    elif op == lower.ADD_OUTER:
        _add_outer(width, mem, out, a, b, side)
    elif op == lower.MATRIX_VECTOR:
        _matrix_vector(width, mem, out, a, b, read_integer(context, SCRATCH), num_features)
    elif op == lower.COLUMN_BROADCAST:
        _column_broadcast(width, mem, out, a, side)
    elif op == lower.ROW_BROADCAST:
        for row in range(0, budget, side):
            _copy(width, mem, out + row, a, side)
    elif op == lower.COLUMN_NORM:
        _column_norm(width, mem, out, a, side, budget)
    elif op == lower.TRANSPOSE:
        _transpose(width, mem, out, a, num_features)
    elif op == lower.MATRIX_MATRIX:
        scratch, stop = read_integer(context, SCRATCH), read_integer(context, STOP)
        _matrix_matrix(width, mem, out, a, b, scratch, num_features, stop)
    elif op == lower.SET_ELEMENT:
        k = int(read_number(data, 0) * num_features) * width_of(width)
        store(mem, out + k, splat(zeros(width), read_number(data, 1)))
    elif op == lower.SET_MATRIX_ELEMENT:
        k = int(read_number(data, 0) * num_features) * side + int(read_number(data, 1) * num_features) * width_of(width)
        store(mem, out + k, splat(zeros(width), read_number(data, 2)))
    else:
        _reduce_rows(width, op, mem, out, a, side)


@jit
def _reduce_rows(width: Any, op: int, mem: int, out: int, a: int, side: int) -> None:
    """Norm, mean and standard deviation of every row of a matrix."""
    for k in range(0, side, width_of(width)):
        if op == lower.ROW_NORM:
            store(mem, out + k, square_root(_dot(width, mem, a, a, side)))
        elif op == lower.ROW_MEAN:
            store(mem, out + k, _mean(width, mem, a, side))
        elif op == lower.ROW_STD:
            store(mem, out + k, _std(width, mem, a, side))
        a += side


@jit
def _run_function(width: Any, op: int, mem: int, out: int, a: int) -> None:
    """The transcendental functions, which exist for scalars only."""
    keep_apart()
    x = load(width, mem, a)
    if op == lower.SIN:
        store(mem, out, lane_math.sin(x))
    elif op == lower.COS:
        store(mem, out, lane_math.cos(x))
    elif op == lower.TAN:
        store(mem, out, lane_math.tan(x))
    elif op == lower.ARCSIN:
        store(mem, out, lane_math.arcsin(x))
    elif op == lower.ARCCOS:
        store(mem, out, lane_math.arccos(x))
    elif op == lower.ARCTAN:
        store(mem, out, lane_math.arctan(x))
    elif op == lower.EXP:
        store(mem, out, lane_math.exp(x))
    elif op == lower.LOG:
        store(mem, out, lane_math.log(x))


@jit
def _draw(
    width: Any, op: int, mem: int, out: int, budget: int, data: int, context: int, stream: int, execution_step: int
) -> None:
    """Fill the output with uniform or normal draws."""
    keep_apart()
    lanes, first, second = width_of(width), read_number(data, 0), read_number(data, 1)
    key = lane_noise.execution_key(np.uint64(read_integer(context, SEED)), stream, execution_step)
    start = lane_noise.task_lanes(width, key, read_integer(context, NOISE))
    base = splat(zeros(width), first)
    if op == lower.UNIFORM:
        spread = splat(zeros(width), max(second - first, 0.0))
        for k in range(0, budget, lanes):
            store(mem, out + k, base + spread * lane_noise.uniform(base, start, key, k // lanes))
    else:
        spread = splat(zeros(width), second)
        for k in range(0, budget, lanes):
            store(mem, out + k, base + spread * lane_noise.normal(base, start, key, k // lanes))


@jit
def _dot(width: Any, mem: int, a: int, b: int, budget: int) -> Any:
    """Sum of products; four partial sums where there are enough elements to keep the multiplier busy."""
    lanes = width_of(width)
    total = zeros(width)
    k = 0
    if budget >= 8 * lanes:
        sum1, sum2, sum3 = total, total, total
        while k + 4 * lanes <= budget:
            total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
            sum1 = fma(load(width, mem, a + k + lanes), load(width, mem, b + k + lanes), sum1)
            sum2 = fma(load(width, mem, a + k + 2 * lanes), load(width, mem, b + k + 2 * lanes), sum2)
            sum3 = fma(load(width, mem, a + k + 3 * lanes), load(width, mem, b + k + 3 * lanes), sum3)
            k += 4 * lanes
        total = (total + sum1) + (sum2 + sum3)
    while k < budget:
        total = fma(load(width, mem, a + k), load(width, mem, b + k), total)
        k += lanes
    return total


@jit
def _mean(width: Any, mem: int, a: int, budget: int) -> Any:
    lanes = width_of(width)
    total = zeros(width)
    for k in range(0, budget, lanes):
        total = total + load(width, mem, a + k)
    return total / splat(total, float(budget // lanes))


@jit
def _std(width: Any, mem: int, a: int, budget: int) -> Any:
    """Population standard deviation from two moments; a radicand below 0 can only be rounding."""
    mean = _mean(width, mem, a, budget)
    squares = _dot(width, mem, a, a, budget) / splat(mean, float(budget // width_of(width)))
    variance, zero = squares - mean * mean, splat(mean, 0.0)
    return square_root(where_less(variance, zero, zero, variance))


@jit
def _outer(width: Any, mem: int, out: int, a: int, b: int, side: int) -> None:
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, x * load(width, mem, b + k))
        out += side


@jit
def _add_outer(width: Any, mem: int, out: int, a: int, b: int, side: int) -> None:
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, load(width, mem, out + k) + x * load(width, mem, b + k))
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
    _copy(width, mem, out, scratch, side)


@jit
def _matrix_matrix(width: Any, mem: int, out: int, a: int, b: int, scratch: int, num_features: int, stop: int) -> None:
    """The only instruction that may take minutes by itself, so it looks at the stop flag before each row."""
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
    _copy(width, mem, out, scratch, num_features * side)


@jit
def _copy(width: Any, mem: int, out: int, a: int, budget: int) -> None:
    for k in range(0, budget, width_of(width)):
        store(mem, out + k, load(width, mem, a + k))


@jit
def _column_broadcast(width: Any, mem: int, out: int, a: int, side: int) -> None:
    """Each column equals ``a``."""
    lanes = width_of(width)
    for row in range(0, side, lanes):
        x = load(width, mem, a + row)
        for k in range(0, side, lanes):
            store(mem, out + k, x)
        out += side


@jit
def _column_norm(width: Any, mem: int, out: int, a: int, side: int, budget: int) -> None:
    for column in range(0, side, width_of(width)):
        total = zeros(width)
        for row in range(0, budget, side):
            x = load(width, mem, a + row + column)
            total = fma(x, x, total)
        store(mem, out + column, square_root(total))


@jit
def _transpose(width: Any, mem: int, out: int, a: int, num_features: int) -> None:
    """Pairs of mirrored elements are read before either is written, so it is safe in place."""
    lanes = width_of(width)
    for i in range(num_features):
        for j in range(i + 1):
            mirrored, own = (j * num_features + i) * lanes, (i * num_features + j) * lanes
            x, y = load(width, mem, a + mirrored), load(width, mem, a + own)
            store(mem, out + own, x)
            store(mem, out + mirrored, y)
