"""Edits of a program line by line: list its lines, and replace some of them.

A line is addressed by its component function and its index there. Every edit returns a new program, and the addresses
in it refer to the program before the edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from automl_zero.program.ops import Kind, op_number
from automl_zero.program.program import COMPONENTS, MAX_ADDRESSES, Instruction, Program, ProgramError
from automl_zero.program.prune import live_instructions

Line = tuple[str, int]  # the component function ("setup", "predict" or "learn"), and the index in it
Rewrite = Mapping[Line, tuple[Instruction, ...]]  # the new instructions of each line; an empty tuple removes it

SET_SCALAR = op_number("scalar_const_set")
_COPY = {Kind.SCALAR: "scalar_min", Kind.VECTOR: "vector_min", Kind.MATRIX: "matrix_min"}


def lines_of(program: Program) -> Iterator[tuple[Line, Instruction]]:
    """Yield all lines with their instructions, in program order."""
    for component, instructions in zip(COMPONENTS, program, strict=True):
        for index, instruction in enumerate(instructions):
            yield (component, index), instruction


def live_lines(program: Program, multiclass: bool = False) -> tuple[Line, ...]:
    """Return the lines that can affect a prediction."""
    lives = (live for component in live_instructions(program, multiclass) for live in component)
    return tuple(line for (line, _), live in zip(lines_of(program), lives, strict=True) if live)


def instruction_at(program: Program, line: Line) -> Instruction:
    """Return the instruction of a line.

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
    """Return the program in which each line of ``rewrite`` is replaced by its new instructions.

    Raises:
        ProgramError: there is no such line.
    """
    # Check first: a line that does not exist would be ignored silently below.
    for line in rewrite:
        instruction_at(program, line)
    components: dict[str, list[Instruction]] = {component: [] for component in COMPONENTS}
    for line, instruction in lines_of(program):
        components[line[0]].extend(rewrite.get(line, (instruction,)))
    return Program(*map(tuple, components.values()))


def copy_of(kind: Kind, source: int, target: int) -> Instruction:
    """Return the instruction that copies address ``source`` to ``target``.

    The op set has no copy; min(x, x) = x holds for every x, NaN included, so a minimum of the value with itself copies
    it.
    """
    return Instruction(op=op_number(_COPY[kind]), in1=source, in2=source, out=target)


def constant_scalar(address: int, value: float) -> Instruction:
    """Return the instruction that sets a scalar address to a value."""
    return Instruction(SET_SCALAR, out=address, data=(float(value),))


def free_scalar(program: Program) -> int:
    """Return a scalar address that the program does not use.

    Raises:
        ProgramError: the program uses all addresses.
    """
    used = {address for _, each in lines_of(program) for kind, address in each.operands() if kind is Kind.SCALAR}
    # s0 and s1 are the label and the prediction.
    free = next((address for address in range(2, MAX_ADDRESSES) if address not in used), None)
    if free is None:
        raise ProgramError(f"the program uses all {MAX_ADDRESSES} scalars: prune it, or use fewer")
    return free
