"""Whether a program can learn at all: most cannot, and static analysis rejects many of them without a run.

The analysis is an abstract interpretation. For the value in each cell it keeps three facts, each of which says "may";
so it errs to one side only: no prediction of a rejected program depends on both its features and labels seen before,
provided that zero times anything is zero, which infinities violate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import OPS, Kind, Op
from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, MAX_ADDRESSES, PREDICTION
from automl_zero.search.conventions import LEARN, PREDICT, SETUP
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KERNEL, KINDS, LEFT, OUT, PARTIAL, RIGHT, TARGET, Lowered

NOT_ZERO, FROM_FEATURES, FROM_LABELS = 1, 2, 4  # bits of the facts; the features are those of the current example
LEARNED = FROM_FEATURES | FROM_LABELS
CELLS = len(Kind) * MAX_ADDRESSES  # address a of kind k is cell number 64 k + a
VECTOR_CELLS = Kind.VECTOR * MAX_ADDRESSES  # number of the first cell of a vector


class AbstractMemory(NamedTuple):
    """The facts about all cells, [192] each.

    Attributes:
        now: at this point of the abstract run.
        before: before any Predict, as far as found.
        after: at the end of any component function, as far as they last to the next example.
    """

    now: NDArray[np.uint8]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def new_abstract_memory() -> AbstractMemory:
    """Return memory for the analysis of one program at a time."""
    return AbstractMemory(
        now=np.zeros(CELLS, np.uint8), before=np.zeros(CELLS, np.uint8), after=np.zeros(CELLS, np.uint8)
    )


def _gives_zero(op: Op, zeros: int) -> bool:
    """Return whether the output is certainly zero when the inputs in a bit mask are, by trying the op's meaning."""
    some = np.array([[0.7, -0.6], [0.4, 0.9]]), np.array([[-0.5, 0.8], [0.3, -0.2]])
    for sign in (1, -1):  # as a maximum with zero is zero for one sign only
        inputs = [
            sign * some[place][(0,) * (2 - kind)] * (1 - (zeros >> place & 1)) for place, kind in enumerate(op.inputs)
        ]
        with np.errstate(all="ignore"):
            if np.any(op.meaning(*inputs)):
                return False
    return True


# [65 ops, 4]: whether the output is zero, by the bit mask of the inputs that are.
GIVES_ZERO = np.array([[bool(op.inputs) and zeros > 0 and _gives_zero(op, zeros) for zeros in range(4)] for op in OPS])


@jit
def can_learn(program: Lowered, multiclass: bool, memory: AbstractMemory) -> bool:
    """Return whether a prediction of a lowered program may depend on its features and on labels seen before."""
    now, before, after = memory.now, memory.before, memory.after
    bank = VECTOR_CELLS if multiclass else 0
    label, prediction = (bank + CLASS_LABEL, bank + CLASS_PREDICTION) if multiclass else (LABEL, PREDICTION)
    after[:] = 0
    now[:] = 0
    _interpret(program, SETUP, now, after)
    # Least fixed point of Predict and Learn over any number of examples; it is reached since facts only grow.
    while True:
        for cell in range(CELLS):
            before[cell] = now[cell] = after[cell]
        _present_example(now, label, 0)
        _interpret(program, PREDICT, now, after)
        if now[prediction] & LEARNED == LEARNED:
            return True
        now[prediction] |= NOT_ZERO  # training may replace it by its sigmoid, which is never zero
        _present_example(now, label, NOT_ZERO | FROM_LABELS)
        _interpret(program, LEARN, now, after)
        grown = False
        for cell in range(CELLS):
            grown |= after[cell] != before[cell]
        if not grown:
            return False


@jit
def _present_example(now: NDArray[np.uint8], label: int, facts: int) -> None:
    """Write what is known of an example: its features, and these facts about its label."""
    now[LABEL] = 0  # s0 is cleared where the label is a vector
    now[label] = facts
    now[VECTOR_CELLS + FEATURES] = NOT_ZERO | FROM_FEATURES


@jit
def _interpret(program: Lowered, component: int, now: NDArray[np.uint8], after: NDArray[np.uint8]) -> None:
    """Run a component function on facts, and add those that outlast the example to ``after``."""
    for row in range(program.bounds[component], program.bounds[component + 1]):
        op, target = program.code[row, KERNEL], program.code[row, TARGET]
        facts, zeros = NOT_ZERO, 0
        for mask, column, operand in ((1, IN1, LEFT), (2, IN2, RIGHT)):
            if KINDS[op, column] >= 0:
                found = now[KINDS[op, column] * MAX_ADDRESSES + program.code[row, operand]]
                facts |= found
                zeros |= 0 if found & NOT_ZERO else mask
        if GIVES_ZERO[op, zeros]:
            facts = 0
        cell = KINDS[op, OUT] * MAX_ADDRESSES + target
        now[cell] = facts | now[cell] if PARTIAL[op] else facts  # an op that sets one element keeps the others
    for cell in range(CELLS):
        after[cell] |= now[cell] & (NOT_ZERO | FROM_LABELS)  # the next example has other features
