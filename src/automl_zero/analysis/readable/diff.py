"""Line diffs of programs: lines that are kept, removed or added, and the reason.

The kept and removed lines, in their order, are the program before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from automl_zero.analysis.simplify.simplify import Simplification, Step
from automl_zero.program.program import COMPONENTS, Program
from automl_zero.program.program_edit import Line, lines_of
from automl_zero.program.text import instruction_text


class Mark(StrEnum):
    """The mark of a line in a diff."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a diff; ``why`` is the simplification step that removed or added it, empty if there is none."""

    mark: Mark
    text: str
    why: str = ""


def simplification_diff(simplified: Simplification) -> tuple[DiffLine, ...]:
    """Return the raw program line by line with the changes by a simplification, with all headers."""
    # A line may change in several steps; only the last one says what the result is.
    last: dict[Line, Step] = {step.line: step for step in simplified.steps}
    found: list[DiffLine] = []
    for component in COMPONENTS:
        found.append(_header(component))
        for line, instruction in lines_of(simplified.raw):
            if line[0] == component:
                found += _of_line(f"  {instruction_text(instruction)}", last.get(line))
    return tuple(found)


def program_diff(before: Program, after: Program) -> tuple[DiffLine, ...]:
    """Return the shortest line diff of each component function of two programs, with all headers."""
    found: list[DiffLine] = []
    for component, *parts in zip(COMPONENTS, before, after, strict=True):
        one, other = ([f"  {instruction_text(each)}" for each in part] for part in parts)
        found += [_header(component), *line_diff(one, other)]
    return tuple(found)


def line_diff(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    """Yield the shortest diff of two lists of lines; removed lines come before those that replace them."""
    # autojunk would treat frequent lines of long programs as noise, and give longer diffs.
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        is_kept = tag == "equal"
        yield from (DiffLine(Mark.KEPT if is_kept else Mark.REMOVED, text) for text in before[first:last])
        yield from (DiffLine(Mark.ADDED, text) for text in after[start:end] if not is_kept)


def _header(component: str) -> DiffLine:
    return DiffLine(Mark.KEPT, f"def {component.capitalize()}():")


def _of_line(text: str, step: Step | None) -> list[DiffLine]:
    if step is None:
        return [DiffLine(Mark.KEPT, text)]
    removed = DiffLine(Mark.REMOVED, text, _reason(step))
    return [removed] if step.after is None else [removed, DiffLine(Mark.ADDED, f"  {step.after}", _reason(step))]


def _reason(step: Step) -> str:
    return step.kind if step.loss is None else f"{step.kind}: fitness {-step.loss:+.4f}"
