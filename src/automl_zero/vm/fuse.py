"""Fusion: a product that is added to an address and read nowhere else need not be stored.

``m1 = outer(v2, v0)`` and ``m0 = m0 + m1``, where nothing else touches m1, become one pass over m0, and so do a scaled
vector or matrix and its sum. The result is the same to the last bit: the product is rounded before it is added.
"""

from __future__ import annotations

from automl_zero.vm.jit import jit
from automl_zero.vm.lower import (
    COLUMNS,
    FUSED,
    IN1,
    IN2,
    KERNEL,
    KINDS,
    LEFT,
    MAX_CONSTANTS,
    OUT,
    RIGHT,
    TARGET,
    Lowered,
)


@jit
def fuse(lowered: Lowered, multiclass: bool) -> None:
    """Fuse the pairs of a lowered program, before ``allocate``."""
    for component in range(3):
        row = lowered.bounds[component]
        while row < lowered.bounds[component + 1]:
            partner, fused = _partner(lowered, component, row, multiclass)
            if partner > 0:  # row 0 is never a partner, as that comes after its product
                code = lowered.code
                code[partner, KERNEL] = fused
                code[partner, LEFT], code[partner, RIGHT] = code[row, LEFT], code[row, RIGHT]
                _delete(lowered, component, row)
            else:
                row += 1


@jit
def _partner(lowered: Lowered, component: int, row: int, multiclass: bool) -> tuple[int, int]:
    """Return the row that adds this row's product to its own target, and the fused op; 0, 0 if there is none."""
    code = lowered.code
    for first, second, fused in FUSED:
        if code[row, KERNEL] == first:
            product = code[row, TARGET]
            # v0, and with more than two classes v1 and v2, are read or written by the loop over the examples, too.
            read_outside = KINDS[first, OUT] == 1 and product < (3 if multiclass else 1)
            partner = _only_reader(lowered, KINDS[first, OUT], product, row)
            if partner > row and partner < lowered.bounds[component + 1] and not read_outside:
                left, right, target = code[partner, LEFT], code[partner, RIGHT], code[partner, TARGET]
                # The sum must change its target in place: target = target + product, or product + target.
                adds = (left == product and right == target) or (right == product and left == target)
                if adds and code[partner, KERNEL] == second and not _inputs_change(lowered, row, partner):
                    return partner, fused
    return 0, 0


@jit
def _only_reader(lowered: Lowered, kind: int, address: int, writer: int) -> int:
    """Return the row that reads an address, if it is read once and no row but the writer writes it; else 0."""
    # Two uses in the whole program: the target of the writer, and an input of the reader.
    reader, uses = 0, 0
    for row in range(lowered.bounds[3]):
        op = lowered.code[row, KERNEL]
        for column, operand in ((IN1, LEFT), (IN2, RIGHT), (OUT, TARGET)):
            if KINDS[op, column] == kind and lowered.code[row, operand] == address:
                uses += 1
                reader = row if row != writer else reader
    return reader if uses == 2 else 0


@jit
def _inputs_change(lowered: Lowered, row: int, end: int) -> bool:
    """Return whether a row between these two writes an input of the first one."""
    code = lowered.code
    op = code[row, KERNEL]
    for between in range(row + 1, end):
        kind, target = KINDS[code[between, KERNEL], OUT], code[between, TARGET]
        if (kind == KINDS[op, IN1] and target == code[row, LEFT]) or (
            kind == KINDS[op, IN2] and target == code[row, RIGHT]
        ):
            return True
    return False


@jit
def _delete(lowered: Lowered, component: int, row: int) -> None:
    """Remove a row, and move the rows after it up."""
    for later in range(row, lowered.bounds[3] - 1):
        for column in range(COLUMNS):
            lowered.code[later, column] = lowered.code[later + 1, column]
        for constant in range(MAX_CONSTANTS):
            lowered.data[later, constant] = lowered.data[later + 1, constant]
    # What follows the component function, and its own end, is one row earlier now.
    for bound in range(component + 1, 4):
        lowered.bounds[bound] -= 1
