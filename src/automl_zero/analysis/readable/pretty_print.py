"""A program as readable text: named values instead of addresses, and comments that name techniques.

The text cannot be run; ``program.text`` holds the exact form.
"""

from __future__ import annotations

from collections.abc import Mapping

from automl_zero.analysis.dataflow.findings import Finding, comments
from automl_zero.analysis.readable.naming import Names, name_values
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.program_view import view_of
from automl_zero.program.program import COMPONENTS, Instruction, Program
from automl_zero.program.program_edit import Line, lines_of
from automl_zero.program.text import instruction_text

DIGITS = 4  # significant digits of constants


def readable(program: Program, multiclass: bool = False, findings: tuple[Finding, ...] | None = None) -> str:
    """Write a program with names and comments, in the style of figure 6 of the paper.

    Args:
        program: any program; lines without effect keep their addresses and are marked.
        multiclass: whether label and prediction are the vectors v1 and v2.
        findings: the techniques for the comments; by default, those that ``detect`` finds.
    """
    view = view_of(program, multiclass)
    found = detect(program, multiclass) if findings is None else findings
    lines = named_lines(program, name_values(view))
    # The flow covers live lines only: every other line has no effect.
    notes = {line: "no effect" for line in lines if line not in view.flow.instructions} | dict(comments(found))
    width = max(map(len, lines.values()), default=0)
    return "".join(
        f"def {component.capitalize()}():\n"
        + "".join(_line(lines[line], notes.get(line), width) for line in lines if line[0] == component)
        for component in COMPONENTS
    )


def named_lines(program: Program, names: Names) -> Mapping[Line, str]:
    """Return the text of every line, with names instead of addresses."""
    return {line: _named(line, instruction, names) for line, instruction in lines_of(program)}


def _line(text: str, note: str | None, width: int) -> str:
    return f"  {text.ljust(width)}  # {note}\n" if note else f"  {text}\n"


def _named(line: Line, instruction: Instruction, names: Names) -> str:
    if line not in names.outputs:
        return instruction_text(instruction)
    row = instruction.row
    slots = {name: f"{value:.{DIGITS}g}" for name, value in zip(row.constants, instruction.data, strict=True)}
    slots |= dict(zip(("in1", "in2"), names.inputs[line], strict=False)) | {"out": names.outputs[line]}
    return row.form.format_map(slots)
