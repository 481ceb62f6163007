"""Knock-outs: what takes the place of a line, so that a program is without a part and the rest keeps working.

The first of ``ABLATION_RULES`` that applies to an instruction ablates it (paper, supplement S8):

- If it sets or draws a value, or updates one in place as ``m1 = m1 + m0`` does, it is deleted; the address keeps its
  old content, 0 at first.
- Else, if it has an input of the kind of its output, the first such input is passed on: ``v2 = v0 + v1`` becomes ``v2 =
  v0``.
- Else, if it reduces vectors or matrices to a scalar, as ``s2 = norm(m0)``, it becomes the constant 1, which is tuned.
- Else, it is deleted.

A detector that knows better what its technique replaces says so with the other functions of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from automl_zero.program.ops import Kind, op_number
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import (
    Line,
    Rewrite,
    constant_scalar,
    copy_of,
    free_scalar,
    instruction_at,
    lines_of,
)

_GAUSSIAN = {Kind.VECTOR: op_number("vector_gaussian_set"), Kind.MATRIX: op_number("matrix_gaussian_set")}


def ablation(program: Program, lines: Iterable[Line]) -> Rewrite:
    """Return what takes the place of each of these lines by the rules of ablation.

    Raises:
        ProgramError: there is no such line.
    """
    return {line: ablated(instruction_at(program, line)) for line in lines}


def ablated(instruction: Instruction) -> tuple[Instruction, ...]:
    """Return the instructions that take the place of an ablated one."""
    return next(found for rule in ABLATION_RULES if (found := rule.apply(instruction)) is not None)


def passed_on(instruction: Instruction, place: int) -> tuple[Instruction, ...]:
    """Return the instruction that passes on the operand at a place, which is of the kind of the output."""
    kind, address = instruction.inputs()[place]
    return (copy_of(kind, address, instruction.out),)


def constant_value(instruction: Instruction, value: float) -> tuple[Instruction, ...]:
    """Return the instruction that gives a number, or a vector or matrix full of it, in place of another result."""
    kind = instruction.row.output
    if kind is None or kind is Kind.SCALAR:
        return (constant_scalar(instruction.out, value),)
    # No op fills a vector with a number, but a Gaussian without deviation is its mean.
    return (Instruction(_GAUSSIAN[kind], out=instruction.out, data=(value, 0.0)),)


def mean_of_draw(instruction: Instruction) -> tuple[Instruction, ...]:
    """Return the instruction that gives the mean of a draw: noise that is not centered on 0 shifts values, too."""
    # Draws are uniform between two bounds, or normal with a mean.
    constants = dict(zip(instruction.row.constants, instruction.data, strict=True))
    mean = constants["mean"] if "mean" in constants else (constants["low"] + constants["high"]) / 2
    return constant_value(instruction, mean)


def constant_operands(program: Program, operands: Iterable[tuple[Line, int]], value: float) -> Rewrite:
    """Return the lines that read a constant at these operands, given by line and place; tuning finds its value.

    Raises:
        ProgramError: the program uses all addresses of scalars.
    """
    # An address that nothing else uses, so that the rest of the program does not notice.
    address, rewrite = free_scalar(program), dict[Line, tuple[Instruction, ...]]()
    chosen = set(operands)
    for line, instruction in lines_of(program):
        changed = replace(instruction, in1=address) if (line, 0) in chosen else instruction
        changed = replace(changed, in2=address) if (line, 1) in chosen else changed
        if changed != instruction:
            # The first of the lines sets it for all, so that there is one number to tune.
            setting = () if rewrite else (constant_scalar(address, value),)
            rewrite[line] = (*setting, changed)
    return rewrite


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
    kinds = [kind for kind, _ in instruction.inputs()]
    output = instruction.row.output
    return passed_on(instruction, kinds.index(output)) if output in kinds else None


def _replace_by_one(instruction: Instruction) -> tuple[Instruction, ...] | None:
    # The constant is tuned afterwards; 1 is a neutral start, as tuning multiplies by factors.
    return constant_value(instruction, 1.0) if instruction.row.output is Kind.SCALAR else None


ABLATION_RULES = (  # the first that applies counts
    AblationRule("delete an instruction that sets, draws or updates in place", _delete_source_or_update),
    AblationRule("pass on the first input of the kind of the output", _pass_on),
    AblationRule("replace a reduction to a scalar by 1", _replace_by_one),
    AblationRule("delete any other instruction", lambda _: ()),
)
