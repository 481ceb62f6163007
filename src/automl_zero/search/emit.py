"""From a graph back to a program: which values are needed, in which order, and at which addresses.

A graph can be *valid* in the sense of Mishima and Ono (2025): its prediction depends on the features and on something
learned; what Learn changes, it changes on the grounds of what was there before and, if Predict uses it, of the label
and the prediction. Of random programs, hardly any are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, MAX_ADDRESSES, PREDICTION
from automl_zero.search.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    LEARN,
    MULTICLASS,
    NONE,
    PREDICT,
    ROOT,
    SETUP,
    Graph,
    is_constant,
)
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, MAX_CONSTANTS, OP, OUT, PARTIAL, Code

NEW, OPEN, DONE = range(3)  # how far the walk has come with a value
FOREVER = 1 << 30


class Plan(NamedTuple):
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


STATES, FOUND, ORDERED, SIZES = 0, 1, 2, 3  # entries of Plan.counts, SIZES the first of three


def new_plan(graph: Graph) -> Plan:
    """Room to plan with, for a graph and others of its capacity."""
    values = len(graph.kind)

    def numbers(count: int = values) -> NDArray[np.int64]:
        return np.zeros(count, np.int64)

    return Plan(
        numbers(), numbers(3 * values), numbers(), numbers(), numbers(), numbers(), numbers(), numbers(), numbers(),
        numbers(), np.zeros((3, MAX_ADDRESSES), np.int64), numbers(), numbers(6),
    )  # fmt: skip


@jit_inline
def emit(graph: Graph, space: Space, plan: Plan, program: Code) -> bool:
    """Write the program of a graph; tells whether there is one that has its sizes and addresses.

    There is none, too, if values depend on each other in a circle, or two have to be at one place at once.
    """
    if not order(graph, plan):
        return False
    for component in range(3):
        if plan.counts[SIZES + component] > space.max_size[component]:
            return False
    return _allocate(graph, space, plan) and _write(graph, plan, program)


@jit_inline
def order(graph: Graph, plan: Plan) -> bool:
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
def _walk_state(graph: Graph, plan: Plan, state: int) -> bool:
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
def _walk(graph: Graph, plan: Plan, value: int) -> bool:
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
def _schedule(graph: Graph, plan: Plan, component: int) -> bool:
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
        return bool(component != SETUP or is_constant(graph, value, NONE))
    return bool(component == LEARN or (component == PREDICT and value == GIVEN_FEATURES))


@jit
def _first_ready(graph: Graph, plan: Plan, component: int) -> int:
    """The first found node that may run now, or -1."""
    for k in range(plan.counts[FOUND]):
        node = plan.found[k]
        if graph.component[node] == component and plan.mark[node] == DONE and _is_ready(graph, plan, node):
            return int(node)
    return NONE


@jit
def _is_ready(graph: Graph, plan: Plan, node: int) -> bool:
    own = 0  # reads by the node itself of what it overwrites
    state = plan.writes[node]
    old = NONE
    if state != NONE and graph.component[node] != SETUP:
        old = state
        if graph.component[node] == LEARN and graph.after_predict[state] != NONE:
            old = graph.after_predict[state]
    for place in range(2):
        value = graph.inputs[node, place]
        if value >= FIRST_NODE and plan.mark[value] == DONE:
            return False
        own += value != NONE and value == old
    return bool(old == NONE or plan.readers[old] == own)


@jit
def is_valid(graph: Graph, plan: Plan) -> bool:
    """Whether an ordered graph is valid (Mishima and Ono 2025), as the module says."""
    _find_dependencies(graph, plan)
    features, answer = 1 << GIVEN_FEATURES, (1 << GIVEN_LABEL) | (1 << GIVEN_PREDICTION)
    predicts_from = plan.depends[graph.facts[ROOT]]
    learned = 0
    for k in range(plan.counts[STATES]):
        state = plan.states[k]
        update = graph.after_learn[state]
        if update != NONE:
            bit = 1 << state
            needed = bit | (answer if predicts_from & bit else 0)
            if plan.depends[update] & needed != needed:
                return False
            learned |= bit
    return bool(predicts_from & features and predicts_from & learned)


@jit
def _find_dependencies(graph: Graph, plan: Plan) -> None:
    for k in range(plan.counts[ORDERED]):
        node = plan.order[k]
        found = 0
        for place in range(2):
            value = graph.inputs[node, place]
            if value >= FIRST_NODE:
                found |= plan.depends[value]
            elif value != NONE:
                found |= 1 << value
        plan.depends[node] = found


@jit_inline
def _allocate(graph: Graph, space: Space, plan: Plan) -> bool:
    """Give every value an address: states have one of their own, others share; tells whether there are enough."""
    _find_last_reads(graph, plan)
    plan.busy[:] = -1
    _occupy_given(graph, plan)
    for k in range(plan.counts[STATES]):
        state = plan.states[k]
        address = _free_address(space, plan, graph.kind[state], 0)
        if address == NONE:
            return False
        plan.address[state] = address
        plan.busy[graph.kind[state], address] = FOREVER
    _keep_in_place(graph, plan)
    for k in range(plan.counts[ORDERED]):
        if not _allocate_node(graph, space, plan, plan.order[k]):
            return False
    return _elements_stay(graph, plan)


@jit
def _keep_in_place(graph: Graph, plan: Plan) -> None:
    """Let what Setup sets element by element be at the place of the state from the first element on."""
    for k in range(plan.counts[SIZES] - 1, -1, -1):
        node = plan.order[k]
        kept = graph.inputs[node, 0]
        if PARTIAL[graph.op[node]] and kept >= FIRST_NODE and plan.writes[kept] == NONE:
            plan.writes[kept] = plan.writes[node]


@jit
def _find_last_reads(graph: Graph, plan: Plan) -> None:
    plan.last[:] = -1
    for k in range(plan.counts[ORDERED]):
        node = plan.order[k]
        for place in range(2):
            if graph.inputs[node, place] != NONE:
                plan.last[graph.inputs[node, place]] = k


@jit
def _occupy_given(graph: Graph, plan: Plan) -> None:
    multiclass = graph.facts[MULTICLASS] == 1
    plan.address[GIVEN_FEATURES] = FEATURES
    plan.address[GIVEN_LABEL] = CLASS_LABEL if multiclass else LABEL
    plan.address[GIVEN_PREDICTION] = CLASS_PREDICTION if multiclass else PREDICTION
    for given in range(FIRST_STATE):
        plan.busy[graph.kind[given], plan.address[given]] = FOREVER
    plan.busy[0, LABEL] = FOREVER


@jit
def _free_address(space: Space, plan: Plan, kind: int, time: int) -> int:
    """The lowest address that may be written from a time on, or -1."""
    for address in range(space.first_output[kind], space.addresses[kind]):
        if plan.busy[kind, address] <= time:
            return address
    return NONE


@jit
def _allocate_node(graph: Graph, space: Space, plan: Plan, node: int) -> bool:
    kind, prediction = graph.kind[node], plan.address[GIVEN_PREDICTION]
    if node == graph.facts[ROOT]:
        plan.address[node] = prediction
    elif plan.writes[node] != NONE:
        plan.address[node] = plan.address[plan.writes[node]]
    elif kind == graph.kind[GIVEN_PREDICTION] and _prediction_is_free(graph, plan, node):
        plan.address[node] = prediction
        plan.busy[kind, prediction] = FOREVER + plan.last[node]  # shared among nodes, never a state's
    else:
        address = _free_address(space, plan, kind, plan.time[node])
        if address == NONE:
            return False
        plan.address[node] = address
        plan.busy[kind, address] = plan.last[node]
    return True


@jit
def _prediction_is_free(graph: Graph, plan: Plan, node: int) -> bool:
    """Whether a node may use the prediction's address: before the prediction is there, or when none reads it more."""
    root, time = graph.facts[ROOT], plan.time[node]
    if plan.busy[graph.kind[GIVEN_PREDICTION], plan.address[GIVEN_PREDICTION]] - FOREVER > time:
        return False
    if graph.component[node] == PREDICT:
        return bool(plan.last[node] <= plan.time[root])
    return bool(graph.component[node] == SETUP or time >= max(plan.last[GIVEN_PREDICTION], plan.last[root]))


@jit
def _elements_stay(graph: Graph, plan: Plan) -> bool:
    """Whether ops that set one element write where the others are; in Setup, the first may write where zeros are."""
    for k in range(plan.counts[ORDERED]):
        node = plan.order[k]
        if PARTIAL[graph.op[node]]:
            kept = graph.inputs[node, 0]
            if kept == NONE:
                if plan.writes[node] == NONE:
                    return False
            elif plan.address[kept] != plan.address[node] or plan.last[kept] != plan.time[node]:
                return False
    return True


@jit
def _write(graph: Graph, plan: Plan, program: Code) -> bool:
    """Write the instructions in order."""
    program.size[:] = 0
    for k in range(plan.counts[ORDERED]):
        node = plan.order[k]
        component = graph.component[node]
        row = program.start[component] + program.size[component]
        program.size[component] += 1
        program.code[row, OP], program.code[row, OUT] = graph.op[node], plan.address[node]
        for place, column in ((0, IN1), (1, IN2)):
            value = graph.inputs[node, place]
            unused = value == NONE or PARTIAL[graph.op[node]]
            program.code[row, column] = 0 if unused else plan.address[value]
        for constant in range(MAX_CONSTANTS):
            program.data[row, constant] = graph.data[node, constant]
    return True
