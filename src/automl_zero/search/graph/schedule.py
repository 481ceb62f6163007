"""In which order a graph is computed: which of its values are needed, and when each may be overwritten.

Invariant of a schedule: every node comes after those that it needs, and a state is written when nothing in its
component function needs any more what was there before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import Kind
from automl_zero.program.program import MAX_ADDRESSES
from automl_zero.search.conventions import LEARN, NONE, NUM_COMPONENTS, PREDICT, SETUP
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    ROOT,
    Graph,
    is_constant,
    is_unchanged,
    value_at_begin,
)
from automl_zero.vm.jit import jit, jit_inline

NEW, OPEN, DONE = range(3)  # the colours of a depth-first search: white, grey and black
# Entries of Schedule.counts; from SIZES on, one for each component function.
NUM_NEEDED_STATES, NUM_FOUND, NUM_ORDERED, SIZES = range(4)


class Schedule(NamedTuple):
    """How a graph of V values becomes a program.

    Attributes:
        mark: [V] progress of the depth-first search.
        stack: [3 V] of the search.
        states: [V] needed states in the order in which they were found.
        found: [V] needed nodes, each after those that it needs.
        order: [V] the same nodes as they will run.
        readers: [V] nodes of the current component function that still have to read a value.
        writes: [V] the state that a node writes, or -1.
        time: [V] position of a node in ``order``.
        last: [V] position of the last node that reads a value, or -1.
        address: [V] of a value.
        busy: [3, 64] until which position an address is taken.
        depends: [V] bit set of the given values and states that a node depends on within one example.
        counts: [6] entries of ``states``, ``found`` and ``order``; nodes of Setup, Predict and Learn in ``order``.
    """

    mark: NDArray[np.int64]
    stack: NDArray[np.int64]
    states: NDArray[np.int64]
    found: NDArray[np.int64]
    order: NDArray[np.int64]
    readers: NDArray[np.int64]
    writes: NDArray[np.int64]
    time: NDArray[np.int64]
    last: NDArray[np.int64]
    address: NDArray[np.int64]
    busy: NDArray[np.int64]
    depends: NDArray[np.int64]
    counts: NDArray[np.int64]


def new_schedule(graph: Graph) -> Schedule:
    """Return a schedule for a graph, or for others of its capacity."""
    values = len(graph.kind)

    def integers(count: int = values) -> NDArray[np.int64]:
        return np.zeros(count, np.int64)

    return Schedule(
        mark=integers(),
        stack=integers(3 * values),  # each node pushes at most two inputs
        states=integers(),
        found=integers(),
        order=integers(),
        readers=integers(),
        writes=integers(),
        time=integers(),
        last=integers(),
        address=integers(),
        busy=np.zeros((len(Kind), MAX_ADDRESSES), np.int64),
        depends=integers(),
        counts=integers(SIZES + NUM_COMPONENTS),
    )


@jit_inline
def schedule_graph(graph: Graph, plan: Schedule) -> bool:
    """Find what the prediction needs and an order to compute it in; return whether there is one."""
    plan.mark[:] = NEW
    plan.writes[:] = NONE
    plan.counts[:] = 0
    root = graph.header[ROOT]
    if not (_is_of(graph, root, PREDICT) and _search(graph, plan, root)):
        return False
    # A needed state needs its writers, which may need further states: the list grows while it is walked.
    state = 0
    while state < plan.counts[NUM_NEEDED_STATES]:
        if not _search_writers(graph, plan, plan.states[state]):
            return False
        state += 1
    if plan.writes[root] != NONE:  # its address is the prediction's
        return False
    return _order(graph, plan, SETUP) and _order(graph, plan, PREDICT) and _order(graph, plan, LEARN)


@jit
def _is_of(graph: Graph, value: int, component: int) -> bool:
    return bool(value >= FIRST_NODE and graph.component[value] == component)


@jit
def _search_writers(graph: Graph, plan: Schedule, state: int) -> bool:
    """Find what the writers of a state need; return whether all of it can be, as a node can write one state only."""
    for component in range(NUM_COMPONENTS):
        writer = writer_of(graph, state, component)
        if writer != NONE:
            if not _is_of(graph, writer, component) or plan.writes[writer] != NONE:
                return False
            plan.writes[writer] = state
            if not _search(graph, plan, writer):
                return False
    return True


@jit
def writer_of(graph: Graph, state: int, component: int) -> int:
    """Return the node of a component function that writes a state, or -1."""
    if component == SETUP:
        return int(graph.initial[state])
    return int(graph.after_predict[state] if component == PREDICT else graph.after_learn[state])


@jit
def _search(graph: Graph, plan: Schedule, value: int) -> bool:
    """Append all that a value depends on to ``found``, then the value; return whether there is no cycle."""
    # Depth-first with an explicit stack. A node stays on it while its inputs are searched (OPEN), so a node that is
    # reached again in this state closes a cycle.
    stack, mark = plan.stack, plan.mark
    stack[0], depth = value, 1
    while depth > 0:
        top = stack[depth - 1]
        if top < FIRST_NODE:
            depth -= 1
            if top >= FIRST_STATE and mark[top] == NEW:
                mark[top] = DONE
                plan.states[plan.counts[NUM_NEEDED_STATES]] = top
                plan.counts[NUM_NEEDED_STATES] += 1
        elif mark[top] == NEW:
            mark[top] = OPEN
            for place in (1, 0):  # so that the first input is on top and found first
                needed = graph.inputs[top, place]
                if needed != NONE and mark[needed] == OPEN:
                    return False
                if needed != NONE and (needed < FIRST_NODE or mark[needed] == NEW):
                    stack[depth] = needed
                    depth += 1
        else:
            depth -= 1
            if mark[top] == OPEN:  # else it was pushed twice
                mark[top] = DONE
                plan.found[plan.counts[NUM_FOUND]] = top
                plan.counts[NUM_FOUND] += 1
    return True


@jit
def _order(graph: Graph, plan: Schedule, component: int) -> bool:
    """Order the nodes of a component function; return whether there is an order.

    This is list scheduling: the first found node that is ready is next. It is ready if its inputs are computed and,
    if it writes a state, nothing else still has to read what was there before.
    """
    waiting = 0
    plan.readers[:] = 0
    for k in range(plan.counts[NUM_FOUND]):
        node = plan.found[k]
        if graph.component[node] == component:
            waiting += 1
            for place in range(2):
                value = graph.inputs[node, place]
                if value != NONE:
                    if not _may_read(graph, component, value):
                        return False
                    plan.readers[value] += 1
    plan.counts[SIZES + component] = waiting
    while waiting > 0:
        ready = _first_ready(graph, plan, component)
        if ready == NONE:  # two states that each need the other's old value
            return False
        plan.mark[ready] = NEW  # from here on, NEW marks nodes that are in order
        plan.time[ready] = plan.counts[NUM_ORDERED]
        plan.order[plan.counts[NUM_ORDERED]] = ready
        plan.counts[NUM_ORDERED] += 1
        waiting -= 1
        for place in range(2):
            if graph.inputs[ready, place] != NONE:
                plan.readers[graph.inputs[ready, place]] -= 1
    return True


@jit
def _may_read(graph: Graph, component: int, value: int) -> bool:
    """Return whether a value is there when a component function runs."""
    if value >= FIRST_NODE:
        if graph.component[value] == component:
            return True
        # Learn finds nodes of Predict, but for the root: training has replaced it by the normalized prediction.
        return bool(component == LEARN and graph.component[value] == PREDICT and value != graph.header[ROOT])
    if value >= FIRST_STATE:
        return is_constant(graph, value, NONE) if component == SETUP else is_unchanged(graph, value, component)
    return bool(component == LEARN or (component == PREDICT and value == GIVEN_FEATURES))


@jit
def _first_ready(graph: Graph, plan: Schedule, component: int) -> int:
    """Return the first found node that may run now, or -1."""
    for k in range(plan.counts[NUM_FOUND]):
        node = plan.found[k]
        if graph.component[node] == component and plan.mark[node] == DONE and _is_ready(graph, plan, node):
            return int(node)
    return NONE


@jit
def _is_ready(graph: Graph, plan: Schedule, node: int) -> bool:
    own = 0  # reads by the node itself of what it overwrites
    state = plan.writes[node]
    old = NONE
    if state != NONE and graph.component[node] != SETUP:  # Setup overwrites nothing that is read
        old = value_at_begin(graph, state, graph.component[node])
    for place in range(2):
        value = graph.inputs[node, place]
        if value >= FIRST_NODE and plan.mark[value] == DONE:  # found, but not in order yet
            return False
        own += value != NONE and value == old
    return bool(old == NONE or plan.readers[old] == own)
