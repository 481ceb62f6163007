"""The lineage of a run's best program: its ancestors, and how the code changed from one to the next.

Each program is compared with the one shown before it, so that all differences together lead from an empty program to
the last one, whichever programs are left out in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from automl_zero.analysis.readable.diff import DiffLine, program_diff
from automl_zero.analysis.simplify.rewrite import with_ordered_operands
from automl_zero.analysis.techniques.detect import technique_names
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text
from automl_zero.run.record.events import Event, Final, Improvement, Lineage, Selection
from automl_zero.run.record.run_folder import StoreError, read_run

MAX_SHOWN = 12  # programs that are shown by default


@dataclass(frozen=True, slots=True)
class LineageStep:
    """A program of the lineage.

    Attributes:
        island: the island that made it; None in a list of improvements of an experiment.
        programs: its number among the programs of its island; without an island, among those of its experiment.
        mutation: the mutation that made it from its parent; empty where that is not known.
        before: the fitness of its parent, or of the previous improvement; None for the first one.
        fitness: its fitness on the search tasks.
        program: its text.
    """

    island: int | None
    programs: int
    mutation: str
    before: float | None
    fitness: float
    program: str

    @property
    def gain(self) -> float:
        """The difference in fitness; infinite for the first one."""
        return inf if self.before is None else self.fitness - self.before


@dataclass(frozen=True, slots=True)
class Change:
    """A program of the lineage, with its difference from the program shown before.

    Attributes:
        step: the program.
        skipped: the number of programs left out since the one shown before.
        size: the number of its instructions that have an effect.
        difference: the line diff of those instructions; it includes the headers of the component functions.
        gained: techniques that the program shown before did not have.
        lost: techniques that only the program shown before had.
    """

    step: LineageStep
    skipped: int
    size: int
    difference: tuple[DiffLine, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineageReport:
    """The lineage of an experiment's program.

    Attributes:
        experiment: the number of the experiment.
        is_lineage: whether the steps are ancestors of the program; otherwise they are improvements of the experiment in
            chronological order.
        count: the number of programs in the whole lineage.
        changes: the programs that are shown; the last one is always among them.
    """

    experiment: int
    is_lineage: bool
    count: int
    changes: tuple[Change, ...]


def lineage_of(folder: Path, most: int | None = MAX_SHOWN) -> LineageReport:
    """Read the lineage of a run's best program.

    Args:
        folder: a run folder.
        most: the number of programs to show, those with the largest gains; None shows all.

    Raises:
        StoreError, ConfigError: it is no run folder, or no program has been found yet.
    """
    stored = read_run(folder)
    found = _lineage(stored.events) or _improvements(stored.events)
    if found is None:
        raise StoreError(f"{folder} has no program yet: let the run continue, with 'resume' if it was stopped")
    experiment, is_lineage, steps = found
    places = largest_gains([step.gain for step in steps], most)
    changes = _changes(steps, places, stored.config.tasks.num_classes > 2, stored.events)
    return LineageReport(experiment=experiment, is_lineage=is_lineage, count=len(steps), changes=changes)


def to_plain(report: LineageReport) -> dict[str, Any]:
    """Return the report as plain values, ready for JSON."""
    changes = [{**(plain := asdict(each)), **plain.pop("step")} for each in report.changes]
    return {"experiment": report.experiment, "is_lineage": report.is_lineage, "count": report.count, "changes": changes}


_Found = tuple[int, bool, list[LineageStep]]


def _lineage(events: Sequence[Event]) -> _Found | None:
    last = next((event for event in reversed(events) if isinstance(event, Lineage)), None)
    if last is None:
        return None
    return (
        last.experiment,
        True,
        [
            LineageStep(
                island=each.island,
                programs=each.island_programs,
                mutation=each.mutation,
                before=each.parent_fitness,
                fitness=each.fitness,
                program=each.program,
            )
            for each in last.ancestors
        ],
    )


def _improvements(events: Sequence[Event]) -> _Found | None:
    """Return the improvements of the experiment that is best on the select tasks or, without one, of the latest."""
    # Runs that are still going, or of older versions, have no lineage event; improvements are the next best account.
    best = [event.experiment for event in events if isinstance(event, Selection) and event.is_best]
    latest = [event.experiment for event in events if isinstance(event, Improvement)]
    if not best and not latest:
        return None
    experiment = (best or latest)[-1]
    made = [event for event in events if isinstance(event, Improvement) and event.experiment == experiment]
    before = [None, *(each.fitness for each in made)]
    steps = [
        LineageStep(
            island=None,
            programs=each.experiment_programs,
            mutation="",
            before=earlier,
            fitness=each.fitness,
            program=each.program,
        )
        for each, earlier in zip(made, before, strict=False)
    ]
    return experiment, False, steps


def largest_gains(gains: Sequence[float], most: int | None) -> list[int]:
    """Return the indices of the ``most`` largest gains (None: of all), ascending; the last index is always included."""
    # sorted is stable: of equal gains, the earlier ones are shown.
    by_gain = sorted(range(len(gains) - 1), key=lambda place: -gains[place])
    return sorted([*by_gain[: None if most is None else most - 1], *range(len(gains))[-1:]])


def _changes(
    steps: Sequence[LineageStep], places: Sequence[int], multiclass: bool, events: Sequence[Event]
) -> tuple[Change, ...]:
    loss = next((event.loss for event in events if isinstance(event, Final)), None)
    before, known, last, changes = Program(), tuple[str, ...](), -1, list[Change]()
    for place in places:
        # Pruned and with sorted operands, so that neither dead code nor a swap of commutative inputs is a difference.
        program = with_ordered_operands(prune(from_text(steps[place].program), multiclass))
        shown = technique_names(program, multiclass, loss=loss)
        gained = tuple(each for each in shown if each not in known)
        lost = tuple(each for each in known if each not in shown)
        skipped, difference = place - last - 1, program_diff(before, program)
        changes.append(
            Change(
                step=steps[place], skipped=skipped, size=len(program), difference=difference, gained=gained, lost=lost
            )
        )
        before, known, last = program, shown, place
    return tuple(changes)
