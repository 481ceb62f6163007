"""In which order a graph is computed: which of its values are needed, and when each may be overwritten.

Invariant of a plan: every node comes after those that it needs, and a state is written when nobody in its component
function needs any more what was there before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.program import MAX_ADDRESSES
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    LEARN,
    NONE,
    PREDICT,
    ROOT,
    SETUP,
    Graph,
    found_in,
    is_constant,
    remains,
)
from automl_zero.vm.jit import jit, jit_inline

NEW, OPEN, DONE = range(3)  # how far the walk has come with a value
STATES, FOUND, ORDERED, SIZES = 0, 1, 2, 3  # entries of Plan.counts, SIZES the first of three


class Schedule(NamedTuple):
    """How a graph of V values becomes a program.

    Attributes:
        mark: [V] progress of the walk; ``stack``: [3 V]; ``states``: [V] needed states in the order they were found.
        found: [V] needed nodes, each after those that it needs; ``order``: [V] the same as they will run.
        readers: [V] nodes of the component function at hand that still have to read a value.
        writes: [V] the state that a node writes, or -1; ``time``, ``last``: [V] when it runs and is read last.
        address: [V]; ``busy``: [3, 64] until when an address is taken.
        depends: [V] bit set of the given values and states that a node depends on within one example.
        counts: numbers of entries of ``states``, ``found``, ``order``; nodes of Setup, Predict and Learn in order.
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
    """Room to plan with, for a graph and others of its capacity."""
    values = len(graph.kind)

    def numbers(count: int = values) -> NDArray[np.int64]:
        return np.zeros(count, np.int64)

    return Schedule(
        numbers(), numbers(3 * values), numbers(), numbers(), numbers(), numbers(), numbers(), numbers(), numbers(),
        numbers(), np.zeros((3, MAX_ADDRESSES), np.int64), numbers(), numbers(6),
    )  # fmt: skip


@jit_inline
def order(graph: Graph, plan: Schedule) -> bool:
    """Find what is needed for the prediction, and an order to compute it in; tells whether there is one."""
    plan.mark[:] = NEW
    plan.writes[:] = NONE
    plan.counts[:] = 0
    root = graph.facts[ROOT]
    if not (_is_of(graph, root, PREDICT) and _walk(graph, plan, root)):
        return False
    state = 0
    while state < plan.counts[STATES]:  # which grows
        if not _walk_state(graph, plan, plan.states[state]):
            return False
        state += 1
    if plan.writes[root] != NONE:
        return False
    return _schedule(graph, plan, SETUP) and _schedule(graph, plan, PREDICT) and _schedule(graph, plan, LEARN)


@jit
def _is_of(graph: Graph, value: int, component: int) -> bool:
    return bool(value >= FIRST_NODE and graph.component[value] == component)


@jit
def _walk_state(graph: Graph, plan: Schedule, state: int) -> bool:
    """Find what the writers of a state need; a node can write one state only."""
    for component in range(3):
        writer = writer_of(graph, state, component)
        if writer != NONE:
            if not _is_of(graph, writer, component) or plan.writes[writer] != NONE:
                return False
            plan.writes[writer] = state
            if not _walk(graph, plan, writer):
                return False
    return True


@jit
def writer_of(graph: Graph, state: int, component: int) -> int:
    """The node of a component function that writes a state, or -1."""
    if component == SETUP:
        return int(graph.before[state])
    return int(graph.after_predict[state] if component == PREDICT else graph.after_learn[state])


@jit
def _walk(graph: Graph, plan: Schedule, value: int) -> bool:
    """Append a value and all that it depends on, the latter first; tells whether there was no circle."""
    stack, mark = plan.stack, plan.mark
    stack[0], depth = value, 1
    while depth > 0:
        top = stack[depth - 1]
        if top < FIRST_NODE:
            depth -= 1
            if top >= FIRST_STATE and mark[top] == NEW:
                mark[top] = DONE
                plan.states[plan.counts[STATES]] = top
                plan.counts[STATES] += 1
        elif mark[top] == NEW:
            mark[top] = OPEN
            for place in (1, 0):
                needed = graph.inputs[top, place]
                if needed != NONE and mark[needed] == OPEN:
                    return False
                if needed != NONE and (needed < FIRST_NODE or mark[needed] == NEW):
                    stack[depth] = needed
                    depth += 1
        else:
            depth -= 1
            if mark[top] == OPEN:
                mark[top] = DONE
                plan.found[plan.counts[FOUND]] = top
                plan.counts[FOUND] += 1
    return True


@jit
def _schedule(graph: Graph, plan: Schedule, component: int) -> bool:
    """Order the nodes of a component function: a state is written when nobody needs what was there any more."""
    waiting = 0
    plan.readers[:] = 0
    for k in range(plan.counts[FOUND]):
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
        if ready == NONE:
            return False
        plan.mark[ready] = NEW  # marks it as ordered, now that the walks are over
        plan.time[ready] = plan.counts[ORDERED]
        plan.order[plan.counts[ORDERED]] = ready
        plan.counts[ORDERED] += 1
        waiting -= 1
        for place in range(2):
            if graph.inputs[ready, place] != NONE:
                plan.readers[graph.inputs[ready, place]] -= 1
    return True


@jit
def _may_read(graph: Graph, component: int, value: int) -> bool:
    """Whether a value is there when a component function runs; what the prediction is made of, it hides afterwards."""
    if value >= FIRST_NODE:
        if graph.component[value] == component:
            return True
        return bool(component == LEARN and graph.component[value] == PREDICT and value != graph.facts[ROOT])
    if value >= FIRST_STATE:
        return is_constant(graph, value, NONE) if component == SETUP else remains(graph, value, component)
    return bool(component == LEARN or (component == PREDICT and value == GIVEN_FEATURES))


@jit
def _first_ready(graph: Graph, plan: Schedule, component: int) -> int:
    """The first found node that may run now, or -1."""
    for k in range(plan.counts[FOUND]):
        node = plan.found[k]
        if graph.component[node] == component and plan.mark[node] == DONE and _is_ready(graph, plan, node):
            return int(node)
    return NONE


@jit
def _is_ready(graph: Graph, plan: Schedule, node: int) -> bool:
    own = 0  # reads by the node itself of what it overwrites
    state = plan.writes[node]
    old = NONE
    if state != NONE and graph.component[node] != SETUP:
        old = found_in(graph, state, graph.component[node])
    for place in range(2):
        value = graph.inputs[node, place]
        if value >= FIRST_NODE and plan.mark[value] == DONE:
            return False
        own += value != NONE and value == old
    return bool(old == NONE or plan.readers[old] == own)
