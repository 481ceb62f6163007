"""Follows the events of one run folder: what is new is read from where reading stopped, and memory is bounded.

Everything kept is numbers and places in the file; a program is read again from its place when it is looked at.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from automl_zero.run.events import EpochEnd, Event, Final, Improvement, Lineage, Selection, Start, Stop, from_json

CHUNK = 1 << 22  # bytes that are read at a time
TAIL = 1 << 18  # bytes at the end that are read first
SLICE = 0.1  # seconds that a look may go on reading
MOST_POINTS, MOST_MOMENTS = 800, 1000
PROBES, PROBE = 200, 1 << 13  # places of a long file that are looked at before it is read, and bytes at each
SEAM = 1 << 12  # bytes by which it is seen that what was read is still there: more than an epoch has
EPOCH = b'{"event":"epoch"'

Point = tuple[float, int, float]  # seconds, programs of the run, best fitness of the experiment


@dataclass(frozen=True, slots=True)
class Moment:
    """An improvement, and where in the file its line is."""

    place: int
    length: int
    seconds: float
    experiment: int
    programs: int
    fitness: float


class Follower:
    """What is known of a run from the part of its events that was read, and from the end of the file.

    Attributes:
        points: the curve, thinned; ``moments``: improvements, thinned if there are very many.
        epoch, final, stop, start: the latest of their kinds; ``lineage``: place and length of the latest.
        faulty: lines that are not events.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self.size, self._offset, self._seam, self._next, self._spacing = 0, 0, b"", 0, 0
        self.points: list[Point] = []
        self._preview: list[Point] = []
        self.moments: list[Moment] = []
        self.start: Start | None = None
        self.epoch: EpochEnd | None = None
        self.final: Final | None = None
        self.stop: Stop | None = None
        self.selection: Selection | None = None
        self.lineage: tuple[int, int] | None = None
        self.recent: list[tuple[float, int]] = []
        self.faulty = 0

    @property
    def version(self) -> str:
        """Changes whenever there is something new to show."""
        return f"{self.size}-{self._offset}"

    @property
    def share(self) -> float:
        """Of the file, how much was read."""
        return self._offset / self.size if self.size else 1.0

    @property
    def curve(self) -> list[Point]:
        """What was read, and until all is, samples of the rest."""
        last = self.points[-1][0] if self.points else -1.0
        return [*self.points, *(each for each in self._preview if each[0] > last)]

    def look(self, seconds: float = SLICE) -> None:
        """Read what is new, for so long; the rest is read at the next looks.

        Raises:
            OSError: the file cannot be read.
        """
        deadline = time.monotonic() + seconds
        with self.path.open("rb") as file:
            self.size = os.fstat(file.fileno()).st_size
            if not self._is_same(file.fileno()):
                self._reset()
                self.size = os.fstat(file.fileno()).st_size
            if self.size - self._offset > 2 * CHUNK:
                self._look_ahead(file.fileno())
            while self._read(file.fileno()) and time.monotonic() < deadline:
                pass
        if self._offset + CHUNK > self.size:
            self._preview = []

    def text(self, place: int, length: int) -> Event:
        """The event of a line.

        Raises:
            OSError, ValueError: it is not there any more.
        """
        with self.path.open("rb") as file:
            return from_json(os.pread(file.fileno(), length, place))

    def _is_same(self, file: int) -> bool:
        seam = os.pread(file, len(self._seam), self._offset - len(self._seam))
        return self.size >= self._offset and seam == self._seam

    def _look_ahead(self, file: int) -> None:
        """The end of a long file, and samples of all of it."""
        for line in os.pread(file, TAIL, self.size - TAIL).split(b"\n")[1:-1]:
            event = _event(line)
            if event is not None:
                self._note(event)
        if not self._preview:
            step = (self.size - self._offset) // PROBES
            chunks = (os.pread(file, PROBE, self._offset + number * step) for number in range(PROBES))
            epochs = (
                next((e for e in map(_event, c.split(b"\n")[1:-1]) if isinstance(e, EpochEnd)), None) for c in chunks
            )
            self._preview = [(each.seconds, each.programs, each.best_fitness) for each in epochs if each]
            self._spacing = self.size // MOST_POINTS

    def _read(self, file: int) -> bool:
        """Read one chunk; gives whether there may be more."""
        chunk = os.pread(file, CHUNK, self._offset)
        whole = chunk.rfind(b"\n") + 1
        if not whole and len(chunk) == CHUNK:  # no event is this long
            whole, self.faulty = CHUNK, self.faulty + 1
        place = self._offset
        for line in chunk[:whole].split(b"\n")[:-1]:
            self._take(place, line)
            place += len(line) + 1
        self._offset += whole
        self._seam = (self._seam + chunk[max(0, whole - SEAM) : whole])[-SEAM:]
        return whole > 0

    def _take(self, place: int, line: bytes) -> None:
        if line.startswith(EPOCH) and place < self._next and self.size - place > TAIL:
            return
        event = _event(line)
        if event is None:
            self.faulty += 1
            return
        self._note(event)
        match event:
            case EpochEnd():
                self._add_point(place, event)
            case Improvement():
                self._add_moment(place, len(line), event)
            case Lineage():
                self.lineage = place, len(line)

    def _add_point(self, place: int, event: EpochEnd) -> None:
        if place < self._next:
            return
        self.points.append((event.seconds, event.programs, event.best_fitness))
        if len(self.points) > MOST_POINTS:
            del self.points[1:-1:2]
            self._spacing = max(2 * self._spacing, 2 * self.size // MOST_POINTS)
        self._next = place + self._spacing

    def _add_moment(self, place: int, length: int, event: Improvement) -> None:
        at = (event.seconds, event.experiment, event.experiment_programs, event.fitness)
        self.moments.append(Moment(place, length, *at))
        if len(self.moments) > MOST_MOMENTS:
            del self.moments[1:-1:2]

    def _note(self, event: Event) -> None:
        """Keep it as the latest of its kind."""
        match event:
            case Start():
                self.start = event
            case EpochEnd() if self.epoch is None or event.programs >= self.epoch.programs:
                self.epoch, self.stop = event, None
                self.recent = [*self.recent[-20:], (event.seconds, event.programs)]
            case Selection() if event.record:
                self.selection = event
            case Final():
                self.final = event
            case Stop():
                self.stop = event


def _first_epoch(chunk: bytes) -> EpochEnd | None:
    events = map(_event, chunk.split(b"\n")[1:-1])
    return next((each for each in events if isinstance(each, EpochEnd)), None)


def _event(line: bytes) -> Event | None:
    try:
        return from_json(line)
    except ValueError:
        return None
