"""What became of each line of a raw program, as lines to show: kept, removed by which step, or replaced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from automl_zero.analysis.edits import lines_of
from automl_zero.analysis.findings import Line
from automl_zero.analysis.simplify import Simplified, Step
from automl_zero.program.program import COMPONENTS
from automl_zero.program.text import instruction_text


class Mark(StrEnum):
    """What a line of a difference is."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of the raw program, or what it has become; ``why`` is the step that did it, empty where it is kept."""

    mark: Mark
    text: str
    why: str = ""


def difference(simplified: Simplified) -> tuple[Difference, ...]:
    """The raw program line by line with what became of it; headers of component functions are lines, too."""
    last: dict[Line, Step] = {step.line: step for step in simplified.steps}
    found: list[Difference] = []
    for component in COMPONENTS:
        found.append(Difference(Mark.KEPT, f"def {component.capitalize()}():"))
        for line, instruction in lines_of(simplified.raw):
            if line[0] == component:
                found += _of_line(f"  {instruction_text(instruction)}", last.get(line))
    return tuple(found)


def _of_line(text: str, step: Step | None) -> list[Difference]:
    if step is None:
        return [Difference(Mark.KEPT, text)]
    removed = Difference(Mark.REMOVED, text, _reason(step))
    return [removed] if step.after is None else [removed, Difference(Mark.ADDED, f"  {step.after}", _reason(step))]


def _reason(step: Step) -> str:
    return step.kind if step.loss is None else f"{step.kind}: fitness {-step.loss:+.4f}"
