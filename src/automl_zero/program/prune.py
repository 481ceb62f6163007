"""Static pruning: finds the instructions that can have an effect on a prediction, and removes the others.

Removing dead instructions never changes a prediction. The converse is not claimed: arithmetic that happens to do
nothing, such as adding a vector of zeros, counts as live.
"""

from __future__ import annotations

from automl_zero.program.ops import Kind
from automl_zero.program.program import (
    CLASS_LABEL,
    CLASS_PREDICTION,
    FEATURES,
    LABEL,
    PREDICTION,
    Instruction,
    Program,
)

Cells = frozenset[tuple[Kind, int]]

_NONE: Cells = frozenset()


def live_instructions(program: Program, multiclass: bool = False) -> tuple[tuple[bool, ...], ...]:
    """Return for every instruction whether it can have an effect on a prediction.

    An instruction is live if a later instruction may read what it writes. Straight-line code would need one walk from
    its end to its beginning, but programs run in a cycle on a memory that persists::

        Setup -> Predict -> (prediction is read) -> Learn -> Predict -> ...      training
                 Predict -> (prediction is read) -> Predict -> ...               validation, then training again

    So what is needed after Predict is the prediction itself, what Learn needs and what the next Predict needs; after
    Learn and after Setup, what Predict needs. These sets define each other: they start empty, and each round of walks
    adds what the round before has found to be needed, until nothing new is. That is the smallest solution, in which
    an instruction is not live merely because it feeds itself. Earlier values of the label and the features are never
    needed: both are written before Predict and before Learn.

    Args:
        program: any program.
        multiclass: whether label and prediction are the vectors v1 and v2, in place of the scalars s0 and s1.

    Returns:
        One bool per instruction of each component function, in the order of the program. ``no_op`` is never live.
    """
    prediction, given = _interface(multiclass)
    before_predict = before_learn = _NONE
    while True:
        predict, needed_by_predict = _walk(program.predict, prediction | before_learn | before_predict)
        learn, needed_by_learn = _walk(program.learn, before_predict)
        if (before_predict, before_learn) == (needed_by_predict - given, needed_by_learn - given):
            return _walk(program.setup, before_predict)[0], predict, learn
        before_predict, before_learn = needed_by_predict - given, needed_by_learn - given


def prune(program: Program, multiclass: bool = False) -> Program:
    """Return the program without instructions that cannot have an effect on a prediction (paper, supplement S8).

    Predictions stay the same, drawn noise included; see ``live_instructions`` for what counts as live.
    """
    return Program(
        *(
            tuple(instruction for instruction, live in zip(component, lives, strict=True) if live)
            for component, lives in zip(program, live_instructions(program, multiclass), strict=True)
        )
    )


def _interface(multiclass: bool) -> tuple[Cells, Cells]:
    """Return the prediction's cell, read after each Predict, and the cells written before Predict and Learn."""
    given = frozenset({(Kind.SCALAR, LABEL), (Kind.VECTOR, FEATURES)})
    if multiclass:
        return frozenset({(Kind.VECTOR, CLASS_PREDICTION)}), given | {(Kind.VECTOR, CLASS_LABEL)}
    return frozenset({(Kind.SCALAR, PREDICTION)}), given


def _walk(component: tuple[Instruction, ...], needed_after: Cells) -> tuple[tuple[bool, ...], Cells]:
    """Walk backwards; return which instructions are live, and which cells are needed before the component function."""
    needed = set(needed_after)
    lives = []
    for instruction in reversed(component):
        live = not needed.isdisjoint(instruction.outputs())
        if live:
            if not instruction.row.partial:  # where one element is set, the others are still needed
                needed.difference_update(instruction.outputs())
            needed.update(instruction.inputs())
        lives.append(live)
    return tuple(reversed(lives)), frozenset(needed)
