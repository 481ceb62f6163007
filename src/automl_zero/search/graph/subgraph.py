"""New parts of a graph: nodes of random ops, whose inputs are values that are there already or new states.

A new part is complete when it is returned, except for the updates of new parameters and registers, which come last
(``UNSET``, ``UNSET_REGISTER``).
Nothing here checks whether the graph is still one of a program: ``schedule.schedule_graph`` and ``codegen.emit`` do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from automl_zero.search.conventions import LEARN, NONE, PREDICT, SETUP, RandomState
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    NUM_NODES,
    NUM_STATES,
    ROOT,
    Graph,
    add_node,
    add_state,
    is_unchanged,
    value_at_begin,
)
from automl_zero.search.mutate import IS_INDEX, randomize_constants
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KINDS, NUM_CONSTANTS, OUT, PARTIAL

KIND_OF = KINDS.astype(np.int64)  # so that all kinds are of one type, and no function is compiled for several
UNSET = -2  # an input or update that is still to be chosen
UNSET_REGISTER = -3  # an update that is still to be chosen, and does not need the old value
NEW_STATE_PROB = 0.2  # that an input is a new parameter or constant
NEAR_PROB = 0.5  # that an input is what the replaced node has read, or the node itself
DECADES = 2.0  # that the size of a new constant spans: learning rates are small
ONE_NODE_PROB, TWO_NODES_PROB = 0.4, 0.4  # sizes of new parts; else three nodes
PART, INITIAL, UPDATE = range(3)  # what an op is drawn for: a part, the initial value of a state, its update


class GraphEdit(NamedTuple):
    """A graph that is being changed, the space it must stay in, and the random numbers that decide."""

    random: RandomState
    space: Space
    graph: Graph


@jit
def has_registers(space: Space) -> bool:
    """Return whether graphs may have registers: states whose update does not read their old value."""
    return bool(space.register_share[0] > 0)


@jit
def draws_register(edit: GraphEdit) -> bool:
    """Draw whether a new update makes a register; no number is drawn where there are none."""
    return has_registers(edit.space) and uniform(edit.random, 0.0, 1.0) < edit.space.register_share[0]


@jit
def random_size(edit: GraphEdit) -> int:
    """Draw the number of nodes of a new part."""
    draw = uniform(edit.random, 0.0, 1.0)
    return 1 if draw < ONE_NODE_PROB else 2 if draw < ONE_NODE_PROB + TWO_NODES_PROB else 3


@jit
def build_part(edit: GraphEdit, component: int, kind: int, size: int, near: int, allow_new: bool) -> int:
    """Return the root of a new part that gives a value of a kind, or -1 if there is none.

    Args:
        edit: the graph and where to draw from.
        component: the component function that the part belongs to.
        kind: of the value.
        size: most nodes of the part; of size 0, it is a value that is there already, or a new state.
        near: a node, which with its inputs is preferred as input of the part; or -1.
        allow_new: whether inputs may be new states.
    """
    graph = edit.graph
    node = FIRST_NODE + graph.header[NUM_NODES]
    root = _new_node(edit, component, kind) if size > 0 else NONE
    if root == NONE:
        return choose_input(edit, component, kind, near, allow_new)
    # Breadth-first: nodes are added at the end of the graph, so this loop reaches those that it adds.
    left = size - 1
    while node < FIRST_NODE + graph.header[NUM_NODES]:
        for place in range(2):
            if graph.inputs[node, place] == UNSET:
                wanted, new = KIND_OF[graph.op[node], IN1 + place], NONE
                if left > 0 and below(edit.random, 2):
                    new = _new_node(edit, component, wanted)
                    left -= 1
                if new == NONE:
                    new = choose_input(edit, component, wanted, near, allow_new)
                if new == NONE:
                    return NONE
                graph.inputs[node, place] = new
        node += 1
    return root


@jit
def choose_input(edit: GraphEdit, component: int, kind: int, near: int, allow_new: bool) -> int:
    """Return a value of a kind that a component function can read: near a node, new, or any; -1 if there is none."""
    graph = edit.graph
    # -1 stands for the replaced node itself, 0 and 1 for what it reads: a rebuilt part often extends the old one.
    if near != NONE and uniform(edit.random, 0.0, 1.0) < NEAR_PROB:
        place = below(edit.random, 3) - 1
        value = near if place == NONE else graph.inputs[near, place]
        if value >= 0 and graph.kind[value] == kind:
            return int(value)
    if allow_new and uniform(edit.random, 0.0, 1.0) < NEW_STATE_PROB:
        if below(edit.random, 2):
            return _new_parameter(edit, kind)
        return new_constant(edit, kind)
    # Reservoir sampling: the k-th candidate takes over with probability 1 / k, so all are equally likely.
    chosen, seen = NONE, 0
    for value in range(FIRST_NODE + graph.header[NUM_NODES]):
        if graph.kind[value] == kind and _is_readable(graph, component, value):
            seen += 1
            if below(edit.random, seen) == 0:
                chosen = value
    if chosen == NONE and allow_new:
        return _new_parameter(edit, kind)
    return chosen


@jit
def new_constant(edit: GraphEdit, kind: int) -> int:
    """Add a state that nothing changes: what an op of Setup gives or, of vectors and matrices, perhaps zeros."""
    initial = NONE
    if kind == 0 or below(edit.random, 2):  # a scalar of zero would be of little use
        initial = new_initial(edit, kind, NONE)
    return add_state(edit.graph, kind, NONE, initial)


@jit
def new_initial(edit: GraphEdit, kind: int, old: int) -> int:
    """Return what a state begins with in place of the old node: zeros (-1), or a node of Setup that reads nothing."""
    if old != NONE and below(edit.random, 2):
        return NONE
    chosen = _random_op(edit, SETUP, kind, INITIAL)
    if chosen == NONE:
        return NONE
    # An op that sets one element may keep the others of the old value.
    kept = old if PARTIAL[chosen] and below(edit.random, 2) else NONE
    return _add(edit, SETUP, chosen, kept, NONE)


@jit
def new_update(edit: GraphEdit, state: int, near: int, is_register: bool) -> int:
    """Return a node of Learn that makes the new value of a state; -1 if there is none.

    That of a parameter is made of its old one and perhaps another value, that of a register of anything.
    """
    if is_register:
        return _new_value(edit, LEARN, edit.graph.kind[state], near, False)
    return new_extension(edit, LEARN, value_at_begin(edit.graph, state, LEARN), near, False)


@jit
def new_extension(edit: GraphEdit, component: int, old: int, near: int, allow_new: bool) -> int:
    """Return a node that makes a value of an old one of the same kind, and perhaps of another; -1 if there is none."""
    graph = edit.graph
    kind = graph.kind[old]
    chosen = _random_op(edit, component, kind, UPDATE)
    if chosen == NONE:
        return NONE
    # Which of both inputs is the old value: the one of its kind, or any if both are.
    own = 0 if KIND_OF[chosen, IN1] == kind else 1
    if own == 0 and KIND_OF[chosen, IN2] == kind and below(edit.random, 2):
        own = 1
    other = KIND_OF[chosen, IN2 - own]
    value = NONE
    if other >= 0:
        size = random_size(edit) if below(edit.random, 2) else 0
        value = build_part(edit, component, other, size, near, allow_new)
        if value == NONE:
            return NONE
    return _add(edit, component, chosen, old if own == 0 else value, value if own == 0 else old)


@jit
def new_carry(edit: GraphEdit, state: int) -> int:
    """Return a node of Predict that makes what Predict leaves in a state; -1 if there is none."""
    return _new_value(edit, PREDICT, edit.graph.kind[state], NONE, True)


@jit
def _new_value(edit: GraphEdit, component: int, kind: int, near: int, allow_new: bool) -> int:
    """Return a node of a component function that may be written to a state; -1 if there is none."""
    graph = edit.graph
    value = build_part(edit, component, kind, random_size(edit), near, allow_new)
    is_own = value >= FIRST_NODE and graph.component[value] == component and value != graph.header[ROOT]
    return value if is_own else NONE


@jit
def _new_parameter(edit: GraphEdit, kind: int) -> int:
    """Add a parameter or register that still needs its update; it begins with zeros or what an op of Setup gives."""
    initial = NONE if below(edit.random, 2) else new_initial(edit, kind, NONE)
    state = add_state(edit.graph, kind, NONE, initial)
    edit.graph.after_learn[state] = UNSET_REGISTER if draws_register(edit) else UNSET
    return state


@jit
def _new_node(edit: GraphEdit, component: int, kind: int) -> int:
    """Add a node of a random op that gives a value of a kind, its inputs UNSET; return -1 if there is no such op."""
    chosen = _random_op(edit, component, kind, PART)
    if chosen == NONE:
        return NONE
    first = UNSET if KIND_OF[chosen, IN1] >= 0 else NONE
    second = UNSET if KIND_OF[chosen, IN2] >= 0 else NONE
    return _add(edit, component, chosen, first, second)


@jit
def _random_op(edit: GraphEdit, component: int, kind: int, purpose: int) -> int:
    """Draw an op for a purpose that gives a value of a kind, evenly (reservoir sampling); -1 if there is none."""
    chosen, seen = NONE, 0
    for k in range(edit.space.num_ops[component]):
        op = edit.space.ops[component, k]
        if KIND_OF[op, OUT] == kind and _serves(op, kind, purpose):
            seen += 1
            if below(edit.random, seen) == 0:
                chosen = op
    return chosen


@jit
def _serves(op: int, kind: int, purpose: int) -> bool:
    """Return whether an op fits a purpose."""
    if purpose == PART:
        return not PARTIAL[op]  # which would keep elements of an old value, and there is none
    if purpose == INITIAL:
        return bool(KIND_OF[op, IN1] < 0)
    return bool(KIND_OF[op, IN1] == kind or KIND_OF[op, IN2] == kind)


@jit
def _add(edit: GraphEdit, component: int, op: int, first: int, second: int) -> int:
    """Add a node with random constants: as large as those of other mutations, or down to a hundredth of that."""
    node = add_node(edit.graph, component, op, first, second)
    randomize_constants(edit.random, op, edit.graph.data[node])
    # The sign is kept; the size is log-uniform from 0.01 to 1.
    for constant in range(NUM_CONSTANTS[op]):
        if not IS_INDEX[op, constant]:
            sign = 1.0 if edit.graph.data[node, constant] > 0 else -1.0
            edit.graph.data[node, constant] = sign * 10.0 ** uniform(edit.random, -DECADES, 0.0)
    return node


@jit
def _is_readable(graph: Graph, component: int, value: int) -> bool:
    """Return whether Predict or Learn can read a value, as in ``schedule._may_read``, and the value is complete."""
    if value >= FIRST_NODE:
        own = graph.component[value] == component
        earlier = component == LEARN and graph.component[value] == PREDICT and value != graph.header[ROOT]
        return bool((own or earlier) and graph.inputs[value, 0] != UNSET and graph.inputs[value, 1] != UNSET)
    if value >= FIRST_STATE:
        return bool(value < FIRST_STATE + graph.header[NUM_STATES] and is_unchanged(graph, value, component))
    return bool(component == LEARN or value == GIVEN_FEATURES)
