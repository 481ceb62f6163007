"""Valid graphs, in the sense of Mishima and Ono (2025): those that predict from the features and from what they learn.

What Learn changes, it changes on the grounds of what was there before and, if Predict uses it, of the label and the
prediction. Of random programs, hardly any are valid.
"""

from __future__ import annotations

from automl_zero.search.graph.graph import (
    FIRST_NODE,
    GIVEN_FEATURES,
    GIVEN_LABEL,
    GIVEN_PREDICTION,
    NONE,
    ROOT,
    Graph,
)
from automl_zero.search.graph.schedule import ORDERED, STATES, Schedule
from automl_zero.vm.jit import jit


@jit
def is_valid(graph: Graph, plan: Schedule) -> bool:
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
def _find_dependencies(graph: Graph, plan: Schedule) -> None:
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
