"""Random programs and mutations of instructions, in place on a program's arrays (paper, section 3.2; supplement S3).

A mutation that is impossible, such as a removal from an empty function, leaves the program as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Mutation
from automl_zero.program.ops import OPS
from automl_zero.search.conventions import RandomState
from automl_zero.search.dispatch import call_by_number
from automl_zero.search.random_stream import below, normal, uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KINDS, MAX_CONSTANTS, NUM_CONSTANTS, OP, OUT, Code

FLIP_PROB = 0.1  # that a constant changes its sign


def _constants_named(*names: str) -> NDArray[np.bool_]:
    """Return which constants of all ops, [65, 3], have one of these names in the op's row."""
    table = np.zeros((len(OPS), MAX_CONSTANTS), np.bool_)
    for op in OPS:
        table[op.number, : len(op.constants)] = [name in names for name in op.constants]
    return table


IS_INDEX = _constants_named("index", "row", "column")  # a fraction of the dimension, from [0, 1)
IS_STD = _constants_named("std")
IS_INTERVAL = np.array([op.draws == "uniform" for op in OPS])  # the first constant must not be above the second


@jit
def insert(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Insert a random instruction at a random position, unless the function is full."""
    if program.size[component] < space.max_size[component]:
        position = below(random, program.size[component] + 1)
        _insert_at(random, space, program, component, position)


@jit
def remove(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Remove a random instruction, unless the function is as small as it may be."""
    if program.size[component] > space.min_size[component]:
        _remove_at(program, component, below(random, program.size[component]))


@jit
def trade(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Insert a random instruction, then remove one of all, perhaps the same; the size stays."""
    # A position for the insertion, then one of the longer function: equal ones leave the function as it is.
    # Both positions are drawn first and the removal is done first, so that the function never exceeds its capacity.
    inserted = below(random, program.size[component] + 1)
    removed = below(random, program.size[component] + 1)
    if removed < inserted:
        _remove_at(program, component, removed)
        _insert_at(random, space, program, component, inserted - 1)
    elif removed > inserted:
        _remove_at(program, component, removed - 1)
        _insert_at(random, space, program, component, inserted)


@jit
def randomize_component(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Replace every instruction of a component function; its size stays."""
    for row in range(program.start[component], program.start[component] + program.size[component]):
        randomize_instruction(random, space, program, component, row)


@jit
def _randomize_components(random: RandomState, space: Space, program: Code, _component: int) -> None:
    """Replace every instruction of all component functions that have ops; their sizes stay."""
    for component in space.components:
        randomize_component(random, space, program, component)


@jit
def _alter_parameter_anywhere(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Change one address or constant of a random instruction."""
    if program.size[component] > 0:
        alter_parameter(random, space, program, _random_row(random, program, component))


@jit
def _randomize_instruction_anywhere(random: RandomState, space: Space, program: Code, component: int) -> None:
    """Replace a random instruction."""
    if program.size[component] > 0:
        randomize_instruction(random, space, program, component, _random_row(random, program, component))


@jit
def _identity(random: RandomState, _space: Space, program: Code, component: int) -> None:
    """Change nothing; a row is drawn as by the mutations of one instruction, which keeps the results of known seeds."""
    if program.size[component] > 0:
        _random_row(random, program, component)


# What each row of the table in the config does, in its order: mutations are numbered by it, in compiled code as in
# checkpoints. A new mutation needs a row there and one here.
Operator = Callable[[RandomState, Space, Code, int], None]
OPERATORS: dict[Mutation, Operator] = {
    Mutation.INSERT: insert,
    Mutation.REMOVE: remove,
    Mutation.RANDOMIZE_COMPONENT: randomize_component,
    Mutation.ALTER_PARAMETER: _alter_parameter_anywhere,
    Mutation.RANDOMIZE_INSTRUCTION: _randomize_instruction_anywhere,
    Mutation.TRADE: trade,
    Mutation.RANDOMIZE_PROGRAM: _randomize_components,
    Mutation.IDENTITY: _identity,
}
_apply = call_by_number(list(OPERATORS.values()))


@jit
def mutate(random: RandomState, space: Space, program: Code) -> int:
    """Apply one mutation, drawn by its weight, to a component function, drawn evenly from those that have ops.

    Returns:
        The number of the mutation: its position in ``OPERATORS``.
    """
    draw = uniform(random, 0.0, 1.0)
    kind = 0  # inverse of the cumulative distribution; ends as its last value is 1
    while draw >= space.mutation_cdf[kind]:
        kind += 1
    component = space.components[below(random, space.components.shape[0])]
    _apply(kind, random, space, program, component)
    return kind


@jit
def randomize_program(random: RandomState, space: Space, program: Code) -> None:
    """Make a random program, each function of a random size within its limits; functions without ops stay."""
    for component in space.components:
        least = space.min_size[component]
        program.size[component] = least + below(random, space.max_size[component] - least + 1)
        randomize_component(random, space, program, component)


@jit
def randomize_instruction(random: RandomState, space: Space, program: Code, component: int, row: int) -> None:
    """Draw an op, then all that it needs, evenly from what is allowed."""
    op = space.ops[component, below(random, space.num_ops[component])]
    program.code[row, OP] = op
    for column in range(IN1, OUT + 1):
        program.code[row, column] = _random_address(random, space, op, column)
    randomize_constants(random, op, program.data[row])


@jit
def randomize_constants(random: RandomState, op: int, data: NDArray[np.float64]) -> None:
    """Draw all constants of an op, [3]."""
    for constant in range(MAX_CONSTANTS):
        data[constant] = _random_constant(random, op, constant)


@jit
def alter_parameter(random: RandomState, space: Space, program: Code, row: int) -> None:
    """Draw one address of an instruction again, or change one of its constants; its op stays (supplement S3)."""
    op = int(np.int64(program.code[row, OP]))
    if KINDS[op, OUT] < 0:  # no_op has nothing to change
        return
    # The output, each input, and all constants together are equally likely.
    inputs = int(KINDS[op, IN1] >= 0) + int(KINDS[op, IN2] >= 0)
    choice = below(random, 1 + inputs + int(NUM_CONSTANTS[op] > 0))
    if choice == 0:
        program.code[row, OUT] = _random_address(random, space, op, OUT)
    elif choice <= inputs:
        column = IN1 + choice - 1
        program.code[row, column] = _random_address(random, space, op, column)
    else:
        alter_constant(random, space, op, program.data[row])


@jit
def alter_constant(random: RandomState, space: Space, op: int, data: NDArray[np.float64]) -> None:
    """Change one constant of an op: draw an index again, rescale others; keep the limits of an interval in order."""
    constant = below(random, NUM_CONSTANTS[op])
    if IS_INDEX[op, constant]:
        data[constant] = uniform(random, 0.0, 1.0)
        return
    data[constant] = _rescaled(random, data[constant], not IS_STD[op, constant], space.rescales[0])
    if IS_INTERVAL[op] and data[0] > data[1]:  # the lower limit has become the upper one
        data[0], data[1] = data[1], data[0]


@jit
def _insert_at(random: RandomState, space: Space, program: Code, component: int, position: int) -> None:
    first = program.start[component]
    # From the end, so that no row is overwritten before it has been moved.
    for row in range(first + program.size[component], first + position, -1):
        _copy_row(program, row - 1, row)
    program.size[component] += 1
    randomize_instruction(random, space, program, component, first + position)


@jit
def _remove_at(program: Code, component: int, position: int) -> None:
    first = program.start[component]
    program.size[component] -= 1
    for row in range(first + position, first + program.size[component]):
        _copy_row(program, row + 1, row)


@jit
def _copy_row(program: Code, source: int, target: int) -> None:
    for column in range(OUT + 1):
        program.code[target, column] = program.code[source, column]
    for constant in range(MAX_CONSTANTS):
        program.data[target, constant] = program.data[source, constant]


@jit
def _random_row(random: RandomState, program: Code, component: int) -> int:
    return int(program.start[component] + below(random, program.size[component]))


@jit
def _random_address(random: RandomState, space: Space, op: int, column: int) -> int:
    kind = KINDS[op, column]
    if kind < 0:  # no such operand, and no number is drawn
        return 0
    first = space.first_output[kind] if column == OUT else 0
    return first + below(random, space.addresses[kind] - first)


@jit
def _random_constant(random: RandomState, op: int, constant: int) -> float:
    """Draw from U[-1, 1) for values, limits and means, U[0, 1) for indices and deviations; 0 where the op has none."""
    if constant >= NUM_CONSTANTS[op]:
        return 0.0
    positive = IS_INDEX[op, constant] or IS_STD[op, constant]
    return uniform(random, 0.0 if positive else -1.0, 1.0)


@jit
def _rescaled(random: RandomState, value: float, may_flip: bool, rescales: bool) -> float:
    flip = may_flip and uniform(random, 0.0, 1.0) < FLIP_PROB
    sign = -1.0 if flip else 1.0
    if rescales:
        return sign * value * uniform(random, 0.5, 2.0)  # paper, supplement S3
    return sign * value if flip else value * math.exp(normal(random))  # published program
