"""Differences of programs as lines to show: kept, removed or added, and why.

In their order, the lines that are kept or removed are the program before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from automl_zero.analysis.dataflow.findings import Line
from automl_zero.analysis.dataflow.program_edit import lines_of
from automl_zero.analysis.simplify.simplify import Simplified, Step
from automl_zero.program.program import COMPONENTS, Program
from automl_zero.program.text import instruction_text


class Mark(StrEnum):
    """What a line of a difference is."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of the program before or after; ``why`` is the step that removed or added it, empty where that is none."""

    mark: Mark
    text: str
    why: str = ""


def difference(simplified: Simplified) -> tuple[Difference, ...]:
    """The raw program line by line with what became of it; headers of component functions are lines, too."""
    last: dict[Line, Step] = {step.line: step for step in simplified.steps}
    found: list[Difference] = []
    for component in COMPONENTS:
        found.append(_header(component))
        for line, instruction in lines_of(simplified.raw):
            if line[0] == component:
                found += _of_line(f"  {instruction_text(instruction)}", last.get(line))
    return tuple(found)


def between(before: Program, after: Program) -> tuple[Difference, ...]:
    """What differs between two programs: in each component function the fewest lines, and the headers of all."""
    found: list[Difference] = []
    for component, *parts in zip(COMPONENTS, before, after, strict=True):
        one, other = ([f"  {instruction_text(each)}" for each in part] for part in parts)
        found += [_header(component), *of_lines(one, other)]
    return tuple(found)


def of_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    """What differs between two texts: the fewest lines, those that are removed before those in their place."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        is_kept = tag == "equal"
        yield from (Difference(Mark.KEPT if is_kept else Mark.REMOVED, text) for text in before[first:last])
        yield from (Difference(Mark.ADDED, text) for text in after[start:end] if not is_kept)


def _header(component: str) -> Difference:
    return Difference(Mark.KEPT, f"def {component.capitalize()}():")


def _of_line(text: str, step: Step | None) -> list[Difference]:
    if step is None:
        return [Difference(Mark.KEPT, text)]
    removed = Difference(Mark.REMOVED, text, _reason(step))
    return [removed] if step.after is None else [removed, Difference(Mark.ADDED, f"  {step.after}", _reason(step))]


def _reason(step: Step) -> str:
    return step.kind if step.loss is None else f"{step.kind}: fitness {-step.loss:+.4f}"
