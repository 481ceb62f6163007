"""The input of every export: a program as statements with comments, what it predicts, and the addresses it uses.

Names and comments come from users. They are made plain here, so that they cannot end the comment or the string that
they are written into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from automl_zero import __version__
from automl_zero.analysis.dataflow.flow import Cell, given_cells, read_cells
from automl_zero.codegen.prediction import Prediction
from automl_zero.program.forms import EMPTY_BODY, FUNCTIONS
from automl_zero.program.program import COMPONENTS, Instruction, Program
from automl_zero.program.program_edit import Line
from automl_zero.program.prune import live_instructions
from automl_zero.program.text import instruction_text


@dataclass(frozen=True, slots=True)
class Statement:
    """An instruction and its comment, which may be empty."""

    instruction: Instruction
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A program ready for export.

    Attributes:
        name: name in the export.
        prediction: what the program predicts.
        components: statements of Setup, Predict and Learn.
    """

    name: str
    prediction: Prediction
    components: tuple[tuple[Statement, ...], ...]

    @property
    def program(self) -> Program:
        """The program that is exported, without the instructions that were left out."""
        return Program(*(tuple(each.instruction for each in component) for component in self.components))

    @property
    def is_random(self) -> bool:
        """Whether any instruction draws random numbers."""
        return any(instruction.row.draws for instruction in self.program.instructions())

    @property
    def memory(self) -> tuple[Cell, ...]:
        """The addresses that keep their values between component functions, in the order of kind and number.

        These are label, prediction and features, and what any of the functions reads before it writes it.
        """
        given = given_cells(self.prediction is Prediction.MULTICLASS)
        return tuple(sorted({*given, *chain.from_iterable(map(reads, self.components))}))

    @property
    def origin(self) -> str:
        """The line that says which version made the export."""
        return f"Exported by automl-zero {__version__}"

    @property
    def text(self) -> str:
        """The exact program text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for function, component in zip(FUNCTIONS, self.components, strict=True):
            yield f"def {function}():"
            yield from (f"  {instruction_text(each.instruction)}" for each in component)


def source_of(
    program: Program, prediction: Prediction, name: str, comments: Mapping[Line, str] | None = None, raw: bool = False
) -> Source:
    """Prepare a program for export.

    Args:
        program: any program.
        prediction: what it predicts.
        name: name in the export.
        comments: comments on its lines, by component function and index.
        raw: whether to keep instructions that cannot have an effect on a prediction.
    """
    live = live_instructions(program, prediction is Prediction.MULTICLASS)
    components = (
        tuple(
            Statement(instruction, plain((comments or {}).get((component, index), "")))
            for index, (instruction, is_live) in enumerate(zip(instructions, lives, strict=True))
            if raw or is_live
        )
        for component, instructions, lives in zip(COMPONENTS, program, live, strict=True)
    )
    return Source(plain(name), prediction, tuple(components))


def comments_in(text: str) -> dict[Line, str]:
    """Return the comments behind instructions in valid program text."""
    found: dict[Line, str] = {}
    functions, index = iter(COMPONENTS), 0
    component = ""
    for line in text.split("\n"):
        code, _, comment = (part.strip() for part in line.partition("#"))
        if code.startswith("def"):
            component, index = next(functions), 0
        elif code and code != EMPTY_BODY:
            found[component, index] = comment
            index += 1
    return {line: comment for line, comment in found.items() if comment}


def plain(text: str) -> str:
    """Return text on one line that no language interprets: printable, without double quotes and backslashes."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable.replace("\\", "/").replace('"', "'").strip()


def address(cell: Cell) -> str:
    """Return the name of an address, such as ``s1``."""
    kind, number = cell
    return f"{kind.prefix}{number}"


def reads(statements: Sequence[Statement]) -> tuple[Cell, ...]:
    """Return the addresses that a component function reads before it writes them."""
    found, written = dict[Cell, None](), set[Cell]()
    for instruction in (each.instruction for each in statements):
        found |= dict.fromkeys(cell for cell in read_cells(instruction) if cell not in written)
        written.update(instruction.outputs())
    return tuple(sorted(found))


def writes(statements: Sequence[Statement]) -> tuple[Cell, ...]:
    """Return the addresses that a component function writes."""
    return tuple(sorted({cell for each in statements for cell in each.instruction.outputs()}))
