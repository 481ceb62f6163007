"""Ablated variants of a program: without single lines, without groups of lines, without techniques.

``techniques.knock_out`` says what takes the place of a line. Where a technique of a library program needs more than
that, there is a hand-written variant (see ``paper_variants``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from automl_zero.analysis.dataflow.findings import Finding, technique_knock_outs
from automl_zero.analysis.dataflow.flow import line_order
from automl_zero.analysis.techniques.knock_out import ablation
from automl_zero.program.program import Instruction, Program
from automl_zero.program.program_edit import Line, Rewrite, instruction_at, live_lines, rewritten
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


def line_variants(program: Program, multiclass: bool = False) -> tuple[Variant, ...]:
    """Return a variant for each live line, without that line."""
    return tuple(
        _variant(f"{line[0]} {line[1] + 1}: {instruction_text(instruction_at(program, line))}", program, (line,))
        for line in live_lines(program, multiclass)
    )


def group_variants(program: Program, groups: Mapping[str, Iterable[Line]]) -> tuple[Variant, ...]:
    """Return a variant for each named group of lines, without those lines.

    Raises:
        ProgramError: there is no such line.
    """
    return tuple(_variant(name, program, lines) for name, lines in groups.items())


def technique_variants(program: Program, findings: Sequence[Finding]) -> tuple[Variant, ...]:
    """Return a variant for each technique that was found in a program, without it.

    Techniques of which no knock-out is known have none.
    """
    return tuple(
        Variant(name, rewritten(program, rewrite), _note(program, rewrite))
        for name, rewrite in technique_knock_outs(findings).items()
        if rewrite
    )


def _variant(name: str, program: Program, lines: Iterable[Line]) -> Variant:
    rewrite = ablation(program, lines)
    return Variant(name, rewritten(program, rewrite), _note(program, rewrite))


def _note(program: Program, rewrite: Rewrite) -> str:
    return "; ".join(_change(instruction_at(program, line), rewrite[line]) for line in sorted(rewrite, key=line_order))


def _change(old: Instruction, new: Sequence[Instruction]) -> str:
    """Return the change of a line as text; a copy, which is a minimum, reads as an assignment."""
    if not new:
        return f"without {instruction_text(old)}"
    return ", ".join(map(_assignment, new))


def _assignment(instruction: Instruction) -> str:
    # There is no op that copies, so a knock-out uses min(x, x).
    inputs = instruction.inputs()
    if len(inputs) == 2 and inputs[0] == inputs[1] and instruction.row.family in ("min", "matrix_min"):
        kind, address = inputs[0]
        return f"{kind.prefix}{instruction.out} = {kind.prefix}{address}"
    return instruction_text(instruction)
