"""The result of a run, gathered from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from automl_zero.notebook.page import curve_svg, program_html
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.run.events import Ancestor, Event, Final, Improvement, Lineage, Stop

EVOLVED = "evolved"


@dataclass(frozen=True, repr=False)
class Result:
    """Of a run.

    Attributes:
        name: of the run; ``text``: its program, as evolved.
        scores: fitness by the name of a stage, and of an algorithm: ``evolved`` or that of a baseline.
        history: (programs, fitness) at the improvements of the experiment that found the program.
        lineage: ancestors of the program that were fitter than their parents, oldest first.
        complete: whether the run came to its end, early or not.
    """

    name: str
    text: str
    scores: dict[str, dict[str, float]]
    history: tuple[tuple[int, float], ...]
    lineage: tuple[Ancestor, ...]
    complete: bool

    @property
    def program(self) -> Program:
        """The program that was found."""
        return from_text(self.text)

    def __repr__(self) -> str:
        """The name, and the score on the final tasks."""
        return f"Result({self.name!r}, final fitness {self.scores['final'][EVOLVED]:.5f})"

    def _repr_html_(self) -> str:
        return f"<div><b>{escape(repr(self))}</b>{curve_svg(self.history)}{program_html(self.text)}</div>"


def result_of(name: str, events: Sequence[Event]) -> Result:
    """The result that the events of a run end with."""
    final = next(each for each in events if isinstance(each, Final))
    improvements = [e for e in events if isinstance(e, Improvement) and e.experiment == final.experiment]
    lineages = [each.ancestors for each in events if isinstance(each, Lineage) and each.experiment == final.experiment]
    return Result(
        name=name,
        text=final.program,
        scores=_scores(final),
        history=tuple((each.experiment_programs, each.fitness) for each in improvements),
        lineage=lineages[-1] if lineages else (),
        complete=any(isinstance(each, Stop) for each in events),
    )


def _scores(final: Final) -> dict[str, dict[str, float]]:
    algorithms = {EVOLVED: final.scores, **{each.name: each.scores for each in final.baselines}}
    return {str(stage): {name: scores[stage].fitness for name, scores in algorithms.items()} for stage in final.scores}
