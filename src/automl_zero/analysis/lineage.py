"""How the program of a run came about: the programs on the way to it, and what each changed in the code.

What is told of a program is what it differs by from the one told before, so that all differences together lead from an
empty program to the last, whatever is left out between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from automl_zero.analysis.readable.diff import Difference, between
from automl_zero.analysis.simplify.rewrite import with_ordered_operands
from automl_zero.analysis.techniques.detect import technique_names
from automl_zero.program.program import Program
from automl_zero.program.prune import prune
from automl_zero.program.text import from_text
from automl_zero.run.record.events import Event, Final, Improvement, Lineage, Selection
from automl_zero.run.record.run_folder import StoreError, read_run

MOST = 12  # programs that are told of unless all are asked for


@dataclass(frozen=True, slots=True)
class Ancestry:
    """A program on the way.

    Attributes:
        island, programs: it was the so-manyth program of its island; without an island, of its experiment.
        mutation: what made it of its parent, empty where that is not known.
        before: the fitness of its parent, or of the last improvement; None if there was none.
        fitness: its own, on the search tasks.
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
        """By how much it is fitter."""
        return inf if self.before is None else self.fitness - self.before


@dataclass(frozen=True, slots=True)
class Change:
    """A program on the way that is told of.

    Attributes:
        way: the program.
        skipped: how many were left out since the one before.
        size: instructions that have an effect.
        difference: of these from those of the program before, headers of component functions included.
        gained, lost: techniques that the one before did not show, and those that it alone did.
    """

    way: Ancestry
    skipped: int
    size: int
    difference: tuple[Difference, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineageReport:
    """How the program of an experiment came about.

    Attributes:
        experiment: its number.
        is_lineage: whether these are ancestors of the program; else improvements of the experiment, in their order.
        count: of all programs on the way.
        changes: those that are told of, the last one included.
    """

    experiment: int
    is_lineage: bool
    count: int
    changes: tuple[Change, ...]


def lineage_of(folder: Path, most: int | None = MOST) -> LineageReport:
    """Tell how the best program of a run came about.

    Args:
        folder: of a run.
        most: how many programs to tell of, the greatest gains first; None is all.

    Raises:
        StoreError, ConfigError: this is no run folder, or there is no program yet.
    """
    stored = read_run(folder)
    found = _lineage(stored.events) or _improvements(stored.events)
    if found is None:
        raise StoreError(f"{folder} has no program yet: let the run continue, with 'resume' if it was stopped")
    experiment, is_lineage, ways = found
    places = lineage_text([way.gain for way in ways], most)
    changes = _changes(ways, places, stored.config.tasks.num_classes > 2, stored.events)
    return LineageReport(experiment, is_lineage, len(ways), changes)


def to_plain(story: LineageReport) -> dict[str, Any]:
    """The story as plain values, ready for JSON."""
    changes = [{**(plain := asdict(each)), **plain.pop("way")} for each in story.changes]
    return {"experiment": story.experiment, "is_lineage": story.is_lineage, "count": story.count, "changes": changes}


_Found = tuple[int, bool, list[Ancestry]]


def _lineage(events: Sequence[Event]) -> _Found | None:
    told = next((event for event in reversed(events) if isinstance(event, Lineage)), None)
    if told is None:
        return None
    return (
        told.experiment,
        True,
        [
            Ancestry(each.island, each.island_programs, each.mutation, each.parent_fitness, each.fitness, each.program)
            for each in told.ancestors
        ],
    )


def _improvements(events: Sequence[Event]) -> _Found | None:
    """Those of the experiment that is best on the select tasks, or else of the latest."""
    best = [event.experiment for event in events if isinstance(event, Selection) and event.is_best]
    latest = [event.experiment for event in events if isinstance(event, Improvement)]
    if not best and not latest:
        return None
    experiment = (best or latest)[-1]
    made = [event for event in events if isinstance(event, Improvement) and event.experiment == experiment]
    before = [None, *(each.fitness for each in made)]
    ways = [
        Ancestry(None, each.experiment_programs, "", earlier, each.fitness, each.program)
        for each, earlier in zip(made, before, strict=False)
    ]
    return experiment, False, ways


def lineage_text(gains: Sequence[float], most: int | None) -> list[int]:
    """Which steps to tell of, given what each has gained: the last, and the greatest of the others; None is all."""
    by_gain = sorted(range(len(gains) - 1), key=lambda place: -gains[place])
    return sorted([*by_gain[: None if most is None else most - 1], *range(len(gains))[-1:]])


def _changes(
    ways: Sequence[Ancestry], places: Sequence[int], multiclass: bool, events: Sequence[Event]
) -> tuple[Change, ...]:
    loss = next((event.loss for event in events if isinstance(event, Final)), None)
    before, known, last, changes = Program(), tuple[str, ...](), -1, list[Change]()
    for place in places:
        program = with_ordered_operands(prune(from_text(ways[place].program), multiclass))
        shown = technique_names(program, multiclass, loss=loss)
        gained = tuple(each for each in shown if each not in known)
        lost = tuple(each for each in known if each not in shown)
        skipped, difference = place - last - 1, between(before, program)
        changes.append(Change(ways[place], skipped, len(program), difference, gained, lost))
        before, known, last = program, shown, place
    return tuple(changes)
