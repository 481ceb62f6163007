"""Ablated variants of a program (paper, supplement S8).

The first of ``ABLATION_RULES`` that applies to an instruction ablates it, so that the rest keeps working:

- If it sets or draws a value, or updates one in place as ``m1 = m1 + m0`` does, it is deleted; the address keeps its
  old content, 0 at first.
- Else, if it has an input of the kind of its output, the first such input is passed on: ``v2 = v0 + v1`` becomes ``v2 =
  v0``.
- Else, if it reduces vectors or matrices to a scalar, as ``s2 = norm(m0)``, it becomes the constant 1, which is tuned.
- Else, it is deleted.

Where a technique needs more than that, there is a hand-written variant (see ``paper_variants``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from automl_zero.program.ops import Kind
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import Line, constant_scalar, copy_of, instruction_at, live_lines, rewritten
from automl_zero.program.text import instruction_text


@dataclass(frozen=True, slots=True)
class Variant:
    """A program that differs from another in one part.

    Attributes:
        name: the part that was removed or added.
        program: the changed program.
        note: the change in a line of text.
    """

    name: str
    program: Program
    note: str = ""


def ablated_program(program: Program, lines: Iterable[Line]) -> Program:
    """Return the program with each of these lines ablated.

    Raises:
        ProgramError: there is no such line.
    """
    return rewritten(program, {line: _ablated(instruction_at(program, line)) for line in lines})


def line_variants(program: Program, multiclass: bool = False) -> tuple[Variant, ...]:
    """Return a variant for each live line, without that line."""
    return tuple(_of_line(program, line) for line in live_lines(program, multiclass))


def group_variants(program: Program, groups: Mapping[str, Iterable[Line]]) -> tuple[Variant, ...]:
    """Return a variant for each named group of lines, such as those of a technique, without those lines.

    Raises:
        ProgramError: there is no such line.
    """
    chosen = {name: tuple(lines) for name, lines in groups.items()}
    return tuple(
        Variant(name, ablated_program(program, lines), "; ".join(_change(program, line) for line in lines))
        for name, lines in chosen.items()
    )


def _of_line(program: Program, line: Line) -> Variant:
    component, index = line
    name = f"{component} {index + 1}: {instruction_text(instruction_at(program, line))}"
    return Variant(name, ablated_program(program, (line,)), _change(program, line))


def _change(program: Program, line: Line) -> str:
    """Return the change of a line as text; a copy, which is a minimum, reads as an assignment."""
    instruction = instruction_at(program, line)
    (target,) = instruction.outputs() or ((Kind.SCALAR, 0),)
    passed = _passed_on(instruction)
    if not _ablated(instruction):
        return f"without {instruction_text(instruction)}"
    value = "1.0" if passed is None else _address(passed)
    return f"{_address(target)} = {value}"


def _address(operand: tuple[Kind, int]) -> str:
    kind, address = operand
    return f"{kind.prefix}{address}"


def _passed_on(instruction: Instruction) -> tuple[Kind, int] | None:
    """Return the first input of the kind of the output."""
    return next((each for each in instruction.inputs() if each[0] is instruction.row.output), None)


@dataclass(frozen=True, slots=True)
class AblationRule:
    """A way to ablate an instruction.

    Attributes:
        description: what it does, and to which instructions.
        apply: returns the instructions that take the place of one; None where the rule does not apply.
    """

    description: str
    apply: Callable[[Instruction], tuple[Instruction, ...] | None]


def _delete_source_or_update(instruction: Instruction) -> tuple[Instruction, ...] | None:
    inputs = instruction.inputs()
    return () if not inputs or set(instruction.outputs()) & set(inputs) else None


def _pass_on(instruction: Instruction) -> tuple[Instruction, ...] | None:
    passed = _passed_on(instruction)
    return None if passed is None else (copy_of(*passed, instruction.out),)


def _replace_by_one(instruction: Instruction) -> tuple[Instruction, ...] | None:
    # The constant is tuned afterwards; 1 is a neutral start, as tuning multiplies by factors.
    return (constant_scalar(instruction.out, 1.0),) if instruction.row.output is Kind.SCALAR else None


ABLATION_RULES = (  # the first that applies counts
    AblationRule("delete an instruction that sets, draws or updates in place", _delete_source_or_update),
    AblationRule("pass on the first input of the kind of the output", _pass_on),
    AblationRule("replace a reduction to a scalar by 1", _replace_by_one),
    AblationRule("delete any other instruction", lambda _: ()),
)


def _ablated(instruction: Instruction) -> tuple[Instruction, ...]:
    """Return the instructions that take the place of an ablated one."""
    return next(found for rule in ABLATION_RULES if (found := rule.apply(instruction)) is not None)
