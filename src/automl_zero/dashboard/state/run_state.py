"""What is known of a run: the latest event of each kind, a thinned curve, and the places of its programs in the file.

However many events are taken in, and in whatever order parts of the file are read, it stays small.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TypeVar

from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Lineage, Scoring, Selection, Start, Stop

MOST_POINTS, MOST_MOMENTS, MOST_ISLANDS = 800, 1000, 16
RECENT = 20  # epochs over which the speed is measured
KINDS = (Start, EpochEnd, Selection, Scoring, Final, Stop)  # whose latest event is kept

Kind = TypeVar("Kind", Start, EpochEnd, Selection, Scoring, Final, Stop)


@dataclass(frozen=True, slots=True)
class Point:
    """The end of an epoch: programs of the run, best fitness of the experiment, and that of some of the islands."""

    seconds: float
    programs: int
    fitness: float
    islands: array[float]


@dataclass(frozen=True, slots=True)
class Moment:
    """An improvement, and where in the file its line is."""

    place: int
    length: int
    seconds: float
    experiment: int
    programs: int
    fitness: float


def point(event: EpochEnd) -> Point:
    """What is kept of an epoch."""
    islands = array("f", (event.island_fitness[each] for each in shown_islands(len(event.island_fitness))))
    return Point(event.seconds, event.programs, event.best_fitness, islands)


def shown_islands(count: int) -> list[int]:
    """The islands whose history is kept, evenly among all."""
    kept = min(count, MOST_ISLANDS)
    return [number * count // kept for number in range(kept)]


class RunView:
    """Attributes: ``points``, the curve; ``moments``, improvements; both are thinned where there are very many.

    ``lineage``: place and length of the latest lineage; ``recent``: seconds and programs of the latest epochs.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.moments: list[Moment] = []
        self.lineage: tuple[int, int] | None = None
        self.recent: list[tuple[float, int]] = []
        self.next_point = 0  # the place from which on an epoch is kept
        self._spacing = 0
        self._latest: dict[type[Event], tuple[int, Event]] = {}

    def latest(self, kind: type[Kind]) -> Kind | None:
        """The latest event of a kind."""
        event = self._latest.get(kind, (0, None))[1]
        return event if isinstance(event, kind) else None

    @property
    def doing(self) -> Event | None:
        """The latest event of all kinds that are kept, which tells what the run does now."""
        return max(self._latest.values(), key=lambda each: each[0], default=(0, None))[1]

    @property
    def stop(self) -> Stop | None:
        """How the run ended, unless it went on."""
        return self.doing if isinstance(self.doing, Stop) else None

    def note(self, place: int, event: Event) -> None:
        """Keep an event if it is the latest of its kind; parts of the file may be read in any order."""
        if type(event) not in KINDS or place <= self._latest.get(type(event), (-1, None))[0]:
            return
        self._latest[type(event)] = place, event
        if isinstance(event, EpochEnd):
            self.recent = [*self.recent[-RECENT:], (event.seconds, event.programs)]

    def take(self, place: int, length: int, event: Event, size: int) -> None:
        """Take in the next event, in the order of the file, which has so many bytes by now."""
        self.note(place, event)
        match event:
            case EpochEnd() if place >= self.next_point:
                self._add_point(place, event, size)
            case Improvement():
                self._add_moment(place, length, event)
            case Lineage():
                self.lineage = place, length

    def space(self, spacing: int) -> None:
        """Keep an epoch every so many bytes at most."""
        self._spacing = max(self._spacing, spacing)

    def _add_point(self, place: int, event: EpochEnd, size: int) -> None:
        self.points.append(point(event))
        if len(self.points) > MOST_POINTS:
            del self.points[1:-1:2]
            self.space(max(2 * self._spacing, 2 * size // MOST_POINTS))
        self.next_point = place + self._spacing

    def _add_moment(self, place: int, length: int, event: Improvement) -> None:
        at = (event.seconds, event.experiment, event.experiment_programs, event.fitness)
        self.moments.append(Moment(place, length, *at))
        if len(self.moments) > MOST_MOMENTS:
            del self.moments[1:-1:2]
