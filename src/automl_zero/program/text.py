"""Program text, the format in which programs are stored, shown and exchanged; it round-trips exactly.

Printer and parser both follow from the ops' rows. A row's form is a line with slots, such as ``{out} = abs({in1})``;
forms of the same words differ in the kinds of their operands, so that exactly one fits a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from automl_zero.program.forms import FUNCTIONS, read
from automl_zero.program.lexer import Line, ParseError, Word
from automl_zero.program.ops import Op
from automl_zero.program.program import Instruction, Program, ProgramError, check_constant

__all__ = ["ParseError", "from_text", "instruction_text", "to_text"]


def to_text(program: Program) -> str:
    r"""Write a program: one line per instruction under ``def Setup():``, ``def Predict():`` and ``def Learn():``.

    Example:
        >>> from automl_zero.program.ops import op_number
        >>> to_text(Program(predict=(Instruction(op_number("vector_inner_product"), in1=1, in2=0, out=1),)))
        'def Setup():\ndef Predict():\n  s1 = dot(v1, v0)\ndef Learn():\n'
    """
    lines: list[str] = []
    for function, component in zip(FUNCTIONS, program, strict=True):
        lines.append(f"def {function}():")
        lines.extend(f"  {instruction_text(instruction)}" for instruction in component)
    return "\n".join(lines) + "\n"


def instruction_text(instruction: Instruction) -> str:
    """Write one instruction; constants have the fewest digits that read back exactly."""
    row = instruction.row
    slots = {name: repr(float(value)) for name, value in zip(row.constants, instruction.data, strict=True)}
    for names, operands in ((("in1", "in2"), instruction.inputs()), (("out",), instruction.outputs())):
        slots |= {name: f"{kind.prefix}{address}" for name, (kind, address) in zip(names, operands, strict=False)}
    return row.form.format_map(slots)


def from_text(text: str) -> Program:
    """Read a program.

    Blank lines, comments from ``#`` to the end of the line, and spaces between words are ignored; a function may be
    empty, or contain ``pass``.

    Raises:
        ParseError: the text is not a program; the error says where, why, and what to write instead.
    """
    components: list[list[Instruction]] = []
    line = Line(1, "")
    for line in _lines(text):
        meaning, slots = read(line)
        if isinstance(meaning, Op):
            _body(line, components).append(_instruction(line, meaning, slots))
        elif meaning in FUNCTIONS:
            _check_order(line, meaning, len(components))
            components.append([])
        else:
            _body(line, components)
    if len(components) < len(FUNCTIONS):
        problem = f"the program ends without '{_header(len(components))}'"
        raise line.error(len(line.text) + 1, problem, "add it; its body may be empty")
    return Program(*map(tuple, components))


def _lines(text: str) -> Iterator[Line]:
    """Yield the lines that contain more than space and comments."""
    for number, content in enumerate(text.split("\n"), 1):
        line = Line(number, content.removesuffix("\r"))
        if next(line.words()).text:
            yield line


def _header(number: int) -> str:
    return f"def {FUNCTIONS[number]}():"


def _body(line: Line, components: list[list[Instruction]]) -> list[Instruction]:
    """Return the body of the function that contains the line."""
    if not components:
        raise line.error(line.start, "this line stands in no function", f"begin the program with '{_header(0)}'")
    return components[-1]


def _check_order(line: Line, function: str, number_before: int) -> None:
    position = FUNCTIONS.index(function)
    if position < number_before:
        remedy = "write all its instructions below its first header"
        raise line.error(line.start, f"'{function}' begins a second time", remedy)
    if position > number_before:
        missing = FUNCTIONS[number_before]
        remedy = f"write '{_header(number_before)}' first; its body may be empty"
        raise line.error(line.start, f"'{function}' begins before '{missing}'", remedy)


def _instruction(line: Line, op: Op, slots: dict[str, Word]) -> Instruction:
    addresses = {name: int(slots[name].text[1:]) for name in ("in1", "in2", "out") if name in slots}
    data = tuple(_constant(line, op, name, slots[name]) for name in op.constants)
    return Instruction(op.number, **addresses, data=data)


def _constant(line: Line, op: Op, name: str, word: Word) -> float:
    value = float(word.text)
    if math.isinf(value) and "inf" not in word.text:
        raise line.error(word.column, f"{word} is too large for float64", "write a smaller number, or inf")
    try:
        check_constant(op, name, value)
    except ProgramError as error:
        problem, _, remedy = str(error).partition(": ")
        raise line.error(word.column, problem, remedy) from None
    return value
