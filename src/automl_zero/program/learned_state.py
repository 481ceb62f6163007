"""Learned state: the addresses by which predictions can depend on labels seen before."""

from __future__ import annotations

from collections.abc import Iterable

from automl_zero.program.ops import Kind
from automl_zero.program.program import CLASS_LABEL, LABEL, Instruction, Program
from automl_zero.program.prune import prune

Cell = tuple[Kind, int]


def learned_addresses(program: Program, multiclass: bool = False) -> tuple[str, ...]:
    """Return the addresses that Learn computes from the label and Predict reads, such as ``("v1",)``.

    A program without any does not learn. Only instructions that can have an effect on a prediction count, as far as the
    code shows it without a run.
    """
    pruned = prune(program, multiclass)
    label = (Kind.VECTOR, CLASS_LABEL) if multiclass else (Kind.SCALAR, LABEL)
    found = _reached_from(label, pruned.learn) & _read_first(pruned.predict)
    return tuple(f"{kind.prefix}{address}" for kind, address in sorted(found))


def _reached_from(label: Cell, learn: Iterable[Instruction]) -> set[Cell]:
    """Return what Learn, when repeated, computes from the label, directly or through what it computed before."""
    reached = {label}
    while True:
        written = {cell for each in learn if not reached.isdisjoint(each.inputs()) for cell in each.outputs()}
        if written <= reached:
            return reached - {label}
        reached |= written


def _read_first(predict: Iterable[Instruction]) -> set[Cell]:
    """Return what Predict reads before it writes it."""
    read: set[Cell] = set()
    written: set[Cell] = set()
    for each in predict:
        read |= set(each.inputs()) - written
        written |= set() if each.row.partial else set(each.outputs())
    return read
