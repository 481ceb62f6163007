"""Can a program learn at all? Most cannot, and a look at the code, without a run, tells many of them.

The look is an abstract run: of the value at every address it keeps three facts, each of which says "it may". So it errs
to one side alone: of a program that is refused, no prediction depends on both its features and the labels seen before,
as long as zero times anything is zero, that is, but for infinities.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import OPS, Kind, Op
from automl_zero.program.program import CLASS_LABEL, CLASS_PREDICTION, FEATURES, LABEL, MAX_ADDRESSES, PREDICTION
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import IN1, IN2, KERNEL, KINDS, LEFT, OUT, PARTIAL, RIGHT, TARGET, Lowered

NOT_ZERO, FROM_FEATURES, FROM_LABELS = 1, 2, 4  # the facts; the features are those of the example at hand
LEARNED = FROM_FEATURES | FROM_LABELS
CELLS = len(Kind) * MAX_ADDRESSES


class Facts(NamedTuple):
    """Facts about the cells, of which address a of kind k is number 64 k + a; [192] each.

    Attributes:
        now: at this point of the abstract run.
        before: before any Predict, as far as found; ``after``: of any component function, as it ends.
    """

    now: NDArray[np.uint8]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def new_facts() -> Facts:
    """Room for the facts about one program."""
    return Facts(*(np.zeros(CELLS, np.uint8) for _ in Facts._fields))


def _gives_zero(op: Op, zeros: int) -> bool:
    """Whether the output is zero for certain when the inputs in a bit mask are: asked of the op's meaning."""
    some = np.array([[0.7, -0.6], [0.4, 0.9]]), np.array([[-0.5, 0.8], [0.3, -0.2]])
    for sign in (1, -1):
        inputs = [
            sign * some[place][(0,) * (2 - kind)] * (1 - (zeros >> place & 1)) for place, kind in enumerate(op.inputs)
        ]
        with np.errstate(all="ignore"):
            if np.any(op.meaning(*inputs)):
                return False
    return True


# [65 ops, 4]: which inputs are zero, as a bit mask, decides whether the output is.
GIVES_ZERO = np.array([[bool(op.inputs) and zeros > 0 and _gives_zero(op, zeros) for zeros in range(4)] for op in OPS])


@jit
def can_learn(program: Lowered, multiclass: bool, facts: Facts) -> bool:
    """Whether a prediction of a lowered program may depend on its features and on labels seen before."""
    now, before, after = facts
    bank = MAX_ADDRESSES if multiclass else 0
    label, prediction = (bank + CLASS_LABEL, bank + CLASS_PREDICTION) if multiclass else (LABEL, PREDICTION)
    after[:] = 0
    now[:] = 0
    _follow(program, 0, now, after)
    while True:
        for cell in range(CELLS):
            before[cell] = now[cell] = after[cell]
        _show(now, label, 0)
        _follow(program, 1, now, after)
        if now[prediction] & LEARNED == LEARNED:
            return True
        now[prediction] |= NOT_ZERO  # where it is normalized
        _show(now, label, NOT_ZERO | FROM_LABELS)
        _follow(program, 2, now, after)
        grown = False
        for cell in range(CELLS):
            grown |= after[cell] != before[cell]
        if not grown:
            return False


@jit
def _show(now: Any, label: int, facts: int) -> None:
    """Present an example: its features, and the facts about its label."""
    now[LABEL] = 0
    now[label] = facts
    now[MAX_ADDRESSES + FEATURES] = NOT_ZERO | FROM_FEATURES


@jit
def _follow(program: Lowered, component: int, now: Any, after: Any) -> None:
    """Run a component function on facts, and add what lasts of them to those that hold before the next Predict."""
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
        now[cell] = facts | now[cell] if PARTIAL[op] else facts
    for cell in range(CELLS):
        after[cell] |= now[cell] & (NOT_ZERO | FROM_LABELS)
