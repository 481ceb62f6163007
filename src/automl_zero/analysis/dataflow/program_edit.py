"""Programs changed line by line: which lines there are, and the program with some of them replaced.

A line is named by its component function and its index there; every change gives a new program, and names refer to the
program before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.program.ops import Kind, op_number
from automl_zero.program.program import COMPONENTS, MAX_ADDRESSES, Instruction, Program, ProgramError
from automl_zero.program.prune import live_instructions

Rewrite = Mapping[Line, tuple[Instruction, ...]]  # what lines become; where that is nothing, they are removed

SET_SCALAR = op_number("scalar_const_set")
_COPY = {Kind.SCALAR: "scalar_min", Kind.VECTOR: "vector_min", Kind.MATRIX: "matrix_min"}


def lines_of(program: Program) -> Iterator[tuple[Line, Instruction]]:
    """All lines with their instructions, in the order of the program."""
    for component, instructions in zip(COMPONENTS, program, strict=True):
        for index, instruction in enumerate(instructions):
            yield (component, index), instruction


def live_lines(program: Program, multiclass: bool = False) -> tuple[Line, ...]:
    """The lines that can have an effect on a prediction."""
    lives = (live for component in live_instructions(program, multiclass) for live in component)
    return tuple(line for (line, _), live in zip(lines_of(program), lives, strict=True) if live)


def instruction_at(program: Program, line: Line) -> Instruction:
    """The instruction of a line.

    Raises:
        ProgramError: there is no such line.
    """
    found = dict(lines_of(program)).get(line)
    if found is None:
        component, index = line
        count = sum(other == component for (other, _), _ in lines_of(program))
        raise ProgramError(f"{component} has no instruction {index + 1}: it has {count}")
    return found


def rewritten(program: Program, rewrite: Rewrite) -> Program:
    """The program with each of these lines replaced by those instructions.

    Raises:
        ProgramError: there is no such line.
    """
    for line in rewrite:
        instruction_at(program, line)
    components: dict[str, list[Instruction]] = {component: [] for component in COMPONENTS}
    for line, instruction in lines_of(program):
        components[line[0]].extend(rewrite.get(line, (instruction,)))
    return Program(*map(tuple, components.values()))


def copy_of(kind: Kind, source: int, target: int) -> Instruction:
    """The instruction that copies an address to another: the smaller of a value and itself, as there is no copy."""
    return Instruction(op_number(_COPY[kind]), source, source, target)


def constant_scalar(address: int, value: float) -> Instruction:
    """The instruction that sets a scalar."""
    return Instruction(SET_SCALAR, out=address, data=(float(value),))


def free_scalar(program: Program) -> int:
    """A scalar address that the program does not use.

    Raises:
        ProgramError: it uses all there can be.
    """
    used = {address for _, each in lines_of(program) for kind, address in each.operands() if kind is Kind.SCALAR}
    free = next((address for address in range(2, MAX_ADDRESSES) if address not in used), None)
    if free is None:
        raise ProgramError(f"the program uses all {MAX_ADDRESSES} scalars: prune it, or use fewer")
    return free
