"""A program as a graph: which values it computes, and from which others; addresses and order are gone.

A value is a number: three values are given, then come *states*, then *nodes*, one for each instruction. A state is what
an address holds when Predict begins; its initial value comes from Setup or is zero, and Predict or Learn may leave
another value in its place. Lifting reads a graph off a pruned program (as a compiler lifts machine code to a graph of
values). It keeps what the program computes, so ``codegen.emit`` gives an equal program back.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, MAX_ADDRESSES, PREDICTION
from automl_zero.search.conventions import END, LEARN, NONE, PREDICT, SETUP
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

# Layout of values: 0 to 2 given, 3 to 42 states, from 43 on nodes.
GIVEN_FEATURES, GIVEN_LABEL, GIVEN_PREDICTION = range(3)  # the latter two exist in Learn only
FIRST_STATE, MAX_STATES = 3, 40  # given values and states fit into the 64 bits of Schedule.depends
FIRST_NODE = FIRST_STATE + MAX_STATES
NUM_STATES, NUM_NODES, ROOT, MULTICLASS = range(4)  # entries of Graph.header
SPARE = 32  # nodes that a mutation may add
VECTOR = int(Kind.VECTOR)
CELLS = len(Kind) * MAX_ADDRESSES  # address a of kind k is cell number 64 k + a
VECTOR_CELLS = VECTOR * MAX_ADDRESSES  # number of the first cell of a vector
NOT_A_CELL = CELLS  # of a state that is zero forever
UNREADABLE = -2  # in place of a value: the prediction of the example before


class Graph(NamedTuple):
    """The values of a program, at most V of them.

    Attributes:
        kind: [V] scalar, vector or matrix.
        op: [V] number of a node's op.
        component: [V] component function of a node.
        inputs: [V, 2] values that a node reads, -1 where its op has no such input. An op that sets one element has as
            its first input the value whose other elements it keeps, -1 for zeros.
        data: [V, 3] constants of a node.
        initial: [V] the node of Setup that writes a state, or -1.
        after_predict: [V] the node of Predict that writes a state, or -1.
        after_learn: [V] the node of Learn that writes a state, or -1.
        cell: [V] where a lifted program keeps a state.
        header: [4] numbers of states and of nodes, the node that is the prediction or -1, whether it is multi-class.
        current: [192] the value in each cell, while a component function is lifted.
        after_setup: [192] the value that Setup leaves in each cell.
    """

    kind: NDArray[np.int64]
    op: NDArray[np.int64]
    component: NDArray[np.int64]
    inputs: NDArray[np.int64]
    data: NDArray[np.float64]
    initial: NDArray[np.int64]
    after_predict: NDArray[np.int64]
    after_learn: NDArray[np.int64]
    cell: NDArray[np.int64]
    header: NDArray[np.int64]
    current: NDArray[np.int64]
    after_setup: NDArray[np.int64]


def new_graph(capacity: tuple[int, ...]) -> Graph:
    """Return a graph for programs of at most that many instructions in each component function, and for mutations."""
    values = FIRST_NODE + sum(capacity) + SPARE

    def integers() -> NDArray[np.int64]:
        return np.zeros(values, np.int64)

    return Graph(
        kind=integers(),
        op=integers(),
        component=integers(),
        inputs=np.full((values, 2), NONE, np.int64),
        data=np.zeros((values, MAX_CONSTANTS)),
        initial=integers(),
        after_predict=integers(),
        after_learn=integers(),
        cell=integers(),
        header=np.zeros(4, np.int64),
        current=np.zeros(CELLS, np.int64),
        after_setup=np.zeros(CELLS, np.int64),
    )


@jit_inline
def lift(program: Lowered, multiclass: bool, graph: Graph) -> bool:
    """Read the graph off a lowered program, before it is fused or allocated; return whether that was possible.

    It is not where Predict reads the prediction of the example before, or where the program has too many states.
    """
    _clear(graph, multiclass)
    label, prediction = _cell_of_label(multiclass), _cell_of_prediction(multiclass)
    current, after_setup = graph.current, graph.after_setup
    current[:] = NONE
    after_setup[:] = NONE
    if not _lift_component(program, SETUP, graph):
        return False
    # Predict begins with no known value in any cell: what it reads first makes the cell a state (see _read).
    for cell in range(CELLS):
        after_setup[cell], current[cell] = current[cell], NONE
    current[VECTOR_CELLS + FEATURES] = GIVEN_FEATURES
    if not _lift_component(program, PREDICT, graph):
        return False
    if current[prediction] < FIRST_NODE:
        return bool(program.bounds[END] == 0)  # no prediction: pruning leaves nothing of such a program
    graph.header[ROOT] = current[prediction]
    for state in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.cell[state] != NOT_A_CELL and current[graph.cell[state]] >= FIRST_NODE:
            graph.after_predict[state] = current[graph.cell[state]]
    # Learn finds what Predict has left, but for the cells that training writes in between.
    current[VECTOR_CELLS + FEATURES], current[prediction] = GIVEN_FEATURES, GIVEN_PREDICTION
    current[LABEL] = NONE
    current[label] = GIVEN_LABEL
    if not _lift_component(program, LEARN, graph):
        return False
    for state in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.cell[state] != NOT_A_CELL:
            last = current[graph.cell[state]]
            if last >= FIRST_NODE and graph.component[last] == LEARN:
                graph.after_learn[state] = last
    return True


@jit
def _clear(graph: Graph, multiclass: bool) -> None:
    """Make it the graph of the empty program."""
    header = graph.header
    header[NUM_STATES], header[NUM_NODES], header[ROOT], header[MULTICLASS] = 0, 0, NONE, multiclass
    graph.kind[GIVEN_FEATURES] = VECTOR
    graph.kind[GIVEN_LABEL] = graph.kind[GIVEN_PREDICTION] = int(multiclass)  # scalars, or vectors


@jit
def _cell_of_label(multiclass: bool) -> int:
    return VECTOR_CELLS + CLASS_LABEL if multiclass else LABEL


@jit
def _cell_of_prediction(multiclass: bool) -> int:
    return VECTOR_CELLS + CLASS_PREDICTION if multiclass else PREDICTION


@jit
def _lift_component(program: Lowered, component: int, graph: Graph) -> bool:
    """Turn the instructions of a component function into nodes; return whether that was possible."""
    for row in range(program.bounds[component], program.bounds[component + 1]):
        op = program.code[row, KERNEL]
        target = KINDS[op, OUT] * MAX_ADDRESSES + program.code[row, TARGET]
        first, second = NONE, NONE
        if PARTIAL[op]:  # ops that set one element have no inputs in the code, so this one is free
            first = graph.current[target] if component == SETUP else _read(graph, target, component)
        if KINDS[op, IN1] >= 0:
            first = _read(graph, KINDS[op, IN1] * MAX_ADDRESSES + program.code[row, LEFT], component)
        if KINDS[op, IN2] >= 0:
            second = _read(graph, KINDS[op, IN2] * MAX_ADDRESSES + program.code[row, RIGHT], component)
        # A row adds at most two states, so below this limit there is room for those of the next.
        if graph.header[NUM_STATES] >= MAX_STATES - 1 or first == UNREADABLE or second == UNREADABLE:
            return False
        node = add_node(graph, component, op, first, second)
        for constant in range(MAX_CONSTANTS):  # beyond those of the op, rows hold what was there before
            graph.data[node, constant] = program.data[row, constant] if constant < NUM_CONSTANTS[op] else 0.0
        graph.current[target] = node
    return True


@jit
def _read(graph: Graph, cell: int, component: int) -> int:
    """Return the value in a cell: a node, a state, the zero of its kind, or UNREADABLE."""
    multiclass = graph.header[MULTICLASS] == 1
    if graph.current[cell] != NONE:
        return int(graph.current[cell])
    # Setup begins with zeros; labels are cleared before Predict, and so is s0 where the label is a vector.
    if component == SETUP or cell == LABEL or (component == PREDICT and cell == _cell_of_label(multiclass)):
        return _zero_state(graph, cell // MAX_ADDRESSES)
    if cell == _cell_of_prediction(multiclass):
        return UNREADABLE
    for state in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.cell[state] == cell:
            return state
    return add_state(graph, cell // MAX_ADDRESSES, cell, graph.after_setup[cell])


@jit
def _zero_state(graph: Graph, kind: int) -> int:
    """Return the state of a kind that is zero forever; make it if there is none."""
    for state in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.cell[state] == NOT_A_CELL and graph.kind[state] == kind and is_constant(graph, state, NONE):
            return state
    return add_state(graph, kind, NOT_A_CELL, NONE)


@jit
def is_constant(graph: Graph, state: int, initial: int) -> bool:
    """Return whether a state keeps the initial value of this node of Setup (NONE: zero) forever."""
    return bool(
        graph.initial[state] == initial and graph.after_predict[state] == NONE and graph.after_learn[state] == NONE
    )


@jit
def is_unchanged(graph: Graph, state: int, component: int) -> bool:
    """Return whether Predict or Learn, when it begins, finds a state as it was before Predict."""
    return bool(component == PREDICT or graph.after_predict[state] == NONE)


@jit
def value_at_begin(graph: Graph, state: int, component: int) -> int:
    """Return the value that Predict or Learn, when it begins, finds where a state is kept."""
    return state if is_unchanged(graph, state, component) else int(graph.after_predict[state])


@jit
def add_state(graph: Graph, kind: int, cell: int, initial: int) -> int:
    """Add a state that nothing changes yet, and return it; the caller makes sure that there is room."""
    state = FIRST_STATE + graph.header[NUM_STATES]
    graph.header[NUM_STATES] += 1
    graph.kind[state], graph.cell[state], graph.initial[state] = kind, cell, initial
    graph.after_predict[state] = graph.after_learn[state] = NONE
    return int(state)


@jit
def add_node(graph: Graph, component: int, op: int, first: int, second: int) -> int:
    """Add a node and return it; the caller makes sure that there is room, and sets its constants."""
    node = FIRST_NODE + graph.header[NUM_NODES]
    graph.header[NUM_NODES] += 1
    graph.kind[node], graph.op[node], graph.component[node] = KINDS[op, OUT], op, component
    graph.inputs[node, 0], graph.inputs[node, 1] = first, second
    return int(node)
