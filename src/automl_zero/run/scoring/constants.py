"""The tunable constants of a program (paper, supplement S7).

Tuning multiplies constants by factors, so a constant counts if a factor can change a prediction: it is finite, not 0,
not the index of an element, and its line is live. Parameters of random draws count like all others, as the range of
noise does in the paper. If tuning reverses the bounds of a draw, the draw is the lower bound (see ``program.ops``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automl_zero.program.ops import INDEX_CONSTANTS
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import Line, instruction_at, live_lines, rewritten


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a program: number ``position`` of those of its line, called ``name`` in the row of its op."""

    line: Line
    position: int
    name: str
    value: float


def constants_of(program: Program, multiclass: bool = False) -> tuple[Constant, ...]:
    """Return the constants that can be tuned, in program order."""
    return tuple(
        Constant(line=line, position=position, name=name, value=value)
        for line in live_lines(program, multiclass)
        for position, (name, value) in enumerate(_named(instruction_at(program, line)))
        # A factor of an index would select another element instead of changing a value.
        if name not in INDEX_CONSTANTS and value != 0 and math.isfinite(value)
    )


def with_values(program: Program, values: Mapping[Constant, float]) -> Program:
    """Return the program with other values for some of its constants."""
    changed: dict[Line, Instruction] = {}
    for constant, value in values.items():
        instruction = changed.get(constant.line) or instruction_at(program, constant.line)
        data = list(instruction.data)
        data[constant.position] = float(value)
        changed[constant.line] = replace(instruction, data=tuple(data))
    return rewritten(program, {line: (instruction,) for line, instruction in changed.items()})


def _named(instruction: Instruction) -> zip[tuple[str, float]]:
    return zip(instruction.row.constants, instruction.data, strict=True)
