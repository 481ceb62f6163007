"""The summary of a run's events: the latest of each kind, a thinned curve, and the offsets of programs in the file.

Its size is bounded, for any number of events, and parts of the file may be read in any order.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TypeVar

from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Lineage, Scoring, Selection, Start, Stop

MAX_POINTS, MAX_IMPROVEMENTS, MAX_ISLANDS = 800, 1000, 16
RECENT = 20  # epochs that the speed is measured over
KINDS = (Start, EpochEnd, Selection, Scoring, Final, Stop)  # events of which the latest is kept

Kind = TypeVar("Kind", Start, EpochEnd, Selection, Scoring, Final, Stop)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the curve, at the end of an epoch: programs of the run, and best fitness of experiment and islands."""

    seconds: float
    programs: int
    fitness: float
    islands: array[float]


@dataclass(frozen=True, slots=True)
class ImprovementEntry:
    """An improvement, with the offset and length of its line in the file."""

    offset: int
    length: int
    seconds: float
    experiment: int
    programs: int
    fitness: float


def point(event: EpochEnd) -> Point:
    """Return the point of an epoch."""
    islands = array("f", (event.island_fitness[each] for each in shown_islands(len(event.island_fitness))))
    return Point(event.seconds, event.programs, event.best_fitness, islands)


def shown_islands(count: int) -> list[int]:
    """Return the islands whose history is kept, evenly spaced among all."""
    kept = min(count, MAX_ISLANDS)
    return [number * count // kept for number in range(kept)]


class RunView:
    """The summary of the events that were read.

    Attributes:
        points: the curve, which is thinned if it is long.
        improvements: the improvements, which are thinned if they are many.
        lineage: offset and length of the latest lineage event.
        recent: seconds and programs of the latest epochs.
        next_point: the offset from which on the next epoch is added to the curve.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.improvements: list[ImprovementEntry] = []
        self.lineage: tuple[int, int] | None = None
        self.recent: list[tuple[float, int]] = []
        self.next_point = 0
        self._spacing = 0
        self._latest: dict[type[Event], tuple[int, Event]] = {}

    def latest(self, kind: type[Kind]) -> Kind | None:
        """Return the latest event of a kind."""
        event = self._latest.get(kind, (0, None))[1]
        return event if isinstance(event, kind) else None

    @property
    def latest_event(self) -> Event | None:
        """The latest event of all kinds that are kept, which shows what the run does now."""
        return max(self._latest.values(), key=lambda each: each[0], default=(0, None))[1]

    @property
    def stop(self) -> Stop | None:
        """The stop event, if it is the latest: a resumed run has not ended."""
        return self.latest_event if isinstance(self.latest_event, Stop) else None

    def note(self, offset: int, event: Event) -> None:
        """Keep an event if it is the latest of its kind; events may come in any order."""
        if type(event) not in KINDS or offset <= self._latest.get(type(event), (-1, None))[0]:
            return
        self._latest[type(event)] = offset, event
        if isinstance(event, EpochEnd):
            self.recent = [*self.recent[-RECENT:], (event.seconds, event.programs)]

    def add(self, offset: int, length: int, event: Event, size: int) -> None:
        """Add the next event in the order of the file, whose size is ``size`` bytes by now."""
        self.note(offset, event)
        match event:
            case EpochEnd() if offset >= self.next_point:
                self._add_point(offset, event, size)
            case Improvement():
                self._add_improvement(offset, length, event)
            case Lineage():
                self.lineage = offset, length

    def thin(self, spacing: int) -> None:
        """Add at most one epoch for each ``spacing`` bytes of the file to the curve."""
        self._spacing = max(self._spacing, spacing)

    def _add_point(self, offset: int, event: EpochEnd, size: int) -> None:
        self.points.append(point(event))
        if len(self.points) > MAX_POINTS:
            del self.points[1:-1:2]
            self.thin(max(2 * self._spacing, 2 * size // MAX_POINTS))
        self.next_point = offset + self._spacing

    def _add_improvement(self, offset: int, length: int, event: Improvement) -> None:
        at = (event.seconds, event.experiment, event.experiment_programs, event.fitness)
        self.improvements.append(ImprovementEntry(offset, length, *at))
        if len(self.improvements) > MAX_IMPROVEMENTS:
            del self.improvements[1:-1:2]
