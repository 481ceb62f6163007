"""Scalars that a program computes from its memory where a constant could stand, such as a learning rate norm(v1).

Such an expression is a hyper-parameter that depends on the number of features and on what else is in the memory: it
fits the tasks that the program was evolved on, and others by chance (paper, section 5). What is found here is a list
of candidates, read off the code; whether a constant does as well is for ``decouple`` to find out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.flow import Cell, label_cell
from automl_zero.analysis.dataflow.program_edit import lines_of, live_lines
from automl_zero.program.ops import Kind
from automl_zero.program.program import COMPONENTS, FEATURES, Instruction, Program


class ConstantOrigin(IntEnum):
    """What a value is made of, at most; of two that are put together, the greater counts."""

    FIXED = 0  # constants and draws
    REDUCED = 1  # a scalar computed from vectors or matrices that are not of this example
    STATE = 2  # what was learnt from earlier examples
    EXAMPLE = 3  # the features, label or prediction of this example


@dataclass(frozen=True, slots=True)
class Use:
    """Where a scalar is read: the line, the input's number in it (0 or 1), and the address."""

    line: Line
    operand: int
    address: int


def coupled_uses(program: Program, multiclass: bool = False) -> tuple[Use, ...]:
    """Live reads, in Predict and Learn, of a scalar that was reduced from memory.

    Of ``s1 = mean(m1)``, ``s1 = sin(s1)`` and ``v8 = s1 * v8``, only the last is told: there the whole expression is
    used.
    """
    live = set(live_lines(program, multiclass))
    return tuple(
        Use(line, operand, address)
        for line, inputs, result in _walk(program, _settled(program, multiclass), multiclass)
        if line in live and line[0] != COMPONENTS[0] and result is not ConstantOrigin.REDUCED
        for operand, ((kind, address), origin) in enumerate(inputs)
        if kind is Kind.SCALAR and origin is ConstantOrigin.REDUCED
    )


def _settled(program: Program, multiclass: bool) -> dict[Cell, ConstantOrigin]:
    """Origins at the beginning of Predict, where the values of Setup and of every earlier example meet."""
    memory: dict[Cell, ConstantOrigin] = {}
    for line, instruction in lines_of(program):
        if line[0] == COMPONENTS[0]:
            _run(instruction, memory)
    while True:
        after = dict(memory)
        for _ in _walk(program, after, multiclass):
            pass
        joined = {cell: max(memory.get(cell, ConstantOrigin.FIXED), _grown_old(after[cell])) for cell in after}
        if joined == memory:
            return memory
        memory = joined


def _grown_old(origin: ConstantOrigin) -> ConstantOrigin:
    return min(origin, ConstantOrigin.STATE)


def _walk(
    program: Program, memory: dict[Cell, ConstantOrigin], multiclass: bool
) -> Iterator[tuple[Line, list[tuple[Cell, ConstantOrigin]], ConstantOrigin]]:
    """Go once through Predict and Learn; for each line, its inputs with their origins, and the origin of the result."""
    for component in COMPONENTS[1:]:
        memory[Kind.VECTOR, FEATURES] = ConstantOrigin.EXAMPLE
        memory[label_cell(multiclass)] = ConstantOrigin.EXAMPLE if component == "learn" else ConstantOrigin.FIXED
        for line, instruction in lines_of(program):
            if line[0] == component and instruction.row.output is not None:
                inputs = [(cell, memory.get(cell, ConstantOrigin.FIXED)) for cell in instruction.inputs()]
                yield line, inputs, _run(instruction, memory)


def _run(instruction: Instruction, memory: dict[Cell, ConstantOrigin]) -> ConstantOrigin:
    """Write the origin of the output."""
    result = ConstantOrigin.FIXED
    for cell in instruction.outputs():
        result = _result(instruction, cell, memory)
        memory[cell] = result
    return result


def _result(instruction: Instruction, target: Cell, memory: Mapping[Cell, ConstantOrigin]) -> ConstantOrigin:
    inputs = instruction.inputs()
    origins = [
        memory.get(cell, ConstantOrigin.FIXED) for cell in (*inputs, *([target] if instruction.row.partial else []))
    ]
    greatest = max(origins, default=ConstantOrigin.FIXED)
    if greatest is ConstantOrigin.EXAMPLE:  # what is added to the memory, such as a gradient, becomes a part of it
        is_kept = (
            len(inputs) > 1
            and target in inputs
            and memory.get(target, ConstantOrigin.FIXED) is not ConstantOrigin.EXAMPLE
        )
        return ConstantOrigin.STATE if is_kept else ConstantOrigin.EXAMPLE
    if target[0] is not Kind.SCALAR:
        return ConstantOrigin.STATE if greatest is ConstantOrigin.REDUCED else greatest
    learnt = [memory.get(cell, ConstantOrigin.FIXED) for cell in inputs if cell[0] is Kind.SCALAR]
    if ConstantOrigin.STATE in learnt:
        return ConstantOrigin.STATE
    return ConstantOrigin.REDUCED if len(learnt) < len(inputs) else max(learnt, default=ConstantOrigin.FIXED)
