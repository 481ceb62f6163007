"""Random programs and mutations, in place on a program's arrays (supplement S3, and the published program's types).

A mutation that is impossible, such as a removal from an empty function, leaves the program as it is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from automl_zero.search.random_stream import below, normal, uniform
from automl_zero.search.space import (
    ALTER_PARAMETER,
    INSERT,
    RANDOMIZE_COMPONENT,
    RANDOMIZE_INSTRUCTION,
    RANDOMIZE_PROGRAM,
    REMOVE,
    TRADE,
    Space,
)
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KINDS, MAX_CONSTANTS, NUM_CONSTANTS, OP, OUT, Code

FLIP_PROB = 0.1
SCALAR_CONST, VECTOR_CONST, MATRIX_CONST, FIRST_UNIFORM, FIRST_GAUSSIAN = 56, 57, 58, 59, 62


@jit
def mutate(state: Any, space: Space, program: Code) -> int:
    """Apply one mutation of a kind drawn by its weight, to a component function drawn evenly; gives the kind."""
    draw = uniform(state, 0.0, 1.0)
    kind = 0
    while draw >= space.odds[kind]:
        kind += 1
    component = space.open[below(state, space.open.shape[0])]
    if kind == INSERT:
        insert(state, space, program, component)
    elif kind == REMOVE:
        remove(state, space, program, component)
    elif kind == RANDOMIZE_COMPONENT:
        randomize_component(state, space, program, component)
    elif kind == RANDOMIZE_PROGRAM:
        for each in space.open:
            randomize_component(state, space, program, each)
    elif kind == TRADE:
        trade(state, space, program, component)
    elif program.size[component] > 0:
        row = program.start[component] + below(state, program.size[component])
        if kind == ALTER_PARAMETER:
            alter_parameter(state, space, program, row)
        elif kind == RANDOMIZE_INSTRUCTION:
            randomize_instruction(state, space, program, component, row)
    return kind


@jit
def insert(state: Any, space: Space, program: Code, component: int) -> None:
    """Insert a random instruction at a random place, unless the function is full."""
    if program.size[component] < space.max_size[component]:
        position = below(state, program.size[component] + 1)
        _insert_at(state, space, program, component, position)


@jit
def remove(state: Any, space: Space, program: Code, component: int) -> None:
    """Remove a random instruction, unless the function is as small as it may be."""
    if program.size[component] > space.min_size[component]:
        _remove_at(program, component, below(state, program.size[component]))


@jit
def trade(state: Any, space: Space, program: Code, component: int) -> None:
    """Insert a random instruction, then remove one of all, perhaps the same; the size stays."""
    inserted = below(state, program.size[component] + 1)
    removed = below(state, program.size[component] + 1)
    if removed < inserted:
        _remove_at(program, component, removed)
        _insert_at(state, space, program, component, inserted - 1)
    elif removed > inserted:
        _remove_at(program, component, removed - 1)
        _insert_at(state, space, program, component, inserted)


@jit
def _insert_at(state: Any, space: Space, program: Code, component: int, position: int) -> None:
    first = program.start[component]
    for row in range(first + program.size[component], first + position, -1):
        _copy_row(program, row - 1, row)
    program.size[component] += 1
    randomize_instruction(state, space, program, component, first + position)


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
def randomize_component(state: Any, space: Space, program: Code, component: int) -> None:
    """Make every instruction of a component function anew; its size stays."""
    for row in range(program.start[component], program.start[component] + program.size[component]):
        randomize_instruction(state, space, program, component, row)


@jit
def randomize_program(state: Any, space: Space, program: Code) -> None:
    """A random program, each function of a random size within its limits; functions without ops stay as they are."""
    for component in space.open:
        least = space.min_size[component]
        program.size[component] = least + below(state, space.max_size[component] - least + 1)
        randomize_component(state, space, program, component)


@jit
def randomize_instruction(state: Any, space: Space, program: Code, component: int, row: int) -> None:
    """Draw an op, then all that it needs, evenly from what is allowed."""
    op = space.ops[component, below(state, space.num_ops[component])]
    program.code[row, OP] = op
    for column in range(IN1, OUT + 1):
        program.code[row, column] = _random_address(state, space, op, column)
    randomize_constants(state, op, program.data[row])


@jit
def randomize_constants(state: Any, op: int, data: Any) -> None:
    """Draw the constants of an op, [3], anew."""
    for constant in range(MAX_CONSTANTS):
        data[constant] = _random_constant(state, op, constant)


@jit
def _random_address(state: Any, space: Space, op: int, column: int) -> int:
    kind = KINDS[op, column]
    if kind < 0:
        return 0
    first = space.first_output[kind] if column == OUT else 0
    return first + below(state, space.addresses[kind] - first)


@jit
def _random_constant(state: Any, op: int, constant: int) -> float:
    """U[-1, 1) for values and means, U[0, 1) for indices and standard deviations, 0 where the op has none."""
    if constant >= NUM_CONSTANTS[op]:
        return 0.0
    index = is_index(op, constant)
    positive = index or (op >= FIRST_GAUSSIAN and constant == 1)
    return uniform(state, 0.0 if positive else -1.0, 1.0)


@jit
def is_index(op: int, constant: int) -> bool:
    """Whether a constant of an op is the place of an element."""
    return op in (VECTOR_CONST, MATRIX_CONST) and constant < NUM_CONSTANTS[op] - 1


@jit
def alter_parameter(state: Any, space: Space, program: Code, row: int) -> None:
    """Draw one address of an instruction anew, or change one of its constants; its op stays."""
    op = int(np.int64(program.code[row, OP]))
    if KINDS[op, OUT] < 0:
        return
    inputs = int(KINDS[op, IN1] >= 0) + int(KINDS[op, IN2] >= 0)
    choice = below(state, 1 + inputs + int(NUM_CONSTANTS[op] > 0))
    if choice == 0:
        program.code[row, OUT] = _random_address(state, space, op, OUT)
    elif choice <= inputs:
        column = IN1 + choice - 1
        program.code[row, column] = _random_address(state, space, op, column)
    else:
        alter_constant(state, space, op, program.data[row])


@jit
def alter_constant(state: Any, space: Space, op: int, data: Any) -> None:
    """Change one constant of an op: indices are drawn anew, others rescaled; limits of an interval stay in order."""
    constant = below(state, NUM_CONSTANTS[op])
    if is_index(op, constant):
        data[constant] = uniform(state, 0.0, 1.0)
        return
    may_flip = not (op >= FIRST_GAUSSIAN and constant == 1)
    data[constant] = _rescaled(state, data[constant], may_flip, space.gentle[0])
    if FIRST_UNIFORM <= op < FIRST_GAUSSIAN and data[0] > data[1]:
        data[0], data[1] = data[1], data[0]


@jit
def _rescaled(state: Any, value: float, may_flip: bool, gentle: bool) -> float:
    flip = may_flip and uniform(state, 0.0, 1.0) < FLIP_PROB
    sign = -1.0 if flip else 1.0
    if gentle:
        return sign * value * uniform(state, 0.5, 2.0)
    return sign * value if flip else value * math.exp(normal(state))
