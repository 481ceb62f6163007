"""A program as a graph: which values it computes, and from which others; names and order are gone.

Values are numbers: three that are given, then *states*, then *nodes*, one for each instruction. A state is what an
address holds when Predict begins; it may come from Setup, and Predict or Learn may leave another value in its place.
Lifting reads a graph off a pruned program. It keeps what the program computes, so ``emit`` gives an equal one back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, MAX_ADDRESSES, PREDICTION
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import (
    IN1,
    IN2,
    KERNEL,
    KINDS,
    LEFT,
    MAX_CONSTANTS,
    NUM_CONSTANTS,
    OUT,
    PARTIAL,
    RIGHT,
    TARGET,
    Lowered,
)

SETUP, PREDICT, LEARN = range(3)
NONE = -1
GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION = range(3)  # the latter two exist in Learn alone
FIRST_STATE, MAX_STATES = 3, 40
FIRST_NODE = FIRST_STATE + MAX_STATES
STATES, NODES, ROOT, MULTICLASS = range(4)  # entries of Graph.facts
SPARE = 32  # nodes that a mutation may add
CELLS = len(Kind) * MAX_ADDRESSES  # address a of kind k is cell number 64 k + a
NOT_A_CELL = CELLS  # of a state that is zero forever


class Graph(NamedTuple):
    """The values of a program, V of them at most.

    Attributes:
        kind: [V]; ``op``, ``component``: [V] of nodes; ``inputs``: [V, 2] values, -1 where the op has none. An op that
            sets one element has as its first input the value whose other elements it keeps, -1 for zeros.
        data: [V, 3] constants.
        before, after_predict, after_learn: [V] of states: the nodes of Setup, Predict and Learn that write it, or -1.
        cell: [V] of states: where a lifted program keeps it.
        facts: numbers of states and nodes, the node that is the prediction (-1: none), whether it is multi-class.
        now, left: [192] the values in all cells, as they are and as the component function before has left them.
    """

    kind: NDArray[np.int64]
    op: NDArray[np.int64]
    component: NDArray[np.int64]
    inputs: NDArray[np.int64]
    data: NDArray[np.float64]
    before: NDArray[np.int64]
    after_predict: NDArray[np.int64]
    after_learn: NDArray[np.int64]
    cell: NDArray[np.int64]
    facts: NDArray[np.int64]
    now: NDArray[np.int64]
    left: NDArray[np.int64]


def new_graph(capacity: tuple[int, ...]) -> Graph:
    """Room for a program of that many instructions in each component function, and for what a mutation adds."""
    values = FIRST_NODE + sum(capacity) + SPARE
    numbers = (np.zeros(values, np.int64) for _ in range(7))
    kind, op, component, before, after_predict, after_learn, cell = numbers
    return Graph(
        kind, op, component, np.full((values, 2), NONE, np.int64), np.zeros((values, MAX_CONSTANTS)),
        before, after_predict, after_learn, cell,
        np.zeros(4, np.int64), np.zeros(CELLS, np.int64), np.zeros(CELLS, np.int64),
    )  # fmt: skip


@jit_inline
def lift(program: Lowered, multiclass: bool, graph: Graph) -> bool:
    """Read the graph off a lowered program, before it is fused or placed; tells whether it could.

    It cannot where Predict reads the prediction before this one, or the program has too many states.
    """
    clear(graph, multiclass)
    label, prediction = _cell_of_label(multiclass), _cell_of_prediction(multiclass)
    now, left = graph.now, graph.left
    now[:] = NONE
    left[:] = NONE
    if not _lift_component(program, SETUP, graph):
        return False
    for cell in range(CELLS):
        left[cell], now[cell] = now[cell], NONE
    now[MAX_ADDRESSES + FEATURES] = GIVEN_FEATURES
    if not _lift_component(program, PREDICT, graph):
        return False
    if now[prediction] < FIRST_NODE:
        return bool(program.bounds[3] == 0)
    graph.facts[ROOT] = now[prediction]
    for state in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.cell[state] != NOT_A_CELL and now[graph.cell[state]] >= FIRST_NODE:
            graph.after_predict[state] = now[graph.cell[state]]
    now[MAX_ADDRESSES + FEATURES], now[prediction] = GIVEN_FEATURES, GIVEN_PREDICTION
    now[LABEL] = NONE
    now[label] = GIVEN_LABEL
    if not _lift_component(program, LEARN, graph):
        return False
    for state in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.cell[state] != NOT_A_CELL:
            last = now[graph.cell[state]]
            if last >= FIRST_NODE and graph.component[last] == LEARN:
                graph.after_learn[state] = last
    return True


@jit
def clear(graph: Graph, multiclass: bool) -> None:
    """Make it the graph of the empty program."""
    graph.facts[STATES], graph.facts[NODES], graph.facts[ROOT], graph.facts[MULTICLASS] = 0, 0, NONE, multiclass
    graph.kind[GIVEN_FEATURES] = 1
    graph.kind[GIVEN_LABEL] = graph.kind[GIVEN_PREDICTION] = int(multiclass)


@jit
def _cell_of_label(multiclass: bool) -> int:
    return MAX_ADDRESSES + CLASS_LABEL if multiclass else LABEL


@jit
def _cell_of_prediction(multiclass: bool) -> int:
    return MAX_ADDRESSES + CLASS_PREDICTION if multiclass else PREDICTION


@jit
def _lift_component(program: Lowered, component: int, graph: Graph) -> bool:
    """Turn the instructions of a component function into nodes."""
    for row in range(program.bounds[component], program.bounds[component + 1]):
        op = program.code[row, KERNEL]
        target = KINDS[op, OUT] * MAX_ADDRESSES + program.code[row, TARGET]
        first, second = NONE, NONE
        if PARTIAL[op]:
            first = graph.now[target] if component == SETUP else _read(graph, target, component)
        if KINDS[op, IN1] >= 0:
            first = _read(graph, KINDS[op, IN1] * MAX_ADDRESSES + program.code[row, LEFT], component)
        if KINDS[op, IN2] >= 0:
            second = _read(graph, KINDS[op, IN2] * MAX_ADDRESSES + program.code[row, RIGHT], component)
        if graph.facts[STATES] >= MAX_STATES - 1 or first == -2 or second == -2:
            return False
        node = add_node(graph, component, op, first, second)
        for constant in range(MAX_CONSTANTS):  # beyond those of the op, rows hold what was there before
            graph.data[node, constant] = program.data[row, constant] if constant < NUM_CONSTANTS[op] else 0.0
        graph.now[target] = node
    return True


@jit
def _read(graph: Graph, cell: int, component: int) -> int:
    """The value in a cell: a node's, a state's, or zero; -2 where it is the prediction before this one."""
    multiclass = graph.facts[MULTICLASS] == 1
    if graph.now[cell] != NONE:
        return int(graph.now[cell])
    if component == SETUP or cell == LABEL or (component == PREDICT and cell == _cell_of_label(multiclass)):
        return zero(graph, cell // MAX_ADDRESSES)
    if cell == _cell_of_prediction(multiclass):
        return -2
    for state in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.cell[state] == cell:
            return state
    return add_state(graph, cell // MAX_ADDRESSES, cell, graph.left[cell])


@jit
def zero(graph: Graph, kind: int) -> int:
    """The state of a kind that is zero forever."""
    for state in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.cell[state] == NOT_A_CELL and graph.kind[state] == kind and is_constant(graph, state, NONE):
            return state
    return add_state(graph, kind, NOT_A_CELL, NONE)


@jit
def is_constant(graph: Graph, state: int, before: int) -> bool:
    """Whether a state keeps what that node of Setup has given it."""
    return bool(
        graph.before[state] == before and graph.after_predict[state] == NONE and graph.after_learn[state] == NONE
    )


@jit
def remains(graph: Graph, state: int, component: int) -> bool:
    """Whether a component function of the loop finds a state as it was before Predict."""
    return bool(component == PREDICT or graph.after_predict[state] == NONE)


@jit
def found_in(graph: Graph, state: int, component: int) -> int:
    """The value that a component function of the loop finds where a state is kept."""
    return state if remains(graph, state, component) else int(graph.after_predict[state])


@jit
def add_state(graph: Graph, kind: int, cell: int, before: int) -> int:
    """A new state; the caller sees to it that there is room."""
    state = FIRST_STATE + graph.facts[STATES]
    graph.facts[STATES] += 1
    graph.kind[state], graph.cell[state], graph.before[state] = kind, cell, before
    graph.after_predict[state] = graph.after_learn[state] = NONE
    return int(state)


@jit
def add_node(graph: Graph, component: int, op: int, first: int, second: int) -> int:
    """A new node; the caller sees to it that there is room, and to its constants."""
    node = FIRST_NODE + graph.facts[NODES]
    graph.facts[NODES] += 1
    graph.kind[node], graph.op[node], graph.component[node] = KINDS[op, OUT], op, component
    graph.inputs[node, 0], graph.inputs[node, 1] = first, second
    return int(node)
