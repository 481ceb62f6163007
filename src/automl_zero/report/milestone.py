"""The milestones of a run: its best programs on the way to the last one, each with what is new in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl_zero.analysis.readable.diff import Mark, of_lines
from automl_zero.analysis.techniques.detect import technique_names
from automl_zero.program.annotate import short_text
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text
from automl_zero.report.run_history import MILESTONES, RunHistory, milestones
from automl_zero.run.record.events import Improvement


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of a program, and whether it is new since the milestone before, which headers never are."""

    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of an experiment: the program that was then the best, with the techniques that are new in it."""

    programs: int
    fitness: float
    techniques: tuple[str, ...]
    lines: tuple[CodeLine, ...]

    @property
    def code(self) -> str:
        """Its text."""
        return "".join(f"{line.text}\n" for line in self.lines)


def told_milestones(story: RunHistory, count: int = MILESTONES) -> list[Milestone]:
    """So many at most of the experiment that is shown, those with the largest gains."""
    told, known, before = [], set[str](), list[str]()
    for each in milestones(story.course.improvements, count):
        names, code = _read(story, each)
        new = tuple(name for name in names if name not in known)
        told.append(Milestone(each.experiment_programs, each.fitness, new, _marked(before, code)))
        known.update(new)
        before = code
    return told


def _read(story: RunHistory, improvement: Improvement) -> tuple[tuple[str, ...], list[str]]:
    """The techniques of a program, and its lines."""
    multiclass = story.is_multiclass
    program = prune(from_text(improvement.program), multiclass)
    names = technique_names(program, multiclass, loss=story.loss)
    return names, short_text(program, multiclass).splitlines()


def _marked(before: Sequence[str], after: Sequence[str]) -> tuple[CodeLine, ...]:
    found = (each for each in of_lines(before, after) if each.mark is not Mark.REMOVED)
    return tuple(CodeLine(each.text, each.mark is Mark.ADDED and each.text.startswith(" ")) for each in found)
