"""Mutations of a program's graph: they cut and join what is computed, so that the rest goes on working.

After Mishima and Ono (2025), whose eight kinds and weights these are, with the replacement of an op beside them. A
change of one instruction of a program nearly always breaks it: what it has computed is then missing elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from automl_zero.search.graph.codegen import emit
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_PREDICTION,
    MAX_STATES,
    NODES,
    NONE,
    NOT_A_CELL,
    PREDICT,
    ROOT,
    SETUP,
    STATES,
    Graph,
    is_constant,
    lift,
    new_graph,
)
from automl_zero.search.graph.schedule import Schedule, new_schedule, order
from automl_zero.search.graph.subgraph import (
    KIND_OF,
    UNSET,
    Draft,
    beginning,
    grow,
    leaf,
    new_constant,
    random_size,
    update,
)
from automl_zero.search.graph.valid import is_valid
from automl_zero.search.mutate import alter_constant, randomize_constants
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, NUM_CONSTANTS, OUT, PARTIAL, Code, Lowered, lower

WEIGHTS = {
    "alter_constant": 0.05,
    "alter_initial": 0.05,
    "constant_to_edge": 0.05,
    "edge_to_constant": 0.05,
    "rewire": 0.2,
    "replace_op": 0.05,
    "rebuild": 0.25,
    "rebuild_update": 0.15,
    "rebuild_prediction": 0.15,
}
(
    ALTER_CONSTANT, ALTER_INITIAL, CONSTANT_TO_EDGE, EDGE_TO_CONSTANT, REWIRE, REPLACE_OP, REBUILD, REBUILD_UPDATE,
    REBUILD_PREDICTION,
) = range(len(WEIGHTS))  # fmt: skip
ODDS = np.cumsum(list(WEIGHTS.values())) / sum(WEIGHTS.values())
FAILED = -1  # instead of a kind of mutation
AGAIN_PROB = 0.2  # that one more mutation follows
ROOM = 24  # nodes that a mutation may add: three, and for each of four leaves a beginning and an update of four
ROOM_FOR_STATES = 4  # that it may add: its leaves


class Graphs(NamedTuple):
    """Room to mutate a program as a graph."""

    graph: Graph
    plan: Schedule


def new_graphs(capacity: tuple[int, ...]) -> Graphs:
    """Room for programs of at most that many instructions in each component function."""
    graph = new_graph(capacity)
    return Graphs(graph, new_schedule(graph))


@jit
def mutate_as_graph(state: Any, space: Space, multiclass: bool, program: Code, lowered: Lowered, graphs: Graphs) -> int:
    """Mutate the graph of a program, and write it back if it is valid; else the program stays.

    Gives the kind of the mutation, of several the first; FAILED if the program stays.
    """
    graph, plan = graphs
    draft = Draft(state, space, graph)
    lower(program, multiclass, lowered)
    if not lift(lowered, multiclass, graph):
        return FAILED
    first = FAILED
    while True:
        kind = mutate_graph(draft)
        if kind == FAILED:
            return FAILED
        first = kind if first == FAILED else first
        if uniform(state, 0.0, 1.0) >= AGAIN_PROB:
            break
    written = order(graph, plan) and is_valid(graph, plan) and emit(graph, space, plan, program)
    return first if written else FAILED


@jit_inline
def mutate_graph(draft: Draft) -> int:
    """Apply one mutation; gives its kind, or FAILED if there was nothing to change.

    The graph may come to be one of no program.
    """
    graph = draft.graph
    if not _has_room(graph):
        return FAILED
    draw = uniform(draft.random, 0.0, 1.0)
    kind = 0
    while draw >= ODDS[kind]:
        kind += 1
    if graph.facts[ROOT] == NONE:
        kind = REBUILD_PREDICTION
    return kind if _mutate_as(draft, kind) and _complete(draft) else FAILED


@jit_inline
def _has_room(graph: Graph) -> bool:
    nodes, states = FIRST_NODE + graph.facts[NODES], graph.facts[STATES]
    return bool(nodes + ROOM <= graph.kind.shape[0] and states + ROOM_FOR_STATES <= MAX_STATES)


@jit_inline
def _mutate_as(draft: Draft, kind: int) -> bool:
    graph = draft.graph
    if kind == REBUILD_PREDICTION:
        return _rebuild_prediction(draft)
    if kind == ALTER_CONSTANT:
        return _alter_constant(draft)
    if kind in (ALTER_INITIAL, REBUILD_UPDATE):
        return _alter_state(draft, kind)
    node = FIRST_NODE + below(draft.random, graph.facts[NODES])
    if graph.component[node] == SETUP:
        return False
    if kind == REPLACE_OP:
        return _replace_op(draft, node)
    if kind == REBUILD:
        return _rebuild(draft, node)
    return _rewire(draft, node, kind)


@jit
def _complete(draft: Draft) -> bool:
    """Give new parameters their updates, which use what there is, but nothing new."""
    graph = draft.graph
    for parameter in range(FIRST_STATE, FIRST_STATE + graph.facts[STATES]):
        if graph.after_learn[parameter] == UNSET:
            graph.after_learn[parameter] = update(draft, parameter, NONE)
            if graph.after_learn[parameter] == NONE:
                return False
    return True


@jit
def _alter_constant(draft: Draft) -> bool:
    """Change one constant of an instruction that has any."""
    graph = draft.graph
    node = NONE
    seen = 0
    for each in range(FIRST_NODE, FIRST_NODE + graph.facts[NODES]):
        if NUM_CONSTANTS[graph.op[each]] > 0:
            seen += 1
            if below(draft.random, seen) == 0:
                node = each
    if node == NONE:
        return False
    alter_constant(draft.random, draft.space, graph.op[node], graph.data[node])
    return True


@jit
def _alter_state(draft: Draft, kind: int) -> bool:
    """Change where a state begins, or how Learn changes it."""
    graph = draft.graph
    if graph.facts[STATES] == 0:
        return False
    chosen = FIRST_STATE + below(draft.random, graph.facts[STATES])
    if graph.cell[chosen] == NOT_A_CELL:
        return False
    if kind == ALTER_INITIAL:
        graph.before[chosen] = beginning(draft, graph.kind[chosen], graph.before[chosen])
        return True
    graph.after_learn[chosen] = update(draft, chosen, graph.after_learn[chosen])
    return bool(graph.after_learn[chosen] != NONE)


@jit_inline
def _rebuild_prediction(draft: Draft) -> bool:
    """Make the prediction anew, perhaps from the old one."""
    graph = draft.graph
    kind = graph.kind[GIVEN_PREDICTION]
    graph.facts[ROOT] = grow(draft, PREDICT, kind, random_size(draft), graph.facts[ROOT], True)
    return bool(graph.facts[ROOT] >= FIRST_NODE)


@jit
def _replace_op(draft: Draft, node: int) -> bool:
    """Draw another op for the same inputs."""
    graph = draft.graph
    component, old = graph.component[node], graph.op[node]
    op = draft.space.ops[component, below(draft.random, draft.space.num_ops[component])]
    for column in (IN1, IN2, OUT):
        if KIND_OF[op, column] != KIND_OF[old, column]:
            return False
    if op == old or PARTIAL[op] != PARTIAL[old]:
        return False
    graph.op[node] = op
    randomize_constants(draft.random, op, graph.data[node])
    return True


@jit
def _rebuild(draft: Draft, node: int) -> bool:
    """Put a new part in the place of a node; the part may use the node, or what the node has used."""
    graph = draft.graph
    last = FIRST_NODE + graph.facts[NODES]
    new = grow(draft, graph.component[node], graph.kind[node], random_size(draft), node, True)
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
def _rewire(draft: Draft, node: int, kind: int) -> bool:
    """Let a node read another value than it did: of those there are, or a new constant or parameter."""
    graph = draft.graph
    operands = int(KIND_OF[graph.op[node], IN1] >= 0) + int(KIND_OF[graph.op[node], IN2] >= 0)
    if operands == 0:
        return False
    place = below(draft.random, operands)
    old = graph.inputs[node, place]
    wanted = KIND_OF[graph.op[node], IN1 + place]
    if kind == CONSTANT_TO_EDGE and not _is_constant_state(graph, old):
        return False
    if kind == EDGE_TO_CONSTANT:
        new = new_constant(draft, wanted)
    else:
        new = leaf(draft, graph.component[node], wanted, NONE, kind == REWIRE)
    if new in (NONE, old):
        return False
    graph.inputs[node, place] = new
    return True


@jit
def _is_constant_state(graph: Graph, value: int) -> bool:
    return bool(FIRST_STATE <= value < FIRST_NODE and is_constant(graph, value, graph.before[value]))
