"""Whether a program learns: whether its predictions can depend on the labels it has seen."""

from __future__ import annotations

from collections.abc import Iterable

from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_LABEL, LABEL, Instruction, Program
from automl_zero.program.prune import prune

Cell = tuple[Kind, int]


def learned_addresses(program: Program, multiclass: bool = False) -> tuple[str, ...]:
    """Addresses that Learn computes from the label and from which Predict then reads; none: it does not learn.

    Read off the pruned program, in which every instruction can have an effect on a prediction: so what Predict reads
    here does matter, as far as one can tell without running it.
    """
    pruned = prune(program, multiclass)
    label = (Kind.VECTOR, CLASS_LABEL) if multiclass else (Kind.SCALAR, LABEL)
    found = _reached_from(label, pruned.learn) & _read_first(pruned.predict)
    return tuple(f"{kind.prefix}{address}" for kind, address in sorted(found))


def _reached_from(label: Cell, learn: Iterable[Instruction]) -> set[Cell]:
    """What Learn, run again and again, writes from the label or from what it wrote from the label."""
    reached = {label}
    while True:
        written = {cell for each in learn if not reached.isdisjoint(each.inputs()) for cell in each.outputs()}
        if written <= reached:
            return reached - {label}
        reached |= written


def _read_first(predict: Iterable[Instruction]) -> set[Cell]:
    """What Predict reads before it overwrites it."""
    read: set[Cell] = set()
    written: set[Cell] = set()
    for each in predict:
        read |= set(each.inputs()) - written
        written |= set() if each.row.partial else set(each.outputs())
    return read
