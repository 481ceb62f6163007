"""Valid graphs: those that predict from the features and from what they learn. Hardly any random program is valid.

Without registers, in the sense of Mishima and Ono (2025): what Learn changes, it computes from what was there before
and, if Predict uses it, from the label and the prediction.

With registers: an update that does not read the old value of its state makes a *register*, which may hold anything:
noise, a norm, or weights that are made of others. A state whose update reads the old value is a *parameter*. At least
one parameter depends on the label and the prediction, and the prediction depends on it; in both, other states may
stand between.
"""

from __future__ import annotations

from automl_zero.search.conventions import NONE
from automl_zero.search.graph.graph import (
    FIRST_NODE,
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    ROOT,
    Graph,
)
from automl_zero.search.graph.schedule import NUM_NEEDED_STATES, NUM_ORDERED, Schedule
from automl_zero.vm.jit import jit

ANSWER = (1 << GIVEN_LABEL) | (1 << GIVEN_PREDICTION)


@jit
def is_valid(graph: Graph, plan: Schedule, has_registers: bool) -> bool:
    """Return whether a scheduled graph is valid, as the module says, with registers or without."""
    _find_dependencies(graph, plan)
    if not plan.depends[graph.header[ROOT]] & (1 << GIVEN_FEATURES):
        return False
    return _some_parameter_learns(graph, plan) if has_registers else _all_parameters_learn(graph, plan)


@jit
def _all_parameters_learn(graph: Graph, plan: Schedule) -> bool:
    predicts_from = plan.depends[graph.header[ROOT]]
    learned = 0
    for k in range(plan.counts[NUM_NEEDED_STATES]):
        state = plan.states[k]
        update = graph.after_learn[state]
        if update != NONE:
            bit = 1 << state
            # An update depends on the old value; of what the prediction depends on, it depends on the error, too.
            needed = bit | (ANSWER if predicts_from & bit else 0)
            if plan.depends[update] & needed != needed:
                return False
            learned |= bit
    return bool(predicts_from & learned)


@jit
def _some_parameter_learns(graph: Graph, plan: Schedule) -> bool:
    _follow_states(graph, plan)
    reached = _with_states(plan, plan.depends[graph.header[ROOT]])
    for k in range(plan.counts[NUM_NEEDED_STATES]):
        state = plan.states[k]
        update, bit = graph.after_learn[state], 1 << state
        if update != NONE and reached & plan.depends[update] & bit and plan.depends[state] & ANSWER == ANSWER:
            return True
    return False


@jit
def _follow_states(graph: Graph, plan: Schedule) -> None:
    """Set ``depends`` of every needed state: what its value of the next example depends on, through other states too.

    This is the transitive closure over the states, by iteration to the fixpoint.
    """
    count = plan.counts[NUM_NEEDED_STATES]
    for k in range(count):
        state = plan.states[k]
        plan.depends[state] = 0
        for update in (graph.after_predict[state], graph.after_learn[state]):
            if update != NONE:
                plan.depends[state] |= plan.depends[update]
    is_changed = True
    while is_changed:
        is_changed = False
        for k in range(count):
            state = plan.states[k]
            found = _with_states(plan, plan.depends[state])
            if found != plan.depends[state]:
                plan.depends[state], is_changed = found, True


@jit
def _with_states(plan: Schedule, values: int) -> int:
    """Return a set of values with all that the states in it depend on."""
    found = values
    for k in range(plan.counts[NUM_NEEDED_STATES]):
        if values >> plan.states[k] & 1:
            found |= plan.depends[plan.states[k]]
    return found


@jit
def _find_dependencies(graph: Graph, plan: Schedule) -> None:
    """Set ``depends``: bit v of a node's set stands for the given value or state number v."""
    for k in range(plan.counts[NUM_ORDERED]):  # inputs come before the nodes that read them, so one pass is enough
        node = plan.order[k]
        found = 0
        for place in range(2):
            value = graph.inputs[node, place]
            if value >= FIRST_NODE:
                found |= plan.depends[value]
            elif value != NONE:
                found |= 1 << value
        plan.depends[node] = found
