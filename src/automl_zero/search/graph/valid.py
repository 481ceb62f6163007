"""Valid graphs, in the sense of Mishima and Ono (2025): those that predict from the features and from what they learn.

What Learn changes, it computes from what was there before and, if Predict uses it, from the label and the prediction.
Of random programs, hardly any are valid.
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


@jit
def is_valid(graph: Graph, plan: Schedule) -> bool:
    """Return whether a scheduled graph is valid, as the module says."""
    _find_dependencies(graph, plan)
    features, answer = 1 << GIVEN_FEATURES, (1 << GIVEN_LABEL) | (1 << GIVEN_PREDICTION)
    predicts_from = plan.depends[graph.header[ROOT]]
    learned = 0
    for k in range(plan.counts[NUM_NEEDED_STATES]):
        state = plan.states[k]
        update = graph.after_learn[state]
        if update != NONE:
            bit = 1 << state
            # An update depends on the old value; of what the prediction depends on, it depends on the error, too.
            needed = bit | (answer if predicts_from & bit else 0)
            if plan.depends[update] & needed != needed:
                return False
            learned |= bit
    return bool(predicts_from & features and predicts_from & learned)


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
