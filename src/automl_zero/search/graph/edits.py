"""The edits of a graph that its mutations consist of: each changes one thing.

An edit returns whether there was anything to change. If not, the graph is of no use any more: it may be half changed.
"""

from __future__ import annotations

from automl_zero.search.conventions import LEARN, NONE, PREDICT, SETUP
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_PREDICTION,
    NOT_A_CELL,
    NUM_NODES,
    NUM_STATES,
    ROOT,
    Graph,
    add_state,
    is_constant,
    value_at_begin,
)
from automl_zero.search.graph.subgraph import (
    KIND_OF,
    GraphEdit,
    build_part,
    choose_input,
    draws_register,
    new_carry,
    new_constant,
    new_extension,
    new_initial,
    new_update,
    random_size,
)
from automl_zero.search.mutate import alter_constant as alter_constant_of
from automl_zero.search.mutate import randomize_constants
from automl_zero.search.random_stream import below
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, NUM_CONSTANTS, OUT, PARTIAL


@jit
def alter_constant(edit: GraphEdit) -> bool:
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
    alter_constant_of(edit.random, edit.space, graph.op[node], graph.data[node])
    return True


@jit
def alter_initial(edit: GraphEdit) -> bool:
    """Change the initial value of a state."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE:
        return False
    graph.initial[state] = new_initial(edit, graph.kind[state], graph.initial[state])
    return True


@jit
def rebuild_update(edit: GraphEdit) -> bool:
    """Change how Learn updates a state."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE:
        return False
    graph.after_learn[state] = new_update(edit, state, graph.after_learn[state], draws_register(edit))
    return bool(graph.after_learn[state] != NONE)


@jit
def rebuild_carry(edit: GraphEdit) -> bool:
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
    _redirect_learn(graph, old, state if new == NONE else new)
    return True


@jit
def rebuild_prediction(edit: GraphEdit) -> bool:
    """Build a new prediction, perhaps from the old one."""
    graph = edit.graph
    kind = graph.kind[GIVEN_PREDICTION]
    graph.header[ROOT] = build_part(edit, PREDICT, kind, random_size(edit), graph.header[ROOT], True)
    return bool(graph.header[ROOT] >= FIRST_NODE)


@jit
def replace_op(edit: GraphEdit) -> bool:
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
def rebuild(edit: GraphEdit) -> bool:
    """Replace a node by a new part; the part may use the node, or what the node has used."""
    graph, node = edit.graph, _random_node(edit)
    if node == NONE:
        return False
    last = FIRST_NODE + graph.header[NUM_NODES]  # readers of the node before it; the part keeps reading it
    new = build_part(edit, graph.component[node], graph.kind[node], random_size(edit), node, True)
    if new in (NONE, node):
        return False
    return _replace_node(graph, node, new, last)


@jit
def bypass(edit: GraphEdit) -> bool:
    """Let what reads a node read one of its inputs instead, so that the program becomes shorter."""
    graph, node = edit.graph, _random_node(edit)
    if node == NONE:
        return False
    place = below(edit.random, 2)
    for _ in range(2):
        value = graph.inputs[node, place]
        if value >= 0 and graph.kind[value] == graph.kind[node]:
            return _replace_node(graph, node, value, FIRST_NODE + graph.header[NUM_NODES])
        place = 1 - place
    return False


@jit
def rewire(edit: GraphEdit) -> bool:
    """Let a node read another value than it did: any that there is, or a new constant or parameter."""
    node, place = _random_operand(edit)
    return bool(node != NONE and _connect(edit, node, place, _other_input(edit, node, place, True)))


@jit
def constant_to_edge(edit: GraphEdit) -> bool:
    """Let a node read a value that is there already in place of a constant."""
    node, place = _random_operand(edit)
    if node == NONE or not _is_constant_state(edit.graph, edit.graph.inputs[node, place]):
        return False
    return _connect(edit, node, place, _other_input(edit, node, place, False))


@jit
def edge_to_constant(edit: GraphEdit) -> bool:
    """Let a node read a new constant in place of a value."""
    node, place = _random_operand(edit)
    if node == NONE:
        return False
    return _connect(edit, node, place, new_constant(edit, KIND_OF[edit.graph.op[node], IN1 + place]))


@jit
def extend_edge(edit: GraphEdit) -> bool:
    """Let a node read something made of the value that it has read."""
    graph = edit.graph
    node, place = _random_operand(edit)
    if node == NONE:
        return False
    new = new_extension(edit, graph.component[node], graph.inputs[node, place], NONE, True)
    return _connect(edit, node, place, new)


@jit
def split_state(edit: GraphEdit) -> bool:
    """Let a new state take over initial value and update of a state, which Learn makes of the new one from then on."""
    graph, state = edit.graph, _random_state(edit)
    if state == NONE or graph.after_learn[state] == NONE:
        return False
    old, update = value_at_begin(graph, state, LEARN), graph.after_learn[state]
    new = add_state(graph, graph.kind[state], NONE, graph.initial[state])
    graph.after_learn[new], graph.initial[state] = update, NONE
    _redirect_learn(graph, old, new)
    graph.after_learn[state] = new_extension(edit, LEARN, update, NONE, False)
    return bool(graph.after_learn[state] != NONE)


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
def _redirect_learn(graph: Graph, old: int, new: int) -> None:
    """Let every node of Learn that reads one value read another one."""
    for reader in range(FIRST_NODE, FIRST_NODE + graph.header[NUM_NODES]):
        for place in range(2):
            if graph.inputs[reader, place] == old and graph.component[reader] == LEARN:
                graph.inputs[reader, place] = new


@jit
def _is_constant_state(graph: Graph, value: int) -> bool:
    return bool(FIRST_STATE <= value < FIRST_NODE and is_constant(graph, value, graph.initial[value]))


@jit
def _replace_node(graph: Graph, old: int, new: int, end: int) -> bool:
    """Let what reads a node read another value, but for nodes from ``end`` on; return whether that is possible.

    Where Learn reads a node of Predict, it keeps reading the old one.
    """
    component = graph.component[old]
    is_own = new >= FIRST_NODE and graph.component[new] == component
    for reader in range(FIRST_NODE, end):
        for place in range(2):
            if graph.inputs[reader, place] == old and graph.component[reader] == component:
                graph.inputs[reader, place] = new
    for state in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        # What a state becomes is a node of the component function that writes it, or the state stays as it is.
        written = new if is_own else NONE
        if old in (graph.after_predict[state], graph.after_learn[state]) and not is_own and new != state:
            return False
        if graph.after_predict[state] == old:
            graph.after_predict[state] = written
        if graph.after_learn[state] == old:
            graph.after_learn[state] = written
    if graph.header[ROOT] == old:
        graph.header[ROOT] = new
    return bool(is_own or graph.header[ROOT] != new)
