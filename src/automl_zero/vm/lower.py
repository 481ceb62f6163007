"""Lowering: from a program in arrays to the form that the kernel runs.

``lower`` prunes, renames and hashes, ``fuse.fuse`` joins pairs of instructions, and ``allocate`` gives every address a
place in memory. Pruning keeps what can reach a prediction (the compiled twin of ``program.prune``). Renaming numbers
the addresses in the order of their first use, and sorts inputs that may change places by these numbers, so that
programs that differ only in addresses, in that order or in dead code become equal and have one hash.
The draws of a random instruction depend on its rank among the live random ones, so neither step changes a score.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import INDEX_CONSTANTS, INTERVAL_CONSTANTS, NON_NEGATIVE_CONSTANTS, OPS, op_number
from automl_zero.program.program import MAX_ADDRESSES, Program
from automl_zero.vm.aliases import Key
from automl_zero.vm.branches import FUSED_PAIRS, Branch
from automl_zero.vm.jit import jit

OP, IN1, IN2, OUT = range(4)  # columns of Code.code
KERNEL, TARGET, LEFT, RIGHT, EXTENT, STREAM = range(6)  # columns of Lowered.code
COLUMNS = 6
SCALARS, VECTORS, MATRICES, SIZE, WRITES_FEATURES, DRAWS = range(6)  # entries of Lowered.memory
MAX_CONSTANTS = 3

# Pairs of ops that run as one have numbers beyond the instruction set: product, sum and fused op (see ``fuse``).
FUSED = tuple(
    (op_number(pair.product), op_number(pair.total), len(OPS) + index) for index, pair in enumerate(FUSED_PAIRS)
)

# Operand kinds of every op in the order IN1, IN2, OUT of the code's columns; -1 where the op has no such operand.
KINDS = np.full((len(OPS) + len(FUSED), 4), -1, np.int8)
PARTIAL = np.array([op.partial for op in OPS])
COMMUTATIVE = np.array([op.commutative for op in OPS])
RANDOM = np.array([bool(op.draws) for op in OPS])
NUM_CONSTANTS = np.array([len(op.constants) for op in OPS], np.int8)
COSTS = np.array([op.cost for op in OPS], np.int64)
# Roles of the constants of every op, [ops, MAX_CONSTANTS]; and the ops whose two constants are the ends of an interval.
_CONSTANT_NAMES = [(*op.constants, *[""] * MAX_CONSTANTS)[:MAX_CONSTANTS] for op in OPS]
IS_INDEX = np.array([[name in INDEX_CONSTANTS for name in names] for names in _CONSTANT_NAMES])
IS_NON_NEGATIVE = np.array([[name in NON_NEGATIVE_CONSTANTS for name in names] for names in _CONSTANT_NAMES])
IS_INTERVAL = np.array([op.constants == INTERVAL_CONSTANTS for op in OPS])
for _op in OPS:
    KINDS[_op.number, IN1 : IN1 + len(_op.inputs)] = _op.inputs
    KINDS[_op.number, OUT] = -1 if _op.output is None else _op.output
for _first, _, _fused in FUSED:
    KINDS[_fused] = KINDS[_first]

# The branch of the kernel for every op, fused ones last. ``no_op``, which has none, is never live.
BRANCH = np.array(
    [0 if op.output is None else Branch[op.family.upper()] for op in OPS] + [pair.branch for pair in FUSED_PAIRS],
    np.int64,
)


class Code(NamedTuple):
    """A program as arrays: component function c occupies ``size[c]`` rows from ``start[c]`` on.

    Attributes:
        code: [K, 4] op, in1, in2, out of each instruction.
        data: [K, 3] its constants.
        bits: the memory of ``data`` as integers.
        size: [3] number of instructions of each component function.
        start: [4] first row of each component function, then K.
    """

    code: NDArray[np.int16]
    data: NDArray[np.float64]
    bits: NDArray[np.uint64]
    size: NDArray[np.int64]
    start: NDArray[np.int64]


class Lowered(NamedTuple):
    """A program ready to run, and the scratch of lowering.

    Attributes:
        code: [K, 6] of each instruction: op (kernel branch once allocated), addresses of output and inputs (offsets in
            memory once allocated), number of elements, noise stream.
        data: [K, 3] constants.
        bounds: [4] first row of each component function, and the end.
        memory: [6] numbers of scalars, vectors and matrices in use, elements of the whole memory, whether v0 is
            written, number of random instructions.
        cost: [3] cost of each component function, in the unit of the ops' costs.
        keep: [K] which instructions of the program are live.
        live: [3] bit sets by kind, bit a for address a: what is live at this point of a walk.
        entry: [3] bit sets: what is live before Predict.
        names: [3, 64] number of each address in the order of first use; -1 where it is not used.
    """

    code: NDArray[np.int64]
    data: NDArray[np.float64]
    bounds: NDArray[np.int64]
    memory: NDArray[np.int64]
    cost: NDArray[np.int64]
    keep: NDArray[np.bool_]
    live: NDArray[np.uint64]
    entry: NDArray[np.uint64]
    names: NDArray[np.int64]


def new_code(capacity: tuple[int, ...]) -> Code:
    """Return arrays for a program of at most so many instructions in each component function."""
    total = sum(capacity)
    data = np.zeros((total, MAX_CONSTANTS))
    start = np.cumsum((0, *capacity), dtype=np.int64)
    return Code(
        code=np.zeros((total, 4), np.int16),
        data=data,
        bits=data.view(np.uint64),
        size=np.zeros(3, np.int64),
        start=start,
    )


def new_lowered(total: int) -> Lowered:
    """Return arrays for a lowered program of at most ``total`` instructions."""
    return Lowered(
        code=np.zeros((total, COLUMNS), np.int64),
        data=np.zeros((total, MAX_CONSTANTS)),
        bounds=np.zeros(4, np.int64),
        memory=np.zeros(6, np.int64),
        cost=np.zeros(3, np.int64),
        keep=np.zeros(total, np.bool_),
        live=np.zeros(3, np.uint64),
        entry=np.zeros(3, np.uint64),
        names=np.zeros((3, MAX_ADDRESSES), np.int64),
    )


def encode(program: Program, capacity: tuple[int, ...] | None = None) -> Code:
    """Return a program as arrays, large enough for ``capacity`` instructions (by default, for its own)."""
    arrays = new_code(capacity or tuple(map(len, program)))
    for component, instructions in enumerate(program):
        arrays.size[component] = len(instructions)
        for row, instruction in enumerate(instructions, arrays.start[component]):
            arrays.code[row] = instruction.op, instruction.in1, instruction.in2, instruction.out
            arrays.data[row, : len(instruction.data)] = instruction.data
    return arrays


@jit
def lower(program: Code, multiclass: bool, lowered: Lowered) -> Key:
    """Prune, rename and copy a program; return its hash.

    ``fuse`` may follow, and ``allocate`` must, before the program runs.
    """
    _mark_live(program, multiclass, lowered)
    names, used = lowered.names, lowered.memory
    # Addresses with a meaning keep their numbers: s0 is the label, s1 the prediction, v0 the features; with more than
    # two classes, v1 is the label and v2 the prediction.
    names[:] = -1
    names[0, 0], names[0, 1], names[1, 0] = 0, 1, 0
    used[SCALARS], used[VECTORS], used[MATRICES], used[WRITES_FEATURES] = 2, 1, 0, 0
    if multiclass:
        names[1, 1], names[1, 2], used[VECTORS] = 1, 2, 3
    row, stream = 0, 0
    key = np.uint64(0x243F6A8885A308D3)
    for component in range(3):
        lowered.bounds[component] = row
        lowered.cost[component] = 0
        for source in range(program.start[component], program.start[component] + program.size[component]):
            if lowered.keep[source]:
                op = program.code[source, OP]
                left, right = _rename_inputs(program.code[source], names, used)
                target = _rename(program.code[source, OUT], KINDS[op, OUT], names, used)
                lowered.code[row, LEFT], lowered.code[row, RIGHT], lowered.code[row, TARGET] = left, right, target
                # bits 0-7 output, 8-15 second input, 16-23 first input, 24-31 op, 32-33 component function
                key = mix(key, np.uint64((component << 32) | (op << 24) | (left << 16) | (right << 8) | target))
                for constant in range(NUM_CONSTANTS[op]):
                    key = mix(key, program.bits[source, constant])
                    lowered.data[row, constant] = program.data[source, constant]
                lowered.code[row, KERNEL] = op
                lowered.code[row, STREAM] = stream
                stream += RANDOM[op]
                lowered.cost[component] += COSTS[op]
                # Kind 1, address 0: v0
                used[WRITES_FEATURES] |= KINDS[op, OUT] == 1 and program.code[source, OUT] == 0
                row += 1
    lowered.bounds[3], used[DRAWS] = row, stream
    return key


@jit
def allocate(lowered: Lowered, num_features: int, lanes: int) -> None:
    """Replace addresses by offsets, in elements, in a memory of so many lanes, and ops by branches of the kernel.

    The memory holds the scalars, then the vectors, then the matrices; ``EXTENT`` becomes the number of elements of the
    instruction's largest operand.
    """
    used = lowered.memory
    vector, matrix = num_features * lanes, num_features * num_features * lanes
    vectors = used[SCALARS] * lanes
    matrices = vectors + used[VECTORS] * vector
    used[SIZE] = matrices + used[MATRICES] * matrix
    for row in range(lowered.bounds[3]):
        op = lowered.code[row, KERNEL]
        widest = 0
        for column, kind in ((LEFT, KINDS[op, IN1]), (RIGHT, KINDS[op, IN2]), (TARGET, KINDS[op, OUT])):
            name = lowered.code[row, column]
            widest = max(widest, kind)
            if kind == 0:
                lowered.code[row, column] = name * lanes
            elif kind == 1:
                lowered.code[row, column] = vectors + name * vector
            elif kind == 2:
                lowered.code[row, column] = matrices + name * matrix
        lowered.code[row, KERNEL] = BRANCH[op]
        lowered.code[row, EXTENT] = lanes if widest == 0 else vector if widest == 1 else matrix


@jit
def mix(key: Key, word: np.uint64) -> Key:
    """Return a 64-bit hash with one more word taken in."""
    key = (key ^ word) * np.uint64(0x9E3779B97F4A7C15)
    return key ^ (key >> np.uint64(29))


@jit
def _rename_inputs(
    instruction: NDArray[np.int16], names: NDArray[np.int64], used: NDArray[np.int64]
) -> tuple[int, int]:
    """Return the numbers of both inputs, the lower one first where they may change places."""
    op, in1, in2 = instruction[OP], instruction[IN1], instruction[IN2]
    if COMMUTATIVE[op] and names[KINDS[op, IN1], in1] < 0:
        in1, in2 = (
            in2,
            in1,
        )  # an input that has a number goes first, so that the new number does not depend on the order
    left, right = _rename(in1, KINDS[op, IN1], names, used), _rename(in2, KINDS[op, IN2], names, used)
    return (right, left) if COMMUTATIVE[op] and right < left else (left, right)


@jit
def _rename(address: int, kind: int, names: NDArray[np.int64], used: NDArray[np.int64]) -> int:
    """Return an address's number in the order of first use; 0 for an operand that the op lacks."""
    if kind < 0:
        return 0
    if names[kind, address] < 0:
        names[kind, address] = used[kind]
        used[kind] += 1
    return int(names[kind, address])


@jit
def _mark_live(program: Code, multiclass: bool, lowered: Lowered) -> None:
    """Set ``keep``: the least fixed point of liveness over Learn -> Predict -> (Learn or Predict).

    ``program.prune.live_instructions`` explains why.
    """
    live, entry = lowered.live, lowered.entry
    lowered.keep[:] = False
    entry[:] = 0
    grown = True
    while grown:
        for kind in range(3):
            live[kind] = entry[kind]
        # Backwards through the cycle: after Learn comes Predict, and after Predict comes Learn or the next Predict.
        _walk(program, 2, lowered)
        _overwritten(live, multiclass)
        for kind in range(3):
            live[kind] |= entry[kind]
        # The prediction is read after Predict: bit 2 is v2, bit 1 is s1.
        if multiclass:
            live[1] |= np.uint64(4)
        else:
            live[0] |= np.uint64(2)
        _walk(program, 1, lowered)
        _overwritten(live, multiclass)
        grown = False
        # ``entry`` only grows, and has 192 bits, so that this ends.
        for kind in range(3):
            grown = grown or (live[kind] & ~entry[kind]) != 0
            entry[kind] |= live[kind]
    for kind in range(3):
        live[kind] = entry[kind]
    _walk(program, 0, lowered)


@jit
def _overwritten(live: NDArray[np.uint64], multiclass: bool) -> None:
    """Remove labels and features from what is live: they are written before each component function of the loop."""
    # Bit 0 of the scalars is s0; bits 0 and 1 of the vectors are v0 and v1.
    live[0] &= ~np.uint64(1)
    live[1] &= ~np.uint64(3 if multiclass else 1)


@jit
def _walk(program: Code, component: int, lowered: Lowered) -> None:
    """Walk backwards through a component function; ``live`` becomes what is live before it."""
    live, one = lowered.live, np.uint64(1)
    first = program.start[component]
    for row in range(first + program.size[component] - 1, first - 1, -1):
        op = program.code[row, OP]
        kind = KINDS[op, OUT]
        if kind >= 0:
            bit = one << np.uint64(program.code[row, OUT])
            if live[kind] & bit:
                lowered.keep[row] = True
                if not PARTIAL[op]:  # a partial op keeps the other elements, so that older values stay live
                    live[kind] &= ~bit
                for column in range(IN1, OUT):
                    if KINDS[op, column] >= 0:
                        live[KINDS[op, column]] |= one << np.uint64(program.code[row, column])
