"""From a graph back to a program: every value gets an address, and every node becomes an instruction.

States have addresses of their own. Other values share those that are left, and the prediction's while it is not needed.
"""

from __future__ import annotations

from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, PREDICTION
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    MULTICLASS,
    NONE,
    PREDICT,
    ROOT,
    SETUP,
    Graph,
)
from automl_zero.search.graph.schedule import ORDERED, SIZES, STATES, Schedule
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, MAX_CONSTANTS, OP, OUT, PARTIAL, Code

FOREVER = 1 << 30


@jit_inline
def emit(graph: Graph, space: Space, plan: Schedule, program: Code) -> bool:
    """Write the program of an ordered graph; tells whether it fits its sizes and addresses, or else it stays."""
    for component in range(3):
        if plan.counts[SIZES + component] > space.max_size[component]:
            return False
    return _allocate(graph, space, plan) and _write(graph, plan, program)


@jit_inline
def _allocate(graph: Graph, space: Space, plan: Schedule) -> bool:
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
def _find_last_reads(graph: Graph, plan: Schedule) -> None:
    plan.last[:] = -1
    for k in range(plan.counts[ORDERED]):
        node = plan.order[k]
        for place in range(2):
            if graph.inputs[node, place] != NONE:
                plan.last[graph.inputs[node, place]] = k


@jit
def _occupy_given(graph: Graph, plan: Schedule) -> None:
    multiclass = graph.facts[MULTICLASS] == 1
    plan.address[GIVEN_FEATURES] = FEATURES
    plan.address[GIVEN_LABEL] = CLASS_LABEL if multiclass else LABEL
    plan.address[GIVEN_PREDICTION] = CLASS_PREDICTION if multiclass else PREDICTION
    for given in range(FIRST_STATE):
        plan.busy[graph.kind[given], plan.address[given]] = FOREVER
    plan.busy[0, LABEL] = FOREVER


@jit
def _free_address(space: Space, plan: Schedule, kind: int, time: int) -> int:
    """The lowest address that may be written from a time on, or -1."""
    for address in range(space.first_output[kind], space.addresses[kind]):
        if plan.busy[kind, address] <= time:
            return address
    return NONE


@jit
def _keep_in_place(graph: Graph, plan: Schedule) -> None:
    """Let what Setup sets element by element be at the place of the state from the first element on."""
    for k in range(plan.counts[SIZES] - 1, -1, -1):
        node = plan.order[k]
        kept = graph.inputs[node, 0]
        if PARTIAL[graph.op[node]] and kept >= FIRST_NODE and plan.writes[kept] == NONE:
            plan.writes[kept] = plan.writes[node]


@jit
def _allocate_node(graph: Graph, space: Space, plan: Schedule, node: int) -> bool:
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
def _prediction_is_free(graph: Graph, plan: Schedule, node: int) -> bool:
    """Whether a node may use the prediction's address: before the prediction is there, or when none reads it more."""
    root, time = graph.facts[ROOT], plan.time[node]
    if plan.busy[graph.kind[GIVEN_PREDICTION], plan.address[GIVEN_PREDICTION]] - FOREVER > time:
        return False
    if graph.component[node] == PREDICT:
        return bool(plan.last[node] <= plan.time[root])
    return bool(graph.component[node] == SETUP or time >= max(plan.last[GIVEN_PREDICTION], plan.last[root]))


@jit
def _elements_stay(graph: Graph, plan: Schedule) -> bool:
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
def _write(graph: Graph, plan: Schedule, program: Code) -> bool:
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
