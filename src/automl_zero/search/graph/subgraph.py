"""What new parts of a graph are made of: nodes of random ops, and leaves that are there already or new states.

A part is complete when it is handed back, but for the updates of new parameters, which come last (``UNSET``). Nothing
here asks whether the graph is still one of a program: ``order`` and ``emit`` do.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    LEARN,
    NODES,
    NONE,
    PREDICT,
    ROOT,
    SETUP,
    STATES,
    Graph,
    add_node,
    add_state,
    found_in,
    remains,
)
from automl_zero.search.mutate import is_index, randomize_constants
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KINDS, NUM_CONSTANTS, OUT, PARTIAL

KIND_OF = KINDS.astype(np.int64)  # so that all kinds are of one type, and no function is compiled for several
UNSET = -2  # an input or update that is still to be chosen
NEW_STATE_PROB = 0.2  # that a leaf is a new parameter or constant
NEAR_PROB = 0.5  # that a leaf is what the replaced node has read, or the node itself
DECADES = 2.0  # that the size of a new constant spans: rates of learning are small
ONE_NODE_PROB, TWO_NODES_PROB = 0.4, 0.4  # sizes of new parts; else three nodes
PART, BEGINNING, UPDATE = range(3)  # what an op is drawn for: a part, what a state begins with, what it becomes


class Draft(NamedTuple):
    """A graph that is being changed, what it may be made of, and the random numbers that decide."""

    random: Any
    space: Space
    graph: Graph


@jit
def random_size(draft: Draft) -> int:
    """Number of nodes of a new part."""
    draw = uniform(draft.random, 0.0, 1.0)
    return 1 if draw < ONE_NODE_PROB else 2 if draw < ONE_NODE_PROB + TWO_NODES_PROB else 3


@jit
def grow(draft: Draft, component: int, kind: int, size: int, near: int, may_be_new: bool) -> int:
    """A new part of at most that many nodes that gives a value of a kind; -1 if there is none."""
    graph = draft.graph
    node = FIRST_NODE + graph.facts[NODES]
    root = _new_node(draft, component, kind) if size > 0 else NONE
    if root == NONE:
        return leaf(draft, component, kind, near, may_be_new)
    left = size - 1
    while node < FIRST_NODE + graph.facts[NODES]:  # which grows
        for place in range(2):
            if graph.inputs[node, place] == UNSET:
                wanted, new = KIND_OF[graph.op[node], IN1 + place], NONE
                if left > 0 and below(draft.random, 2):
                    new = _new_node(draft, component, wanted)
                    left -= 1
                if new == NONE:
                    new = leaf(draft, component, wanted, near, may_be_new)
                if new == NONE:
                    return NONE
                graph.inputs[node, place] = new
        node += 1
    return root


@jit
def _new_node(draft: Draft, component: int, kind: int) -> int:
    """A node of a random op that gives a value of a kind, its inputs still to be chosen; -1 if there is none."""
    chosen = _random_op(draft, component, kind, PART)
    if chosen == NONE:
        return NONE
    first = UNSET if KIND_OF[chosen, IN1] >= 0 else NONE
    second = UNSET if KIND_OF[chosen, IN2] >= 0 else NONE
    return _add(draft, component, chosen, first, second)


@jit
def _random_op(draft: Draft, component: int, kind: int, purpose: int) -> int:
    """A random op for a purpose that gives a value of a kind; -1 if there is none."""
    chosen, seen = NONE, 0
    for k in range(draft.space.num_ops[component]):
        op = draft.space.ops[component, k]
        if KIND_OF[op, OUT] == kind and _serves(op, kind, purpose):
            seen += 1
            if below(draft.random, seen) == 0:
                chosen = op
    return chosen


@jit
def _serves(op: int, kind: int, purpose: int) -> bool:
    """Whether an op fits a purpose: parts keep nothing, beginnings read nothing, updates read what they change."""
    if purpose == PART:
        return not PARTIAL[op]
    if purpose == BEGINNING:
        return bool(KIND_OF[op, IN1] < 0)
    return bool(KIND_OF[op, IN1] == kind or KIND_OF[op, IN2] == kind)


@jit
def _add(draft: Draft, component: int, op: int, first: int, second: int) -> int:
    """A node with random constants: as large as those of other mutations, or down to a hundredth of that."""
    node = add_node(draft.graph, component, op, first, second)
    randomize_constants(draft.random, op, draft.graph.data[node])
    for constant in range(NUM_CONSTANTS[op]):
        if not is_index(op, constant):
            sign = 1.0 if draft.graph.data[node, constant] > 0 else -1.0
            draft.graph.data[node, constant] = sign * 10.0 ** uniform(draft.random, -DECADES, 0.0)
    return node


@jit
def leaf(draft: Draft, component: int, kind: int, near: int, may_be_new: bool) -> int:
    """A value of a kind that the component function can read: near a node, new, or any; -1 if there is none."""
    graph = draft.graph
    if near != NONE and uniform(draft.random, 0.0, 1.0) < NEAR_PROB:
        place = below(draft.random, 3) - 1
        value = near if place == NONE else graph.inputs[near, place]
        if value >= 0 and graph.kind[value] == kind:
            return int(value)
    if may_be_new and uniform(draft.random, 0.0, 1.0) < NEW_STATE_PROB:
        if below(draft.random, 2):
            return _new_parameter(draft, kind)
        return new_constant(draft, kind)
    chosen, seen = NONE, 0
    for value in range(FIRST_NODE + graph.facts[NODES]):
        if graph.kind[value] == kind and _is_readable(graph, component, value):
            seen += 1
            if below(draft.random, seen) == 0:
                chosen = value
    if chosen == NONE and may_be_new:
        return _new_parameter(draft, kind)
    return chosen


@jit
def _is_readable(graph: Graph, component: int, value: int) -> bool:
    if value >= FIRST_NODE:
        own = graph.component[value] == component
        earlier = component == LEARN and graph.component[value] == PREDICT and value != graph.facts[ROOT]
        return bool((own or earlier) and graph.inputs[value, 0] != UNSET and graph.inputs[value, 1] != UNSET)
    if value >= FIRST_STATE:
        return bool(value < FIRST_STATE + graph.facts[STATES] and remains(graph, value, component))
    return bool(component == LEARN or value == GIVEN_FEATURES)


@jit
def new_constant(draft: Draft, kind: int) -> int:
    """A state that nothing changes: what an op of Setup gives or, of vectors and matrices, perhaps zeros."""
    before = NONE
    if kind == 0 or below(draft.random, 2):
        before = beginning(draft, kind, NONE)
    return add_state(draft.graph, kind, NONE, before)


@jit
def _new_parameter(draft: Draft, kind: int) -> int:
    """A state that Learn changes, once it is complete; it begins with zeros, or what an op of Setup gives."""
    before = NONE if below(draft.random, 2) else beginning(draft, kind, NONE)
    parameter = add_state(draft.graph, kind, NONE, before)
    draft.graph.after_learn[parameter] = UNSET
    return parameter


@jit
def beginning(draft: Draft, kind: int, old: int) -> int:
    """What a state begins with in place of the old: zeros, or a node of Setup that reads nothing."""
    if old != NONE and below(draft.random, 2):
        return NONE
    chosen = _random_op(draft, SETUP, kind, BEGINNING)
    if chosen == NONE:
        return NONE
    kept = old if PARTIAL[chosen] and below(draft.random, 2) else NONE
    return _add(draft, SETUP, chosen, kept, NONE)


@jit
def update(draft: Draft, parameter: int, near: int) -> int:
    """A node of Learn that makes a parameter's new value from its old one and something else; -1 if there is none."""
    graph = draft.graph
    kind = graph.kind[parameter]
    chosen = _random_op(draft, LEARN, kind, UPDATE)
    if chosen == NONE:
        return NONE
    own = 0 if KIND_OF[chosen, IN1] == kind else 1
    if own == 0 and KIND_OF[chosen, IN2] == kind and below(draft.random, 2):
        own = 1
    other = KIND_OF[chosen, IN2 - own]
    old = found_in(graph, parameter, LEARN)
    value = NONE
    if other >= 0:
        size = random_size(draft) if below(draft.random, 2) else 0
        value = grow(draft, LEARN, other, size, near, False)
        if value == NONE:
            return NONE
    return _add(draft, LEARN, chosen, old if own == 0 else value, value if own == 0 else old)
