"""What is exported: a program as statements with comments, what it predicts, and which addresses it uses.

Every language is written from this alone. Text that people gave, names and comments, is made plain here, so that it
never ends the comment or the string that it is put into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from automl_zero import __version__
from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.flow import Cell, given_cells, read_cells
from automl_zero.codegen.prediction import Prediction
from automl_zero.program.forms import EMPTY_BODY, FUNCTIONS
from automl_zero.program.program import COMPONENTS, Instruction, Program
from automl_zero.program.prune import live_instructions
from automl_zero.program.text import instruction_text


@dataclass(frozen=True, slots=True)
class Statement:
    """An instruction and what is said about it; the comment may be empty."""

    instruction: Instruction
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A program as it is exported.

    Attributes:
        name: shown to people.
        prediction: what it predicts.
        components: the statements of Setup, Predict and Learn.
    """

    name: str
    prediction: Prediction
    components: tuple[tuple[Statement, ...], ...]

    @property
    def program(self) -> Program:
        """The program that is exported, without what was left out."""
        return Program(*(tuple(each.instruction for each in component) for component in self.components))

    @property
    def is_random(self) -> bool:
        """Whether any instruction draws random numbers."""
        return any(instruction.row.draws for instruction in self.program.instructions())

    @property
    def memory(self) -> tuple[Cell, ...]:
        """What is remembered from one component function to the next, in the order of kind and number.

        These are label, prediction and features, and what any of the functions reads before it writes it.
        """
        given = given_cells(self.prediction is Prediction.MULTICLASS)
        return tuple(sorted({*given, *chain.from_iterable(map(reads, self.components))}))

    @property
    def origin(self) -> str:
        """By what it was made."""
        return f"Exported by automl-zero {__version__}"

    @property
    def text(self) -> str:
        """The program in its exact text form."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for function, component in zip(FUNCTIONS, self.components, strict=True):
            yield f"def {function}():"
            yield from (f"  {instruction_text(each.instruction)}" for each in component)


def source_of(
    program: Program, prediction: Prediction, name: str, comments: Mapping[Line, str] | None = None, raw: bool = False
) -> Source:
    """Prepare a program to be exported.

    Args:
        program: any program.
        prediction: what it predicts.
        name: shown to people.
        comments: what is said about its lines, by component function and index.
        raw: whether instructions that cannot have an effect on a prediction are kept.
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
    """The comments that stand behind instructions in program text, which is known to be one."""
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
    """Text on one line that means nothing to any language: printable, without quotes and backslashes."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable.replace("\\", "/").replace('"', "'").strip()


def address(cell: Cell) -> str:
    """The name of an address, such as ``s1``."""
    kind, number = cell
    return f"{kind.prefix}{number}"


def reads(statements: Sequence[Statement]) -> tuple[Cell, ...]:
    """Which values a component function finds in the memory: those that it reads before it writes them."""
    found, written = dict[Cell, None](), set[Cell]()
    for instruction in (each.instruction for each in statements):
        found |= dict.fromkeys(cell for cell in read_cells(instruction) if cell not in written)
        written.update(instruction.outputs())
    return tuple(sorted(found))


def writes(statements: Sequence[Statement]) -> tuple[Cell, ...]:
    """Which values a component function computes."""
    return tuple(sorted({cell for each in statements for cell in each.instruction.outputs()}))
