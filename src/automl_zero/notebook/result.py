"""The result of a run, collected from its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from automl_zero.config import Config
from automl_zero.notebook.formats import Figures
from automl_zero.notebook.html_view import curve_svg, program_html
from automl_zero.program.program import Program
from automl_zero.program.text import from_text
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.events import Ancestor, Event, Final, Improvement, Lineage, Stop

EVOLVED = "evolved"


@dataclass(frozen=True, repr=False)
class Result:
    """The result of a run.

    Attributes:
        name: the name of the run.
        text: the text of its program, as evolved.
        scores: the fitness by the name of a stage and then of an algorithm: ``evolved`` or a baseline.
        history: (programs, fitness) at the improvements of the experiment that found the program.
        lineage: the ancestors of the program that were fitter than their parents, oldest first.
        complete: whether the run ended, early or not.

    Example:
        >>> result = Search("linear", ["stop.max_programs=20000"]).run()
        >>> result.scores["final"]["evolved"]
        >>> result.figures["progress"]
    """

    name: str
    text: str
    scores: dict[str, dict[str, float]]
    history: tuple[tuple[int, float], ...]
    lineage: tuple[Ancestor, ...]
    complete: bool
    _run_history: RunHistory = field(compare=False)

    @property
    def figures(self) -> Figures:
        """The figures of the run (``progress``, ``course``, ``scores`` and others) as data, which notebooks draw."""
        from automl_zero.report.figures import pictures_of

        return Figures(pictures_of(self._run_history))

    @property
    def program(self) -> Program:
        """The evolved program."""
        return from_text(self.text)

    def __repr__(self) -> str:
        """Return the name, and the fitness on the final tasks."""
        return f"Result({self.name!r}, final fitness {self.scores['final'][EVOLVED]:.5f})"

    def _repr_html_(self) -> str:
        parts = (curve_svg(self.history), _scores_html(self.scores), program_html(self.text))
        return f"<div><b>{escape(repr(self))}</b>{''.join(parts)}</div>"


def _scores_html(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table with a row for each algorithm and a column for each stage."""
    heads = "".join(f'<th scope="col">{escape(stage)}</th>' for stage in ("", *scores))
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{each[name]:.4f}</td>' for each in scores.values())}</tr>"
        for name in scores["final"]
    )
    return f"<table><tr>{heads}</tr>{rows}</table>"


def result_of(config: Config, events: Sequence[Event]) -> Result:
    """Return the result of a run from its events."""
    run_history = RunHistory(config)
    for event in events:
        run_history.update(event)
    final = next(each for each in events if isinstance(each, Final))
    improvements = [e for e in events if isinstance(e, Improvement) and e.experiment == final.experiment]
    lineages = [each.ancestors for each in events if isinstance(each, Lineage) and each.experiment == final.experiment]
    return Result(
        name=config.name,
        text=final.program,
        scores=_scores(final),
        history=tuple((each.experiment_programs, each.fitness) for each in improvements),
        lineage=lineages[-1] if lineages else (),
        complete=any(isinstance(each, Stop) for each in events),
        _run_history=run_history,
    )


def _scores(final: Final) -> dict[str, dict[str, float]]:
    algorithms = {EVOLVED: final.scores, **{each.name: each.scores for each in final.baselines}}
    return {str(stage): {name: scores[stage].fitness for name, scores in algorithms.items()} for stage in final.scores}
