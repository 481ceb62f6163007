"""What of a program can be taken out, or put into it, to see what it does there (paper, supplement S8).

An instruction is knocked out so that what is around it goes on as well as it can:

- If it changes an address from what is in it, as ``m1 = m1 + m0`` does, it is deleted.
- Else, if it has an input of the kind of its output, the first such input is passed on: of ``v2 = v0 + v1`` remains
  ``v2 = v0``.
- A scalar computed from vectors or matrices, as ``s2 = norm(m0)``, becomes the constant 1, which is tuned.
- Else, or if it sets or draws a value, it is deleted: the address keeps what it held, 0 at first.

Where a technique needs more than that, a ``Variant`` made by hand takes its place (see ``by_hand``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.program_edit import constant_scalar, copy_of, instruction_at, live_lines, rewritten
from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction, Program
from automl_zero.program.text import instruction_text


@dataclass(frozen=True, slots=True)
class Variant:
    """A program that differs from another in one thing.

    Attributes:
        name: what was knocked out, or put in.
        program: what is left, or what has become of it.
        note: how it was done, in a line.
    """

    name: str
    program: Program
    note: str = ""


def without(program: Program, lines: Iterable[Line]) -> Program:
    """The program with each of these lines knocked out.

    Raises:
        ProgramError: there is no such line.
    """
    return rewritten(program, {line: _remains(instruction_at(program, line)) for line in lines})


def each_line(program: Program, multiclass: bool = False) -> tuple[Variant, ...]:
    """A knock-out of every live line."""
    return tuple(_of_line(program, line) for line in live_lines(program, multiclass))


def each_group(program: Program, groups: Mapping[str, Iterable[Line]]) -> tuple[Variant, ...]:
    """A knock-out of each of these named groups of lines, such as the lines of a technique.

    Raises:
        ProgramError: there is no such line.
    """
    chosen = {name: tuple(lines) for name, lines in groups.items()}
    return tuple(
        Variant(name, without(program, lines), "; ".join(_change(program, line) for line in lines))
        for name, lines in chosen.items()
    )


def _of_line(program: Program, line: Line) -> Variant:
    component, index = line
    name = f"{component} {index + 1}: {instruction_text(instruction_at(program, line))}"
    return Variant(name, without(program, (line,)), _change(program, line))


def _change(program: Program, line: Line) -> str:
    """What became of a line, for people: a copy reads as one."""
    instruction = instruction_at(program, line)
    (target,) = instruction.outputs() or ((Kind.SCALAR, 0),)
    passed = _passed_on(instruction)
    if not _remains(instruction):
        return f"without {instruction_text(instruction)}"
    remains = "1.0" if passed is None else _address(passed)
    return f"{_address(target)} = {remains}"


def _address(operand: tuple[Kind, int]) -> str:
    kind, address = operand
    return f"{kind.prefix}{address}"


def _remains(instruction: Instruction) -> tuple[Instruction, ...]:
    inputs = instruction.inputs()
    if not inputs or set(instruction.outputs()) & set(inputs):
        return ()
    passed = _passed_on(instruction)
    if passed is not None:
        return (copy_of(*passed, instruction.out),)
    return (constant_scalar(instruction.out, 1.0),) if instruction.row.output is Kind.SCALAR else ()


def _passed_on(instruction: Instruction) -> tuple[Kind, int] | None:
    """The first input of the kind of the output."""
    return next((each for each in instruction.inputs() if each[0] is instruction.row.output), None)
