"""Mutations of a program's graph: they cut and join what is computed, so that the rest of it still works.

After Mishima and Ono (2025), whose eight mutations and weights these are, with the replacement of an op in addition. A
change of one instruction of a program nearly always breaks it, since what it has computed is then missing elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.conventions import NONE, RandomState
from automl_zero.search.dispatch import call_by_number
from automl_zero.search.graph import edits
from automl_zero.search.graph.codegen import emit
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    FIRST_STATE,
    MAX_STATES,
    NUM_NODES,
    NUM_STATES,
    ROOT,
    Graph,
    lift,
    new_graph,
)
from automl_zero.search.graph.schedule import Schedule, new_schedule, schedule_graph
from automl_zero.search.graph.subgraph import (
    UNSET,
    UNSET_REGISTER,
    GraphEdit,
    has_registers,
    new_update,
)
from automl_zero.search.graph.valid import is_valid
from automl_zero.search.random_stream import uniform
from automl_zero.search.space import Space
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import Code, Lowered, lower

FAILED = -1  # in place of the number of a mutation
AGAIN_PROB = 0.2  # that one more mutation follows
# What a mutation may add: a part of three nodes with four inputs, each of which may be a new state, with a node for its
# initial value and an update of four nodes.
MAX_NEW_NODES = 24
MAX_NEW_STATES = 4


class GraphWorkspace(NamedTuple):
    """Memory to mutate a program as a graph."""

    graph: Graph
    plan: Schedule


def new_graph_workspace(capacity: tuple[int, ...]) -> GraphWorkspace:
    """Return memory for programs of at most that many instructions in each component function."""
    graph = new_graph(capacity)
    return GraphWorkspace(graph=graph, plan=new_schedule(graph))


class GraphMutation(NamedTuple):
    """A mutation of graphs; the table of all is the only place where one is registered.

    Attributes:
        name: as in events and in the lineage of a program.
        weight: its share of all mutations of graphs, if the graph has what it changes.
        apply: what it does to a ``GraphEdit``.
        description: for the documentation.
        needs_registers: whether it is used only where graphs may have registers (``mutation.register_share``).
    """

    name: str
    weight: float
    apply: Callable[[GraphEdit], bool]
    description: str
    needs_registers: bool = False


# Their order numbers them, in compiled code as in checkpoints.
GRAPH_MUTATIONS = (
    GraphMutation("alter_constant", 0.05, edits.alter_constant, "change one constant of a node"),
    GraphMutation("alter_initial", 0.05, edits.alter_initial, "change the initial value of a state"),
    GraphMutation(
        "constant_to_edge", 0.05, edits.constant_to_edge, "let a node read another value in place of a constant"
    ),
    GraphMutation(
        "edge_to_constant", 0.05, edits.edge_to_constant, "let a node read a new constant in place of a value"
    ),
    GraphMutation("rewire", 0.2, edits.rewire, "let a node read another value, or a new constant or parameter"),
    GraphMutation("replace_op", 0.05, edits.replace_op, "replace the op of a node, whose inputs stay"),
    GraphMutation("rebuild", 0.25, edits.rebuild, "replace a node by a new part of one to three nodes"),
    GraphMutation("rebuild_update", 0.15, edits.rebuild_update, "replace the update of a parameter"),
    GraphMutation(
        "rebuild_prediction", 0.15, edits.rebuild_prediction, "replace the prediction, perhaps using the old one"
    ),
    GraphMutation(
        "rebuild_carry", 0.05, edits.rebuild_carry, "replace what Predict leaves in a state, or let it stay", True
    ),
    GraphMutation("extend_edge", 0.15, edits.extend_edge, "let a node read something made of what it has read", True),
    GraphMutation("split_state", 0.05, edits.split_state, "let a new state learn, and make the old one of it", True),
    GraphMutation("bypass", 0.15, edits.bypass, "let what reads a node read one of its inputs instead", True),
)
GRAPH_MUTATION_NUMBERS = {mutation.name: number for number, mutation in enumerate(GRAPH_MUTATIONS)}
REBUILD_PREDICTION = GRAPH_MUTATION_NUMBERS["rebuild_prediction"]


def _cdf(has_registers: bool) -> NDArray[np.float64]:
    weights = [mutation.weight * (has_registers or not mutation.needs_registers) for mutation in GRAPH_MUTATIONS]
    return np.asarray(np.cumsum(weights) / sum(weights))  # ends with 1, above every draw from [0, 1)


CDF = np.array([_cdf(has_registers=False), _cdf(has_registers=True)])
apply_graph_mutation = call_by_number([mutation.apply for mutation in GRAPH_MUTATIONS])


@jit
def mutate_as_graph(
    random: RandomState, space: Space, multiclass: bool, program: Code, lowered: Lowered, scratch: GraphWorkspace
) -> int:
    """Mutate the graph of a program, and write it back if it is valid; else the program stays.

    Returns:
        The number of the mutation, of several the first; FAILED if the program stays.
    """
    graph, plan = scratch.graph, scratch.plan
    edit = GraphEdit(random=random, space=space, graph=graph)
    lower(program, multiclass, lowered)
    if not lift(lowered, multiclass, graph):
        return FAILED
    first = FAILED
    while True:
        kind = _mutate_graph(edit)
        if kind == FAILED:
            return FAILED
        first = kind if first == FAILED else first
        if uniform(random, 0.0, 1.0) >= AGAIN_PROB:
            break
    # Mutations do not check what they make, as most of it is fine: cycles, lost values and sizes are found out here.
    if not (schedule_graph(graph, plan) and is_valid(graph, plan, has_registers(space))):
        return FAILED
    return first if emit(graph, space, plan, program) else FAILED


@jit_inline
def _mutate_graph(edit: GraphEdit) -> int:
    """Apply one mutation, drawn by its weight; return its number, or FAILED if there was nothing to change."""
    graph = edit.graph
    if not _has_room(graph):
        return FAILED
    cdf = CDF[int(has_registers(edit.space))]
    draw = uniform(edit.random, 0.0, 1.0)
    kind = 0
    while draw >= cdf[kind]:
        kind += 1
    if graph.header[ROOT] == NONE:  # of the empty program, nothing else can be changed
        kind = REBUILD_PREDICTION
    return kind if apply_graph_mutation(kind, edit) and complete_parameters(edit) else FAILED


@jit_inline
def _has_room(graph: Graph) -> bool:
    nodes, states = FIRST_NODE + graph.header[NUM_NODES], graph.header[NUM_STATES]
    return bool(nodes + MAX_NEW_NODES <= graph.kind.shape[0] and states + MAX_NEW_STATES <= MAX_STATES)


@jit
def complete_parameters(edit: GraphEdit) -> bool:
    """Give new parameters and registers their updates, which read only what there is; return whether all have one."""
    graph = edit.graph
    for parameter in range(FIRST_STATE, FIRST_STATE + graph.header[NUM_STATES]):
        if graph.after_learn[parameter] in (UNSET, UNSET_REGISTER):
            is_register = graph.after_learn[parameter] == UNSET_REGISTER
            graph.after_learn[parameter] = new_update(edit, parameter, NONE, is_register)
            if graph.after_learn[parameter] == NONE:
                return False
    return True
