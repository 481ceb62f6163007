"""Code generation from a graph: every value gets an address, and every node becomes an instruction.

States have addresses of their own, which hold them from one example to the next. Other values share the addresses that
are left, and the prediction's while it is free: an address is free again after the last node that reads its value.
"""

from __future__ import annotations

from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, PREDICTION
from automl_zero.search.conventions import NONE, NUM_COMPONENTS, PREDICT, SETUP
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    MULTICLASS,
    ROOT,
    Graph,
)
from automl_zero.search.graph.schedule import NUM_NEEDED_STATES, NUM_ORDERED, SIZES, Schedule
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import IN1, IN2, MAX_CONSTANTS, OP, OUT, PARTIAL, Code

FOREVER = 1 << 30  # later than every position


@jit_inline
def emit(graph: Graph, space: Space, plan: Schedule, program: Code) -> bool:
    """Write the program of a scheduled graph; return whether its sizes and addresses suffice, or else it stays."""
    for component in range(NUM_COMPONENTS):
        if plan.counts[SIZES + component] > space.max_size[component]:
            return False
    return _allocate(graph, space, plan) and _write(graph, plan, program)


@jit_inline
def _allocate(graph: Graph, space: Space, plan: Schedule) -> bool:
    """Give every value an address: states have one of their own, others share; return whether there are enough."""
    # Linear scan register allocation: ``busy`` says until when an address is taken; a node gets the lowest free one.
    _find_last_reads(graph, plan)
    plan.busy[:] = NONE  # free from position 0 on
    _occupy_given(graph, plan)
    for k in range(plan.counts[NUM_NEEDED_STATES]):  # states first, since theirs are never free again
        state = plan.states[k]
        address = _free_address(space, plan, graph.kind[state], 0)
        if address == NONE:
            return False
        plan.address[state] = address
        plan.busy[graph.kind[state], address] = FOREVER
    _keep_in_place(graph, plan)
    for k in range(plan.counts[NUM_ORDERED]):
        if not _allocate_node(graph, space, plan, plan.order[k]):
            return False
    return _elements_stay(graph, plan)


@jit
def _find_last_reads(graph: Graph, plan: Schedule) -> None:
    plan.last[:] = NONE
    for k in range(plan.counts[NUM_ORDERED]):
        node = plan.order[k]
        for place in range(2):
            if graph.inputs[node, place] != NONE:
                plan.last[graph.inputs[node, place]] = k


@jit
def _occupy_given(graph: Graph, plan: Schedule) -> None:
    """Give the label, features and prediction their fixed addresses, and take these from all others."""
    multiclass = graph.header[MULTICLASS] == 1
    plan.address[GIVEN_FEATURES] = FEATURES
    plan.address[GIVEN_LABEL] = CLASS_LABEL if multiclass else LABEL
    plan.address[GIVEN_PREDICTION] = CLASS_PREDICTION if multiclass else PREDICTION
    for given in range(FIRST_STATE):
        plan.busy[graph.kind[given], plan.address[given]] = FOREVER
    plan.busy[0, LABEL] = FOREVER  # s0 is no output even where the label is a vector


@jit
def _free_address(space: Space, plan: Schedule, kind: int, time: int) -> int:
    """Return the lowest address of a kind that may be written at a time, or -1."""
    for address in range(space.first_output[kind], space.addresses[kind]):
        if plan.busy[kind, address] <= time:
            return address
    return NONE


@jit
def _keep_in_place(graph: Graph, plan: Schedule) -> None:
    """Let what Setup sets element by element be at the address of the state from the first element on."""
    # Backwards: the last of such ops writes the state, so the one whose value it keeps writes it, too.
    for k in range(plan.counts[SIZES] - 1, -1, -1):
        node = plan.order[k]
        kept = graph.inputs[node, 0]
        if PARTIAL[graph.op[node]] and kept >= FIRST_NODE and plan.writes[kept] == NONE:
            plan.writes[kept] = plan.writes[node]


@jit
def _allocate_node(graph: Graph, space: Space, plan: Schedule, node: int) -> bool:
    """Give a node its address; return whether there was one."""
    kind, prediction = graph.kind[node], plan.address[GIVEN_PREDICTION]
    if node == graph.header[ROOT]:
        plan.address[node] = prediction
    elif plan.writes[node] != NONE:
        plan.address[node] = plan.address[plan.writes[node]]
    elif kind == graph.kind[GIVEN_PREDICTION] and _prediction_is_free(graph, plan, node):
        plan.address[node] = prediction
        # FOREVER plus a time: no search for a free address takes it, and nodes that may share it see when it is free.
        plan.busy[kind, prediction] = FOREVER + plan.last[node]
    else:
        address = _free_address(space, plan, kind, plan.time[node])
        if address == NONE:
            return False
        plan.address[node] = address
        plan.busy[kind, address] = plan.last[node]
    return True


@jit
def _prediction_is_free(graph: Graph, plan: Schedule, node: int) -> bool:
    """Return whether a node may use the prediction's address: before the prediction is made or after its last read."""
    root, time = graph.header[ROOT], plan.time[node]
    if plan.busy[graph.kind[GIVEN_PREDICTION], plan.address[GIVEN_PREDICTION]] - FOREVER > time:
        return False
    if graph.component[node] == PREDICT:
        return bool(plan.last[node] <= plan.time[root])
    return bool(graph.component[node] == SETUP or time >= max(plan.last[GIVEN_PREDICTION], plan.last[root]))


@jit
def _elements_stay(graph: Graph, plan: Schedule) -> bool:
    """Return whether ops that set one element write where the others are, as they cannot copy them."""
    for k in range(plan.counts[NUM_ORDERED]):
        node = plan.order[k]
        if PARTIAL[graph.op[node]]:
            kept = graph.inputs[node, 0]
            if kept == NONE:  # zeros, which in Setup are where a state is to be
                if plan.writes[node] == NONE:
                    return False
            elif plan.address[kept] != plan.address[node] or plan.last[kept] != plan.time[node]:
                return False
    return True


@jit
def _write(graph: Graph, plan: Schedule, program: Code) -> bool:
    """Write the instructions in order; return True, for ``emit``."""
    program.size[:] = 0
    for k in range(plan.counts[NUM_ORDERED]):
        node = plan.order[k]
        component = graph.component[node]
        row = program.start[component] + program.size[component]
        program.size[component] += 1
        program.code[row, OP], program.code[row, OUT] = graph.op[node], plan.address[node]
        for place, column in ((0, IN1), (1, IN2)):
            value = graph.inputs[node, place]
            is_unused = value == NONE or PARTIAL[graph.op[node]]  # an operand that the op lacks is 0 in code
            program.code[row, column] = 0 if is_unused else plan.address[value]
        for constant in range(MAX_CONSTANTS):
            program.data[row, constant] = graph.data[node, constant]
    return True
