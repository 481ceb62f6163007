"""The milestones of a run: successive best programs, each with what is new in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl_zero.analysis.readable.diff import Mark, line_diff
from automl_zero.analysis.techniques.detect import technique_names
from automl_zero.program.annotate import short_text
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text
from automl_zero.report.run_history import MILESTONES, RunHistory, milestones
from automl_zero.run.record.events import Improvement


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of a program, and whether it is new since the previous milestone; headers never are."""

    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Milestone:
    """A best program of an experiment, with the techniques that are new in it."""

    programs: int
    fitness: float
    techniques: tuple[str, ...]
    lines: tuple[CodeLine, ...]

    @property
    def code(self) -> str:
        """The text of the program."""
        return "".join(f"{line.text}\n" for line in self.lines)


def annotated_milestones(history: RunHistory, count: int = MILESTONES) -> list[Milestone]:
    """Return at most ``count`` milestones of the experiment that is shown, those with the largest gains."""
    found, known, before = [], set[str](), list[str]()
    for each in milestones(history.shown_experiment.improvements, count):
        names, code = _read(history, each)
        new = tuple(name for name in names if name not in known)
        found.append(
            Milestone(
                programs=each.experiment_programs, fitness=each.fitness, techniques=new, lines=_marked(before, code)
            )
        )
        known.update(new)
        before = code
    return found


def _read(history: RunHistory, improvement: Improvement) -> tuple[tuple[str, ...], list[str]]:
    """Return the techniques of a program, and its lines."""
    multiclass = history.is_multiclass
    program = prune(from_text(improvement.program), multiclass)
    names = technique_names(program, multiclass, loss=history.loss)
    return names, short_text(program, multiclass).splitlines()


def _marked(before: Sequence[str], after: Sequence[str]) -> tuple[CodeLine, ...]:
    found = (each for each in line_diff(before, after) if each.mark is not Mark.REMOVED)
    return tuple(CodeLine(each.text, each.mark is Mark.ADDED and each.text.startswith(" ")) for each in found)
