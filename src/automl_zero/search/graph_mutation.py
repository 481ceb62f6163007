"""Mutations of a program's graph: they cut and join what is computed, so that the rest goes on working.

After Mishima and Ono (2025), whose eight kinds and weights these are, with the replacement of an op beside them. A
change of one instruction of a program nearly always breaks it: what it has computed is then missing elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from automl_zero.search.emit import Plan, emit, is_valid, new_plan
from automl_zero.search.generator import below, uniform
from automl_zero.search.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    GIVEN_PREDICTION,
    LEARN,
    MAX_STATES,
    NODES,
    NONE,
    NOT_A_CELL,
    PREDICT,
    ROOT,
    SETUP,
    STATES,
    Graph,
    add_node,
    add_state,
    is_constant,
    lift,
    new_graph,
)
from automl_zero.search.mutate import alter_constant, is_index, randomize_constants
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, KINDS, NUM_CONSTANTS, OUT, PARTIAL, Code, Lowered, lower

KIND_OF = KINDS.astype(np.int64)  # so that all kinds are of one type, and no function is compiled for several
UNSET = -2  # an input that is still to be chosen
(
    ALTER_CONSTANT, ALTER_INITIAL, CONSTANT_TO_EDGE, EDGE_TO_CONSTANT, REWIRE, REPLACE_OP, REBUILD, REBUILD_UPDATE,
    REBUILD_PREDICTION,
) = range(9)  # fmt: skip
WEIGHTS = (0.05, 0.05, 0.05, 0.05, 0.2, 0.05, 0.25, 0.15, 0.15)
ODDS = np.cumsum(WEIGHTS) / sum(WEIGHTS)
NEW_STATE_PROB = 0.2  # that a leaf is a new parameter or constant
NEAR_PROB = 0.5  # that a leaf is what the replaced node has read, or the node itself
DECADES = 2.0  # that the size of a new constant spans: rates of learning are small
AGAIN_PROB = 0.2  # that one more mutation follows
ROOM = 24  # nodes or states that a mutation may add
ONE_NODE_PROB, TWO_NODES_PROB = 0.4, 0.4  # sizes of new parts; else three nodes


class Graphs(NamedTuple):
    """Room to mutate a program as a graph."""

    graph: Graph
    plan: Plan


def new_graphs(capacity: tuple[int, ...]) -> Graphs:
    """Room for programs of at most that many instructions in each component function."""
    graph = new_graph(capacity)
    return Graphs(graph, new_plan(graph))


@jit
def mutate_as_graph(
    state: Any, space: Space, multiclass: bool, program: Code, lowered: Lowered, graphs: Graphs
) -> bool:
    """Mutate the graph of a program, and write it back if it is valid; else the program stays, and it tells so."""
    graph, plan = graphs
    lower(program, multiclass, lowered)
    if not lift(lowered, multiclass, graph):
        return False
    while True:
        if not mutate_graph(state, space, graph):
            return False
        if uniform(state, 0.0, 1.0) >= AGAIN_PROB:
            break
    return emit(graph, space, plan, program) and is_valid(graph, plan)


@jit_inline
def mutate_graph(state: Any, space: Space, graph: Graph) -> bool:
    """Apply one mutation; tells whether there was anything to change. The graph may come to be one of no program."""
    if graph.facts[NODES] + ROOM > graph.kind.shape[0] - FIRST_NODE or graph.facts[STATES] + ROOM > MAX_STATES:
        return False
    draw = uniform(state, 0.0, 1.0)
    kind = 0
    while draw >= ODDS[kind]:
        kind += 1
    if graph.facts[ROOT] == NONE:
        kind = REBUILD_PREDICTION
    return _mutate_as(state, space, graph, kind) and _complete(state, space, graph)


@jit_inline
def _mutate_as(state: Any, space: Space, graph: Graph, kind: int) -> bool:
    if kind == REBUILD_PREDICTION:
        return _rebuild_prediction(state, space, graph)
    if kind == ALTER_CONSTANT:
        return _alter_constant(state, space, graph)
    if kind in (ALTER_INITIAL, REBUILD_UPDATE):
        return _alter_state(state, space, graph, kind)
    node = FIRST_NODE + below(state, graph.facts[NODES])
    if graph.component[node] == SETUP:
        return False
    if kind == REPLACE_OP:
        return _replace_op(state, space, graph, node)
    if kind == REBUILD:
        return _rebuild(state, space, graph, node)
    return _rewire(state, space, graph, node, kind)


@jit
def _complete(state: Any, space: Space, graph: Graph) -> bool:
    """Give new parameters their updates, which use what there is, but nothing new."""
    for parameter in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.after_learn[parameter] == UNSET:
            graph.after_learn[parameter] = _update(state, space, graph, parameter, NONE)
            if graph.after_learn[parameter] == NONE:
                return False
    return True


@jit
def _alter_constant(state: Any, space: Space, graph: Graph) -> bool:
    """Change one constant of an instruction that has any."""
    node = NONE
    seen = 0
    for each in range(FIRST_NODE, FIRST_NODE + graph.facts[NODES]):
        if NUM_CONSTANTS[graph.op[each]] > 0:
            seen += 1
            if below(state, seen) == 0:
                node = each
    if node == NONE:
        return False
    alter_constant(state, space, graph.op[node], graph.data[node])
    return True


@jit
def _alter_state(state: Any, space: Space, graph: Graph, kind: int) -> bool:
    """Change where a state begins, or how Learn changes it."""
    if graph.facts[STATES] == 0:
        return False
    chosen = FIRST_STATE + below(state, graph.facts[STATES])
    if graph.cell[chosen] == NOT_A_CELL:
        return False
    if kind == ALTER_INITIAL:
        graph.before[chosen] = _initial(state, space, graph, graph.kind[chosen], graph.before[chosen])
        return True
    graph.after_learn[chosen] = _update(state, space, graph, chosen, graph.after_learn[chosen])
    return bool(graph.after_learn[chosen] != NONE)


@jit_inline
def _rebuild_prediction(state: Any, space: Space, graph: Graph) -> bool:
    """Make the prediction anew, perhaps from the old one."""
    kind = graph.kind[GIVEN_PREDICTION]
    graph.facts[ROOT] = _grow(state, space, graph, PREDICT, kind, _size(state), graph.facts[ROOT], True)
    return bool(graph.facts[ROOT] >= FIRST_NODE)


@jit
def _replace_op(state: Any, space: Space, graph: Graph, node: int) -> bool:
    """Draw another op for the same inputs."""
    component, old = graph.component[node], graph.op[node]
    op = space.ops[component, below(state, space.num_ops[component])]
    for column in (IN1, IN2, OUT):
        if KIND_OF[op, column] != KIND_OF[old, column]:
            return False
    if op == old:
        return False
    graph.op[node] = op
    randomize_constants(state, op, graph.data[node])
    return True


@jit
def _rebuild(state: Any, space: Space, graph: Graph, node: int) -> bool:
    """Put a new part in the place of a node; the part may use the node, or what the node has used."""
    last = FIRST_NODE + graph.facts[NODES]
    new = _grow(state, space, graph, graph.component[node], graph.kind[node], _size(state), node, True)
    if new in (NONE, node):
        return False
    for reader in range(FIRST_NODE, last):
        for place in range(2):
            if graph.inputs[reader, place] == node and graph.component[reader] == graph.component[node]:
                graph.inputs[reader, place] = new
    for each in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.after_predict[each] == node:
            graph.after_predict[each] = new
        if graph.after_learn[each] == node:
            graph.after_learn[each] = new
    if graph.facts[ROOT] == node:
        graph.facts[ROOT] = new
    return True


@jit
def _rewire(state: Any, space: Space, graph: Graph, node: int, kind: int) -> bool:
    """Let a node read another value than it did: of those there are, or a new constant or parameter."""
    operands = int(KIND_OF[graph.op[node], IN1] >= 0) + int(KIND_OF[graph.op[node], IN2] >= 0)
    if operands == 0:
        return False
    place = below(state, operands)
    old = graph.inputs[node, place]
    wanted = KIND_OF[graph.op[node], IN1 + place]
    if kind == CONSTANT_TO_EDGE and not _is_constant_state(graph, old):
        return False
    if kind == EDGE_TO_CONSTANT:
        new = _new_constant(state, space, graph, wanted)
    else:
        new = _leaf(state, space, graph, graph.component[node], wanted, NONE, kind == REWIRE)
    if new in (NONE, old):
        return False
    graph.inputs[node, place] = new
    return True


@jit
def _is_constant_state(graph: Graph, value: int) -> bool:
    return bool(FIRST_STATE <= value < FIRST_NODE and is_constant(graph, value, graph.before[value]))


@jit
def _size(state: Any) -> int:
    """Number of nodes of a new part."""
    draw = uniform(state, 0.0, 1.0)
    return 1 if draw < ONE_NODE_PROB else 2 if draw < ONE_NODE_PROB + TWO_NODES_PROB else 3


@jit
def _grow(
    state: Any, space: Space, graph: Graph, component: int, kind: int, size: int, near: int, may_be_new: bool
) -> int:
    """A new part of at most that many nodes that gives a value of a kind; -1 if there is none."""
    node = FIRST_NODE + graph.facts[NODES]
    root = _new_node(state, space, graph, component, kind) if size > 0 else NONE
    if root == NONE:
        return _leaf(state, space, graph, component, kind, near, may_be_new)
    left = size - 1
    while node < FIRST_NODE + graph.facts[NODES]:  # which grows
        for place in range(2):
            if graph.inputs[node, place] == UNSET:
                wanted, new = KIND_OF[graph.op[node], IN1 + place], NONE
                if left > 0 and below(state, 2):
                    new = _new_node(state, space, graph, component, wanted)
                    left -= 1
                if new == NONE:
                    new = _leaf(state, space, graph, component, wanted, near, may_be_new)
                if new == NONE:
                    return NONE
                graph.inputs[node, place] = new
        node += 1
    return root


@jit
def _new_node(state: Any, space: Space, graph: Graph, component: int, kind: int) -> int:
    """A node of a random op that gives a value of a kind, its inputs still to be chosen; -1 if there is none."""
    chosen, seen = NONE, 0
    for k in range(space.num_ops[component]):
        op = space.ops[component, k]
        if KIND_OF[op, OUT] == kind and not PARTIAL[op]:
            seen += 1
            if below(state, seen) == 0:
                chosen = op
    if chosen == NONE:
        return NONE
    first = UNSET if KIND_OF[chosen, IN1] >= 0 else NONE
    second = UNSET if KIND_OF[chosen, IN2] >= 0 else NONE
    return _add(state, graph, component, chosen, first, second)


@jit
def _add(state: Any, graph: Graph, component: int, op: int, first: int, second: int) -> int:
    """A node with random constants: as large as those of other mutations, or down to a hundredth of that."""
    node = add_node(graph, component, op, first, second)
    randomize_constants(state, op, graph.data[node])
    for constant in range(NUM_CONSTANTS[op]):
        if not is_index(op, constant):
            sign = 1.0 if graph.data[node, constant] > 0 else -1.0
            graph.data[node, constant] = sign * 10.0 ** uniform(state, -DECADES, 0.0)
    return node


@jit
def _leaf(state: Any, space: Space, graph: Graph, component: int, kind: int, near: int, may_be_new: bool) -> int:
    """A value of a kind that the component function can read: near a node, new, or any; -1 if there is none."""
    if near != NONE and uniform(state, 0.0, 1.0) < NEAR_PROB:
        place = below(state, 3) - 1
        value = near if place == NONE else graph.inputs[near, place]
        if value >= 0 and graph.kind[value] == kind:
            return int(value)
    if may_be_new and uniform(state, 0.0, 1.0) < NEW_STATE_PROB:
        if below(state, 2):
            return _new_parameter(state, space, graph, kind)
        return _new_constant(state, space, graph, kind)
    chosen, seen = NONE, 0
    for value in range(FIRST_NODE + graph.facts[NODES]):
        if graph.kind[value] == kind and _is_readable(graph, component, value):
            seen += 1
            if below(state, seen) == 0:
                chosen = value
    if chosen == NONE and may_be_new:
        return _new_parameter(state, space, graph, kind)
    return chosen


@jit
def _is_readable(graph: Graph, component: int, value: int) -> bool:
    if value >= FIRST_NODE:
        own = graph.component[value] == component
        earlier = component == LEARN and graph.component[value] == PREDICT and value != graph.facts[ROOT]
        return bool((own or earlier) and graph.inputs[value, 0] != UNSET and graph.inputs[value, 1] != UNSET)
    if value >= FIRST_STATE:
        return bool(value < FIRST_STATE + graph.facts[STATES])
    return bool(component == LEARN or value == GIVEN_FEATURES)


@jit
def _new_constant(state: Any, space: Space, graph: Graph, kind: int) -> int:
    """A state that nothing changes: what an op of Setup gives or, of vectors and matrices, perhaps zeros."""
    before = NONE
    if kind == 0 or below(state, 2):
        before = _initial(state, space, graph, kind, NONE)
    return add_state(graph, kind, NONE, before)


@jit
def _new_parameter(state: Any, space: Space, graph: Graph, kind: int) -> int:
    """A state that Learn changes, once it is complete; it begins with zeros, or what an op of Setup gives."""
    before = NONE if below(state, 2) else _initial(state, space, graph, kind, NONE)
    parameter = add_state(graph, kind, NONE, before)
    graph.after_learn[parameter] = UNSET
    return parameter


@jit
def _initial(state: Any, space: Space, graph: Graph, kind: int, old: int) -> int:
    """What a state begins with in place of the old: zeros, or a node of Setup that reads nothing."""
    if old != NONE and below(state, 2):
        return NONE
    chosen, seen = NONE, 0
    for k in range(space.num_ops[SETUP]):
        op = space.ops[SETUP, k]
        if KIND_OF[op, OUT] == kind and KIND_OF[op, IN1] < 0:
            seen += 1
            if below(state, seen) == 0:
                chosen = op
    if chosen == NONE:
        return NONE
    kept = old if PARTIAL[chosen] and below(state, 2) else NONE
    return _add(state, graph, SETUP, chosen, kept, NONE)


@jit
def _update(state: Any, space: Space, graph: Graph, parameter: int, near: int) -> int:
    """A node of Learn that makes a parameter's new value from its old one and something else; -1 if there is none."""
    kind = graph.kind[parameter]
    chosen, seen = NONE, 0
    for k in range(space.num_ops[LEARN]):
        op = space.ops[LEARN, k]
        if KIND_OF[op, OUT] == kind and (KIND_OF[op, IN1] == kind or KIND_OF[op, IN2] == kind):
            seen += 1
            if below(state, seen) == 0:
                chosen = op
    if chosen == NONE:
        return NONE
    own = 0 if KIND_OF[chosen, IN1] == kind else 1
    if own == 0 and KIND_OF[chosen, IN2] == kind and below(state, 2):
        own = 1
    other = KIND_OF[chosen, IN2 - own]
    value = NONE
    if other >= 0:
        size = _size(state) if below(state, 2) else 0
        value = _grow(state, space, graph, LEARN, other, size, near, False)
        if value == NONE:
            return NONE
    return _add(state, graph, LEARN, chosen, parameter if own == 0 else value, value if own == 0 else parameter)
