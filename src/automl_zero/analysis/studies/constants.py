"""The constants of a program as hyper-parameters (paper, supplement S7).

A constant counts if a factor can change what the program predicts by it: it is finite, not 0, no index of an element,
and its line is live. Bounds and moments of random draws count like all others, as the paper's range of noise does;
where bounds come to lie in the wrong order, the draw is the lower one (see ``program.ops``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.program_edit import instruction_at, live_lines, rewritten
from automl_zero.program.program import Instruction, Program

INDICES = ("index", "row", "column")


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a program: the number ``position`` of those of its line, called ``name`` in the op's row."""

    line: Line
    position: int
    name: str
    value: float


def constants_of(program: Program, multiclass: bool = False) -> tuple[Constant, ...]:
    """The constants that can be tuned, in the order of the program."""
    return tuple(
        Constant(line, position, name, value)
        for line in live_lines(program, multiclass)
        for position, (name, value) in enumerate(_named(instruction_at(program, line)))
        if name not in INDICES and value != 0 and math.isfinite(value)
    )


def with_values(program: Program, values: Mapping[Constant, float]) -> Program:
    """The program with other values for some of its constants."""
    changed: dict[Line, Instruction] = {}
    for constant, value in values.items():
        instruction = changed.get(constant.line) or instruction_at(program, constant.line)
        data = list(instruction.data)
        data[constant.position] = float(value)
        changed[constant.line] = replace(instruction, data=tuple(data))
    return rewritten(program, {line: (instruction,) for line, instruction in changed.items()})


def _named(instruction: Instruction) -> zip[tuple[str, float]]:
    return zip(instruction.row.constants, instruction.data, strict=True)
