"""Mutations of a program's graph: they cut and join what is computed, so that the rest of it still works.

After Mishima and Ono (2025), whose eight mutations and weights these are, with the replacement of an op in addition. A
change of one instruction of a program nearly always breaks it, since what it has computed is then missing elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.conventions import LEARN, NONE, PREDICT, SETUP, RandomState
from automl_zero.search.dispatch import call_by_number
from automl_zero.search.graph.codegen import emit
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_PREDICTION,
    MAX_STATES,
    NOT_A_CELL,
    NUM_NODES,
    NUM_STATES,
    ROOT,
    Graph,
    add_state,
    is_constant,
    lift,
    new_graph,
    value_at_begin,
)
from automl_zero.search.graph.schedule import Schedule, new_schedule, schedule_graph
from automl_zero.search.graph.subgraph import (
    KIND_OF,
    UNSET,
    UNSET_REGISTER,
    GraphEdit,
    build_part,
    choose_input,
    draws_register,
    has_registers,
    new_carry,
    new_constant,
    new_extension,
    new_initial,
    new_update,
    random_size,
)
from automl_zero.search.graph.valid import is_valid
from automl_zero.search.mutate import alter_constant, randomize_constants
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, NUM_CONSTANTS, OUT, PARTIAL, Code, Lowered, lower

FAILED = -1  # in place of the number of a mutation
AGAIN_PROB = 0.2  # that one more mutation follows
# What a mutation may add: a part of three nodes with four inputs, each of which may be a new state, with a node for its
# initial value and an update of four nodes.
MAX_NEW_NODES = 24
MAX_NEW_STATES = 4


class GraphWorkspace(NamedTuple):
    """Memory to mutate a program as a graph."""

    graph: Graph
    plan: Schedule


def new_graph_workspace(capacity: tuple[int, ...]) -> GraphWorkspace:
    """Return memory for programs of at most that many instructions in each component function."""
    graph = new_graph(capacity)
    return GraphWorkspace(graph=graph, plan=new_schedule(graph))


# The mutations. Each changes the graph and returns whether there was anything to change; if not, the graph is of no use
# any more, as it may be half changed.


@jit
def _alter_constant(edit: GraphEdit) -> bool:
    """Change one constant of an instruction that has any."""
    graph = edit.graph
    node, seen = NONE, 0
    for each in range(FIRST_NODE, FIRST_NODE + graph.header[NUM_NODES]):
        if NUM_CONSTANTS[graph.op[each]] > 0:
            seen += 1
            if below(edit.random, seen) == 0:  # reservoir sampling
                node = each
    if node == NONE:
        return False
    alter_constant(edit.random, edit.space, graph.op[node], graph.data[node])
    return True


@jit
def _alter_initial(edit: GraphEdit) -> bool:
    """Change the initial value of a state."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE:
        return False
    graph.initial[state] = new_initial(edit, graph.kind[state], graph.initial[state])
    return True


@jit
def _rebuild_update(edit: GraphEdit) -> bool:
    """Change how Learn updates a state."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE:
        return False
    graph.after_learn[state] = new_update(edit, state, graph.after_learn[state], draws_register(edit))
    return bool(graph.after_learn[state] != NONE)


@jit
def _rebuild_carry(edit: GraphEdit) -> bool:
    """Change what Predict leaves in a state: something else, or nothing, so that Learn finds what Predict found."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE:
        return False
    old, new = value_at_begin(graph, state, LEARN), NONE
    if graph.after_predict[state] == NONE or below(edit.random, 2):
        new = new_carry(edit, state)
        if new == NONE:
            return False
    graph.after_predict[state] = new
    # What Learn has read where the state is kept, it reads there now; it may still read the old node by itself.
    for reader in range(FIRST_NODE, FIRST_NODE + graph.header[NUM_NODES]):
        for place in range(2):
            if graph.inputs[reader, place] == old and graph.component[reader] == LEARN:
                graph.inputs[reader, place] = state if new == NONE else new
    return True


@jit
def _rebuild_prediction(edit: GraphEdit) -> bool:
    """Build a new prediction, perhaps from the old one."""
    graph = edit.graph
    kind = graph.kind[GIVEN_PREDICTION]
    graph.header[ROOT] = build_part(edit, PREDICT, kind, random_size(edit), graph.header[ROOT], True)
    return bool(graph.header[ROOT] >= FIRST_NODE)


@jit
def _replace_op(edit: GraphEdit) -> bool:
    """Draw another op for the same inputs."""
    graph, node = edit.graph, _random_node(edit)
    if node == NONE:
        return False
    component, old = graph.component[node], graph.op[node]
    op = edit.space.ops[component, below(edit.random, edit.space.num_ops[component])]
    for column in (IN1, IN2, OUT):
        if KIND_OF[op, column] != KIND_OF[old, column]:
            return False
    if op == old or PARTIAL[op] != PARTIAL[old]:
        return False
    graph.op[node] = op
    randomize_constants(edit.random, op, graph.data[node])
    return True


@jit
def _rebuild(edit: GraphEdit) -> bool:
    """Replace a node by a new part; the part may use the node, or what the node has used."""
    graph, node = edit.graph, _random_node(edit)
    if node == NONE:
        return False
    last = FIRST_NODE + graph.header[NUM_NODES]  # readers of the node before it; the part keeps reading it
    new = build_part(edit, graph.component[node], graph.kind[node], random_size(edit), node, True)
    if new in (NONE, node):
        return False
    # Where Learn reads a node of Predict, it keeps reading the old one.
    for reader in range(FIRST_NODE, last):
        for place in range(2):
            if graph.inputs[reader, place] == node and graph.component[reader] == graph.component[node]:
                graph.inputs[reader, place] = new
    for each in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.after_predict[each] == node:
            graph.after_predict[each] = new
        if graph.after_learn[each] == node:
            graph.after_learn[each] = new
    if graph.header[ROOT] == node:
        graph.header[ROOT] = new
    return True


@jit
def _rewire(edit: GraphEdit) -> bool:
    """Let a node read another value than it did: any that there is, or a new constant or parameter."""
    node, place = _random_operand(edit)
    return bool(node != NONE and _connect(edit, node, place, _other_input(edit, node, place, True)))


@jit
def _constant_to_edge(edit: GraphEdit) -> bool:
    """Let a node read a value that is there already in place of a constant."""
    node, place = _random_operand(edit)
    if node == NONE or not _is_constant_state(edit.graph, edit.graph.inputs[node, place]):
        return False
    return _connect(edit, node, place, _other_input(edit, node, place, False))


@jit
def _edge_to_constant(edit: GraphEdit) -> bool:
    """Let a node read a new constant in place of a value."""
    node, place = _random_operand(edit)
    if node == NONE:
        return False
    return _connect(edit, node, place, new_constant(edit, KIND_OF[edit.graph.op[node], IN1 + place]))


@jit
def _extend_edge(edit: GraphEdit) -> bool:
    """Let a node read something made of the value that it has read."""
    graph = edit.graph
    node, place = _random_operand(edit)
    if node == NONE:
        return False
    new = new_extension(edit, graph.component[node], graph.inputs[node, place], NONE, True)
    return _connect(edit, node, place, new)


@jit
def _split_state(edit: GraphEdit) -> bool:
    """Let a new state take over initial value and update of a state, which Learn makes of the new one from then on."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE or graph.after_learn[state] == NONE:
        return False
    old, update = value_at_begin(graph, state, LEARN), graph.after_learn[state]
    new = add_state(graph, graph.kind[state], NONE, graph.initial[state])
    graph.after_learn[new], graph.initial[state] = update, NONE
    for reader in range(FIRST_NODE, FIRST_NODE + graph.header[NUM_NODES]):
        for place in range(2):
            if graph.inputs[reader, place] == old and graph.component[reader] == LEARN:
                graph.inputs[reader, place] = new
    graph.after_learn[state] = new_extension(edit, LEARN, update, NONE, False)
    return bool(graph.after_learn[state] != NONE)


class GraphMutation(NamedTuple):
    """A mutation of graphs; the table of all is the only place where one is registered.

    Attributes:
        name: as in events and in the lineage of a program.
        weight: its share of all mutations of graphs, if the graph has what it changes.
        apply: what it does to a ``GraphEdit``.
        description: for the documentation.
        needs_registers: whether it is used only where graphs may have registers (``mutation.register_share``).
    """

    name: str
    weight: float
    apply: Callable[[GraphEdit], bool]
    description: str
    needs_registers: bool = False


# Their order numbers them, in compiled code as in checkpoints.
GRAPH_MUTATIONS = (
    GraphMutation("alter_constant", 0.05, _alter_constant, "change one constant of a node"),
    GraphMutation("alter_initial", 0.05, _alter_initial, "change the initial value of a state"),
    GraphMutation("constant_to_edge", 0.05, _constant_to_edge, "let a node read another value in place of a constant"),
    GraphMutation("edge_to_constant", 0.05, _edge_to_constant, "let a node read a new constant in place of a value"),
    GraphMutation("rewire", 0.2, _rewire, "let a node read another value, or a new constant or parameter"),
    GraphMutation("replace_op", 0.05, _replace_op, "replace the op of a node, whose inputs stay"),
    GraphMutation("rebuild", 0.25, _rebuild, "replace a node by a new part of one to three nodes"),
    GraphMutation("rebuild_update", 0.15, _rebuild_update, "replace the update of a parameter"),
    GraphMutation("rebuild_prediction", 0.15, _rebuild_prediction, "replace the prediction, perhaps using the old one"),
    GraphMutation(
        "rebuild_carry", 0.05, _rebuild_carry, "replace what Predict leaves in a state, or let it stay", True
    ),
    GraphMutation("extend_edge", 0.15, _extend_edge, "let a node read something made of what it has read", True),
    GraphMutation("split_state", 0.05, _split_state, "let a new state learn, and make the old one of it", True),
)
GRAPH_MUTATION_NUMBERS = {mutation.name: number for number, mutation in enumerate(GRAPH_MUTATIONS)}
REBUILD_PREDICTION = GRAPH_MUTATION_NUMBERS["rebuild_prediction"]


def _cdf(has_registers: bool) -> NDArray[np.float64]:
    weights = [mutation.weight * (has_registers or not mutation.needs_registers) for mutation in GRAPH_MUTATIONS]
    return np.asarray(np.cumsum(weights) / sum(weights))  # ends with 1, above every draw from [0, 1)


CDF = np.array([_cdf(has_registers=False), _cdf(has_registers=True)])
apply_graph_mutation = call_by_number([mutation.apply for mutation in GRAPH_MUTATIONS])


@jit
def mutate_as_graph(
    random: RandomState, space: Space, multiclass: bool, program: Code, lowered: Lowered, scratch: GraphWorkspace
) -> int:
    """Mutate the graph of a program, and write it back if it is valid; else the program stays.

    Returns:
        The number of the mutation, of several the first; FAILED if the program stays.
    """
    graph, plan = scratch.graph, scratch.plan
    edit = GraphEdit(random=random, space=space, graph=graph)
    lower(program, multiclass, lowered)
    if not lift(lowered, multiclass, graph):
        return FAILED
    first = FAILED
    while True:
        kind = _mutate_graph(edit)
        if kind == FAILED:
            return FAILED
        first = kind if first == FAILED else first
        if uniform(random, 0.0, 1.0) >= AGAIN_PROB:
            break
    # Mutations do not check what they make, as most of it is fine: cycles, lost values and sizes are found out here.
    if not (schedule_graph(graph, plan) and is_valid(graph, plan, has_registers(space))):
        return FAILED
    return first if emit(graph, space, plan, program) else FAILED


@jit_inline
def _mutate_graph(edit: GraphEdit) -> int:
    """Apply one mutation, drawn by its weight; return its number, or FAILED if there was nothing to change."""
    graph = edit.graph
    if not _has_room(graph):
        return FAILED
    cdf = CDF[int(has_registers(edit.space))]
    draw = uniform(edit.random, 0.0, 1.0)
    kind = 0
    while draw >= cdf[kind]:
        kind += 1
    if graph.header[ROOT] == NONE:  # of the empty program, nothing else can be changed
        kind = REBUILD_PREDICTION
    return kind if apply_graph_mutation(kind, edit) and complete_parameters(edit) else FAILED


@jit_inline
def _has_room(graph: Graph) -> bool:
    nodes, states = FIRST_NODE + graph.header[NUM_NODES], graph.header[NUM_STATES]
    return bool(nodes + MAX_NEW_NODES <= graph.kind.shape[0] and states + MAX_NEW_STATES <= MAX_STATES)


@jit
def complete_parameters(edit: GraphEdit) -> bool:
    """Give new parameters and registers their updates, which read only what there is; return whether all have one."""
    graph = edit.graph
    for parameter in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.after_learn[parameter] in (UNSET, UNSET_REGISTER):
            is_register = graph.after_learn[parameter] == UNSET_REGISTER
            graph.after_learn[parameter] = new_update(edit, parameter, NONE, is_register)
            if graph.after_learn[parameter] == NONE:
                return False
    return True


@jit
def _random_state(edit: GraphEdit) -> int:
    """Draw a state; return NONE if there is none, or if it is zero forever."""
    graph = edit.graph
    if graph.header[NUM_STATES] == 0:
        return NONE
    chosen = FIRST_STATE + below(edit.random, graph.header[NUM_STATES])
    return NONE if graph.cell[chosen] == NOT_A_CELL else chosen


@jit
def _random_node(edit: GraphEdit) -> int:
    """Draw a node of all; return NONE if it is one of Setup, which only ``alter_initial`` changes."""
    node = FIRST_NODE + below(edit.random, edit.graph.header[NUM_NODES])
    return NONE if edit.graph.component[node] == SETUP else node


@jit
def _random_operand(edit: GraphEdit) -> tuple[int, int]:
    """Draw a node and the position of one of its inputs; return NONE for the node if it cannot be changed."""
    graph, node = edit.graph, _random_node(edit)
    if node == NONE:
        return NONE, NONE
    operands = int(KIND_OF[graph.op[node], IN1] >= 0) + int(KIND_OF[graph.op[node], IN2] >= 0)
    if operands == 0:
        return NONE, NONE
    return node, below(edit.random, operands)


@jit
def _other_input(edit: GraphEdit, node: int, place: int, allow_new: bool) -> int:
    """Return a value that a node may read at a position, or NONE if there is none."""
    graph = edit.graph
    return choose_input(edit, graph.component[node], KIND_OF[graph.op[node], IN1 + place], NONE, allow_new)


@jit
def _connect(edit: GraphEdit, node: int, place: int, value: int) -> bool:
    """Let a node read a value at a position; return whether it is another one than before."""
    if value in (NONE, edit.graph.inputs[node, place]):
        return False
    edit.graph.inputs[node, place] = value
    return True


@jit
def _is_constant_state(graph: Graph, value: int) -> bool:
    return bool(FIRST_STATE <= value < FIRST_NODE and is_constant(graph, value, graph.initial[value]))
