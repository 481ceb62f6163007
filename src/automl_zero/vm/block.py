"""One block of tasks, one in each lane: present an example to a program, and run its component functions on it.

The label is s0, the prediction s1, the features v0; with more than two classes, v1 is the one-hot label and v2 the
prediction. The memory holds the scalars first, then the vectors, then the matrices, lane innermost.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from automl_zero.vm.aliases import Address, LaneValues, Numbers
from automl_zero.vm.evaluation_arrays import (
    CLASSES,
    FEATURES,
    TRAIN,
    VALID,
    EvaluationBudget,
    ExecutionBuffers,
    LaneTasks,
)
from automl_zero.vm.jit import jit
from automl_zero.vm.kernel import NOISE, NUM_FEATURES, SCRATCH, STOP
from automl_zero.vm.lanes.lane_arithmetic import fma, where_equal
from automl_zero.vm.lanes.lanes import Width, call_kernel, load, read_shared, splat, store, width_of, zeros
from automl_zero.vm.lower import COLUMNS, MAX_CONSTANTS, SCALARS, SIZE, WRITES_FEATURES, Lowered

CODE_ROW_BYTES, DATA_ROW_BYTES = 8 * COLUMNS, 8 * MAX_CONSTANTS
LARGE_MEMORY = 1 << 18  # numbers in a memory; with more, a single instruction may take a millisecond


class BlockArgs(NamedTuple):
    """What the loops over the examples of a block need, as plain numbers: they stay in registers.

    Attributes:
        kernel, context, stop, memory, trace, code, data: addresses (see ``ExecutionBuffers`` and ``Lowered``).
        predict_from, learn_from, end: rows of the code where Predict and Learn begin, and where Learn ends.
        features_at: index of v0 in the memory.
        scratch: index in the memory where the program's part ends.
        writes_features: whether the program writes to v0, so that Learn needs the features again.
        num_features, num_train, num_valid, classes: sizes; ``classes`` is 0 for regression.
        train_x, train_y, valid_x, valid_y, order: addresses of the block's examples, and of the order of the steps.
    """

    kernel: Address
    context: Address
    stop: Address
    memory: Address
    trace: Address
    code: Address
    data: Address
    predict_from: int
    learn_from: int
    end: int
    features_at: int
    scratch: int
    writes_features: int
    num_features: int
    num_train: int
    num_valid: int
    classes: int
    train_x: Address
    train_y: Address
    valid_x: Address
    valid_y: Address
    order: Address


@jit
def start_block(
    width: Width, program: Lowered, tasks: LaneTasks, block: int, budget: EvaluationBudget, buffers: ExecutionBuffers
) -> BlockArgs:
    """Clear the memory, run Setup, and return what the loops over the block's examples need."""
    shape, lanes = tasks.shape, width_of(width)
    # Offsets of the block in the flat arrays, in examples times lanes.
    train, valid = block * shape[TRAIN] * lanes, block * shape[VALID] * lanes
    buffers.context[SCRATCH], buffers.context[NUM_FEATURES] = program.memory[SIZE], shape[FEATURES]
    buffers.context[NOISE] = _address(tasks.noise[block * lanes :])
    args = BlockArgs(
        kernel=buffers.kernel[0],
        context=_address(buffers.context),
        stop=buffers.context[STOP],
        memory=_address(buffers.memory),
        trace=_address(buffers.trace),
        code=_address(program.code),
        data=_address(program.data),
        predict_from=program.bounds[1],
        learn_from=program.bounds[2],
        end=program.bounds[3],
        features_at=program.memory[SCALARS] * lanes,
        scratch=program.memory[SIZE],
        writes_features=program.memory[WRITES_FEATURES],
        num_features=shape[FEATURES],
        num_train=budget.num_train,
        num_valid=budget.num_valid,
        classes=shape[CLASSES],
        train_x=_address(tasks.train_x[train * shape[FEATURES] :]),
        train_y=_address(tasks.train_y[train:]),
        valid_x=_address(tasks.valid_x[valid * shape[FEATURES] :]),
        valid_y=_address(tasks.valid_y[valid:]),
        order=_address(tasks.order),
    )
    for k in range(0, args.scratch, lanes):
        store(args.memory, k, zeros(width))
    execute_rows(args, 0, args.predict_from, 0)  # execution step 0 is Setup's
    return args


@jit
def _address(array: Numbers) -> Address:
    """Return the address of an array's first element, signed: a sum of signed and unsigned numbers would be a float."""
    return int(np.int64(array.ctypes.data))


@jit
def is_stopped(buffers: ExecutionBuffers) -> bool:
    """Return whether the stop flag of these buffers is raised."""
    return bool(read_shared(buffers.context[STOP]))


@jit
def execute_rows(args: BlockArgs, first: int, last: int, execution_step: int) -> None:
    """Execute rows ``first`` to ``last`` (not included) of the program once."""
    if args.scratch > LARGE_MEMORY:
        _execute_row_by_row(args, first, last, execution_step)
        return
    code, data = args.code + first * CODE_ROW_BYTES, args.data + first * DATA_ROW_BYTES
    call_kernel(args.kernel, code, data, last - first, args.memory, args.context, execution_step)


@jit
def _execute_row_by_row(args: BlockArgs, first: int, last: int, execution_step: int) -> None:
    """Execute rows as ``execute_rows`` does, but read the stop flag before each of them."""
    for row in range(first, last):
        if read_shared(args.stop):
            return
        code, data = args.code + row * CODE_ROW_BYTES, args.data + row * DATA_ROW_BYTES
        call_kernel(args.kernel, code, data, 1, args.memory, args.context, execution_step)


@jit
def predict(width: Width, args: BlockArgs, x: Address, example: int, execution_step: int) -> None:
    """Present an example without its label, and run Predict."""
    present_features(width, args, x, example)
    store(args.memory, 0, zeros(width))
    if args.classes > 2:
        side = args.num_features * width_of(width)
        # v1, the one-hot label, follows v0 in the memory.
        for k in range(0, side, width_of(width)):
            store(args.memory, args.features_at + side + k, zeros(width))
    execute_rows(args, args.predict_from, args.learn_from, execution_step)


@jit
def present_features(width: Width, args: BlockArgs, x: Address, example: int) -> None:
    """Write the features of an example to v0."""
    side = args.num_features * width_of(width)
    source = example * side
    for k in range(0, side, width_of(width)):
        store(args.memory, args.features_at + k, load(width, x, source + k))


@jit
def present_label(width: Width, args: BlockArgs, label: LaneValues) -> None:
    """Write the label to s0, or, with more than two classes, to v1 as a one-hot vector."""
    if args.classes <= 2:
        store(args.memory, 0, label)
        return
    lanes = width_of(width)
    one_hot = args.features_at + args.num_features * lanes
    one, zero = splat(label, 1.0), zeros(width)
    store(args.memory, 0, zero)
    for k in range(args.num_features):
        store(args.memory, one_hot + k * lanes, where_equal(label, splat(label, float(k)), one, zero))


@jit
def raw_prediction(width: Width, args: BlockArgs) -> LaneValues:
    """Return s1 as Predict left it, or, with more than two classes, one number that stands for the classes' part of v2.

    That number is the sum of v2's elements times 1 / (k + pi): no ratio of two weights is rational, so that different
    predictions of whole numbers give different sums.
    """
    lanes = width_of(width)
    if args.classes <= 2:
        return load(width, args.memory, lanes)
    outputs = class_prediction(width, args)
    value = zeros(width)
    for k in range(args.classes):
        value = fma(splat(value, 1.0 / (k + math.pi)), load(width, args.memory, outputs + k * lanes), value)
    return value


@jit
def class_prediction(width: Width, args: BlockArgs) -> int:
    """Return the index of v2 in the memory."""
    return int(args.features_at + 2 * args.num_features * width_of(width))
