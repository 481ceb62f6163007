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
from automl_zero.vm.aliases import Address
from automl_zero.vm.branches import FIRST_DRAW, FIRST_FUNCTION, FIRST_MATRIX_BRANCH, Branch
from automl_zero.vm.jit import c_function, jit
from automl_zero.vm.lanes import lane_math, lane_matrices, lane_noise, lane_reductions
from automl_zero.vm.lanes.lane_arithmetic import absolute, square_root, where_at_most, where_less
from automl_zero.vm.lanes.lanes import (
    KERNEL_ARGUMENTS,
    Width,
    keep_apart,
    keep_inside,
    load,
    read_integer,
    read_number,
    splat,
    store,
    width_of,
    zeros,
)

CONTEXT = SCRATCH, NUM_FEATURES, SEED, NOISE, STOP = 0, 1, 2, 3, 4  # entries of the context
SIGNATURE = types.void(*[types.int64] * KERNEL_ARGUMENTS)


@cache
def kernel(dtype: str, lanes: int) -> Any:
    """Return the interpreter for one element type and number of lanes; it is compiled at the first call.

    The result is a C function, called by its ``address``, of six 64-bit integers: ``code``, ``data``, ``count``,
    ``memory``, ``context`` and ``execution_step``. It executes ``count`` rows of a lowered program once. All but
    ``count`` and ``execution_step`` are addresses. ``context`` holds what only some instructions read: the index of the
    scratch, the number of features, the seed of the noise (its bits), and the addresses of the lanes' task numbers and
    of the stop flag. Once that flag is raised, the contents of the memory are undefined.
    """
    width = Width(dtype, lanes)

    def kernel(
        code: Address, data: Address, count: int, memory: Address, context: Address, execution_step: int
    ) -> None:
        keep_inside()
        interpret(width, code, data, count, memory, context, execution_step)

    return c_function(SIGNATURE, kernel)


# LLVM makes a jump table of one chain of branches: 3.5 ns per instruction, where a table of functions takes 28 ns.
# form: the chain is long, since it has a branch for each of the kernel's instructions
@jit
def interpret(
    width: Width, code: Address, data: Address, count: int, mem: Address, context: Address, execution_step: int
) -> None:
    """Execute the rows of a lowered program in order; see ``kernel`` for the arguments.

    Only the most frequent branches stand here. The others are functions that are never inlined, so that a call of the
    kernel prepares nothing for them.
    """
    # Longer than other functions, as its branches cannot be calls: LLVM makes one jump table of this chain, and a call
    # per instruction would take longer than most instructions do (3.5 ns instead of 28 ns per dispatch).
    keep_inside()
    lanes = width_of(width)
    for row in range(count):
        at = row * lower.COLUMNS
        # ``size`` counts the elements of the largest operand times lanes; the others are indices into the memory.
        op, size = read_integer(code, at + lower.KERNEL), read_integer(code, at + lower.EXTENT)
        out = read_integer(code, at + lower.TARGET)
        a, b = read_integer(code, at + lower.LEFT), read_integer(code, at + lower.RIGHT)
        if op == Branch.SUM:
            for k in range(0, size, lanes):
                store(mem, out + k, load(width, mem, a + k) + load(width, mem, b + k))
        elif op == Branch.DIFF:
            for k in range(0, size, lanes):
                store(mem, out + k, load(width, mem, a + k) - load(width, mem, b + k))
        elif op == Branch.PRODUCT:
            for k in range(0, size, lanes):
                store(mem, out + k, load(width, mem, a + k) * load(width, mem, b + k))
        elif op == Branch.DIVISION:
            for k in range(0, size, lanes):
                store(mem, out + k, load(width, mem, a + k) / load(width, mem, b + k))
        elif op == Branch.ABS:
            for k in range(0, size, lanes):
                store(mem, out + k, absolute(load(width, mem, a + k)))
        elif op == Branch.RECIPROCAL:
            for k in range(0, size, lanes):
                store(mem, out + k, splat(zeros(width), 1.0) / load(width, mem, a + k))
        elif op == Branch.STEP_AT_ZERO:
            store(mem, out, where_at_most(zeros(width), load(width, mem, a), splat(zeros(width), 1.0), zeros(width)))
        elif op == Branch.STEP:
            for k in range(0, size, lanes):
                one, x = splat(zeros(width), 1.0), load(width, mem, a + k)
                store(mem, out + k, where_less(zeros(width), x, one, zeros(width)))
        elif op == Branch.SCALE:
            x = load(width, mem, a)
            for k in range(0, size, lanes):
                store(mem, out + k, x * load(width, mem, b + k))
        elif op == Branch.BROADCAST:
            x = load(width, mem, a)
            for k in range(0, size, lanes):
                store(mem, out + k, x)
        elif op == Branch.MIN:
            for k in range(0, size, lanes):  # a comparison with NaN is false: x stays
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, y, x))
        elif op == Branch.MATRIX_MIN:
            for k in range(0, size, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, x, y))
        elif op == Branch.MAX:
            for k in range(0, size, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(x, y, y, x))
        elif op == Branch.MATRIX_MAX:
            for k in range(0, size, lanes):
                x, y = load(width, mem, a + k), load(width, mem, b + k)
                store(mem, out + k, where_less(y, x, x, y))
        elif op == Branch.ADD_SCALED:  # no ``fma``: the product is rounded, as if the two ops ran one by one
            x = load(width, mem, a)
            for k in range(0, size, lanes):
                store(mem, out + k, load(width, mem, out + k) + x * load(width, mem, b + k))
        elif op == Branch.DOT:
            store(mem, out, lane_reductions.dot(width, mem, a, b, size))
        elif op == Branch.SET_SCALAR:
            store(mem, out, splat(zeros(width), read_number(data, lower.MAX_CONSTANTS * row)))
        elif op < FIRST_MATRIX_BRANCH:
            _reduce(width, op, mem, out, a, size)
        elif op < FIRST_FUNCTION:
            _run_matrix_op(width, op, mem, out, a, b, size, data + row * 8 * lower.MAX_CONSTANTS, context)
        elif op < FIRST_DRAW:
            _run_function(width, op, mem, out, a)
        else:
            stream = read_integer(code, at + lower.STREAM)
            _draw(width, op, mem, out, size, data + row * 8 * lower.MAX_CONSTANTS, context, stream, execution_step)


@jit
def _reduce(width: Width, op: int, mem: Address, out: int, a: int, size: int) -> None:
    """Store the norm, mean or standard deviation of a whole vector or matrix."""
    keep_apart()
    if op == Branch.NORM:
        store(mem, out, square_root(lane_reductions.dot(width, mem, a, a, size)))
    elif op == Branch.MEAN:
        store(mem, out, lane_reductions.mean(width, mem, a, size))
    elif op == Branch.STD:
        store(mem, out, lane_reductions.std(width, mem, a, size))


# form: nine parameters, since a tuple of them would have to be made for every instruction
@jit
def _run_matrix_op(
    width: Width, op: int, mem: Address, out: int, a: int, b: int, size: int, data: Address, context: Address
) -> None:
    """Run an op in which rows and columns matter, or one that sets an element."""
    keep_apart()
    num_features = read_integer(context, NUM_FEATURES)
    side = num_features * width_of(width)
    if op == Branch.OUTER:
        lane_matrices.outer(width, mem, out, a, b, side)
    elif op == Branch.ADD_OUTER:
        lane_matrices.add_outer(width, mem, out, a, b, side)
    elif op == Branch.MATRIX_VECTOR:
        lane_matrices.matrix_vector(width, mem, out, a, b, read_integer(context, SCRATCH), num_features)
    elif op == Branch.COLUMN_BROADCAST:
        lane_matrices.column_broadcast(width, mem, out, a, side)
    elif op == Branch.ROW_BROADCAST:
        for row in range(0, size, side):
            lane_matrices.copy(width, mem, out + row, a, side)
    elif op == Branch.COLUMN_NORM:
        lane_matrices.column_norm(width, mem, out, a, side, size)
    elif op == Branch.TRANSPOSE:
        lane_matrices.transpose(width, mem, out, a, num_features)
    elif op == Branch.MATRIX_MATRIX:
        scratch, stop = read_integer(context, SCRATCH), read_integer(context, STOP)
        lane_matrices.matrix_matrix(width, mem, out, a, b, scratch, num_features, stop)
    elif op == Branch.SET_ELEMENT:  # constants: index, value; an index is a fraction of F
        k = int(read_number(data, 0) * num_features) * width_of(width)
        store(mem, out + k, splat(zeros(width), read_number(data, 1)))
    elif op == Branch.SET_MATRIX_ELEMENT:  # constants: row, column, value
        k = int(read_number(data, 0) * num_features) * side + int(read_number(data, 1) * num_features) * width_of(width)
        store(mem, out + k, splat(zeros(width), read_number(data, 2)))
    else:
        _reduce_rows(width, op, mem, out, a, side)


@jit
def _reduce_rows(width: Width, op: int, mem: Address, out: int, a: int, side: int) -> None:
    """Store the norm, mean or standard deviation of every row of a matrix."""
    for k in range(0, side, width_of(width)):
        if op == Branch.ROW_NORM:
            store(mem, out + k, square_root(lane_reductions.dot(width, mem, a, a, side)))
        elif op == Branch.ROW_MEAN:
            store(mem, out + k, lane_reductions.mean(width, mem, a, side))
        elif op == Branch.ROW_STD:
            store(mem, out + k, lane_reductions.std(width, mem, a, side))
        a += side


@jit
def _run_function(width: Width, op: int, mem: Address, out: int, a: int) -> None:
    """Store a transcendental function of a scalar."""
    keep_apart()
    x = load(width, mem, a)
    if op == Branch.SIN:
        store(mem, out, lane_math.sin(x))
    elif op == Branch.COS:
        store(mem, out, lane_math.cos(x))
    elif op == Branch.TAN:
        store(mem, out, lane_math.tan(x))
    elif op == Branch.ARCSIN:
        store(mem, out, lane_math.arcsin(x))
    elif op == Branch.ARCCOS:
        store(mem, out, lane_math.arccos(x))
    elif op == Branch.ARCTAN:
        store(mem, out, lane_math.arctan(x))
    elif op == Branch.EXP:
        store(mem, out, lane_math.exp(x))
    elif op == Branch.LOG:
        store(mem, out, lane_math.log(x))


# form: nine parameters, as of ``_run_matrix_op``
@jit
def _draw(
    width: Width,
    op: int,
    mem: Address,
    out: int,
    size: int,
    data: Address,
    context: Address,
    stream: int,
    execution_step: int,
) -> None:
    """Fill the output with uniform or normal draws."""
    keep_apart()
    lanes, first, second = width_of(width), read_number(data, 0), read_number(data, 1)
    # Element k of the output has draw k of this execution; in float32 as in float64.
    key = lane_noise.execution_key(np.uint64(read_integer(context, SEED)), stream, execution_step)
    start = lane_noise.task_lanes(width, key, read_integer(context, NOISE))
    base = splat(zeros(width), first)
    if op == Branch.UNIFORM:  # constants: low, high
        spread = splat(zeros(width), max(second - first, 0.0))
        for k in range(0, size, lanes):
            store(mem, out + k, base + spread * lane_noise.uniform(base, start, key, k // lanes))
    else:  # constants: mean, std
        spread = splat(zeros(width), second)
        for k in range(0, size, lanes):
            store(mem, out + k, base + spread * lane_noise.normal(base, start, key, k // lanes))
