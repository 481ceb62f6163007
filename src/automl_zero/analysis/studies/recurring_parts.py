"""Parts that recur in the winners of independent runs and are no known technique: convergent evolution.

A part is what a line computes, in terms of its operands and of theirs, without addresses, constants and the order of
lines: ``self = minimum(self, self + vector)`` is a vector that only falls. What runs that know nothing of each other
make again and again is hardly chance; whether it is of use, its worth shows (``technique_counts``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from automl_zero.analysis.dataflow.flow import SETUP, Flow, Sources, ValueSource, flow_of, line_order
from automl_zero.analysis.dataflow.op_groups import BOUNDS
from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.ops import Kind
from automl_zero.program.program import Program
from automl_zero.program.program_edit import Line

MAX_LINES = 4  # of a part
SELF, CONSTANT = "self", "constant"  # the old value of what the part computes; what Setup makes and nothing changes
USUAL = frozenset(each.row.family for each in library_program("two_layer_net").instructions())  # families of ops
LEAF = r"(\w+)#(\d+)#"  # an operand that is not traced further, while its number is not known


@dataclass(frozen=True, slots=True)
class Part:
    """What a line computes, in terms of some lines before it and of what they read.

    Attributes:
        text: the part as an assignment; operands that are not traced further have the name of their kind.
        lines: the lines that compute it, in program order.
        root: the line whose result it is.
    """

    text: str
    lines: tuple[Line, ...]
    root: Line


@dataclass(frozen=True, slots=True)
class RecurringPart:
    """A part that several programs have.

    Attributes:
        text: as in ``Part``.
        parts: the part in each program that has it, by the index of the program.
    """

    text: str
    parts: Mapping[int, Part]


def recurring_parts(
    programs: Sequence[Program], named: Sequence[Collection[Line]], multiclass: bool = False, least: int = 2
) -> tuple[RecurringPart, ...]:
    r"""Return the parts that at least some programs have, the most frequent first, then the largest.

    A part that a program of the library has is known, and left out.

    Args:
        programs: the winners of independent runs.
        named: for each program, the lines that belong to a known technique; a part of these alone is none.
        multiclass: whether label and prediction are the vectors v1 and v2.
        least: the number of programs.

    Example:
        >>> text = "def Setup():\ndef Predict():\n s1 = dot(v0, v1)\ndef Learn():\n v2 = abs(v1)\n v1 = v2 + v0"
        >>> [each.text for each in recurring_parts([from_text(text), from_text(text)], [(), ()])]
        ['self = abs(self) + features']
    """
    # Whatever a known algorithm does has a name already, even where no detector looks for it.
    library = {
        part.text for name, row in LIBRARY.items() for part in _parts(flow_of(library_program(name), row.multiclass))
    }
    found: dict[str, dict[int, Part]] = {}
    for index, (program, known) in enumerate(zip(programs, named, strict=True)):
        for part in _parts(flow_of(program, multiclass)):
            if part.text not in library and not set(part.lines) <= set(known):
                found.setdefault(part.text, {}).setdefault(index, part)
    recurring = [RecurringPart(text, parts) for text, parts in found.items() if len(parts) >= least]
    # A part of a part says nothing more, unless it is found in more programs.
    whole = [each for each in recurring if not any(_is_within(each, other) for other in recurring)]
    return tuple(sorted(whole, key=lambda each: (-len(each.parts), -_size(each), each.text)))


def _size(part: RecurringPart) -> int:
    return max(len(each.lines) for each in part.parts.values())


def _is_within(one: RecurringPart, other: RecurringPart) -> bool:
    """Return whether one part is a proper part of another wherever it is found."""
    return one is not other and all(
        index in other.parts and set(part.lines) < set(other.parts[index].lines) for index, part in one.parts.items()
    )


def _parts(flow: Flow) -> Iterator[Part]:
    """Yield the parts of each line of Predict and Learn that say more than the name of an op."""
    for root in flow.instructions:
        for lines in _connected(flow, root) if root[0] != SETUP else ():
            expression = _text(flow, root, lines)
            # What becomes of an old value, or an op that is no part of a net; all else, evolved nets have anyway.
            changes_itself = re.search(rf"\b{SELF}\b", expression) is not None
            is_unusual = len(lines) > 1 and any(flow.instructions[line].row.family not in USUAL for line in lines)
            if changes_itself or is_unusual:
                yield Part(f"{SELF} = {expression}", tuple(sorted(lines, key=line_order)), root)


def _connected(flow: Flow, root: Line) -> set[frozenset[Line]]:
    """Return all sets of a few lines from which, within a step, the result of a line is computed, itself included."""
    # Breadth-first by the number of lines: each set grows by one operand of one of its lines.
    found, latest = set[frozenset[Line]](), {frozenset({root})}
    while latest:
        found |= latest
        latest = {
            lines | {inner}
            for lines in latest
            if len(lines) < MAX_LINES
            for line in lines
            for sources in flow.reads[line]
            if (inner := _inner_line(line, sources)) and inner not in lines
        }
    return found


def _inner_line(line: Line, sources: Sources) -> Line | None:
    """Return the line that an operand comes from, if it is a single one that runs before in the same step."""
    if len(sources) != 1:
        return None
    (source,) = sources
    is_before = source.line and source.line[0] != SETUP and line_order(source.line) < line_order(line)
    return source.line if is_before else None


def _text(flow: Flow, root: Line, lines: Collection[Line]) -> str:
    """Return what a line computes in terms of some lines and of what they read."""
    # Operands get their numbers in the end: those of sums are in the order of their text, which has none then.
    leaves: list[Sources] = []

    def expression(line: Line) -> str:
        instruction = flow.instructions[line]
        operands = [operand(line, *each) for each in zip(instruction.row.inputs, flow.reads[line], strict=False)]
        is_unordered = instruction.row.commutative or instruction.row.name in BOUNDS  # but for NaN
        return _written(instruction.row.form, sorted(operands) if is_unordered else operands)

    def operand(line: Line, kind: Kind, sources: Sources) -> str:
        inner = _inner_line(line, sources)
        if inner and inner in lines:
            return expression(inner)
        if ValueSource(root) in sources:
            return SELF
        given = {each.given for each in sources if each.line is None}
        if len(given) == len(sources) == 1:
            return next(iter(given))
        if sources not in leaves:
            leaves.append(sources)
        is_constant = all(each.line is None or each.line[0] == SETUP for each in sources)
        return f"{CONSTANT if is_constant else kind.name.lower()}#{leaves.index(sources)}#"

    return _numbered(expression(root))


def _numbered(text: str) -> str:
    """Return an expression in which several operands of one name have the numbers from 1 on, as they come."""
    # One "vector" needs no number; of two different ones, the first that is read is number 1.
    numbers: dict[str, dict[str, int]] = {}
    for name, leaf in re.findall(LEAF, text):
        of_name = numbers.setdefault(name, {})
        of_name.setdefault(leaf, len(of_name) + 1)

    def with_number(match: re.Match[str]) -> str:
        name, leaf = match.groups()
        return f"{name} {numbers[name][leaf]}" if len(numbers[name]) > 1 else name

    return re.sub(LEAF, with_number, text)


def _written(form: str, operands: Sequence[str]) -> str:
    """Return an op's form of text with these operands; numbers are left out."""
    right = form.partition(" = ")[2] or form
    # An infix form, as a + b, needs brackets around operands that are infix themselves; a call does not.
    is_infix = not right.endswith(")")
    nested = [f"({each})" if is_infix and _is_infix(each) else each for each in operands]
    return right.format_map(_Slots(zip(("in1", "in2"), nested, strict=False)))


def _is_infix(text: str) -> bool:
    """Return whether an expression has an operator outside of all brackets."""
    depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth == 0 and character == " ":
            return True
    return False


class _Slots(dict[str, str]):
    """The operands of a form; every number is three dots."""

    def __missing__(self, key: str) -> str:
        return "..."
