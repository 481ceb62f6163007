"""Follows the events of one run folder: what is new is read from where reading stopped, and memory is bounded.

Everything kept is numbers and places in the file; a program is read again from its place when it is looked at.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from automl_zero.dashboard.state.run_state import MOST_POINTS, Point, RunView, point
from automl_zero.run.record.events import EpochEnd, Event, from_json
from automl_zero.system.safe_files import open_regular

CHUNK = 1 << 22  # bytes that are read at a time
TAIL = 1 << 18  # bytes at the end that are read first
SLICE = 0.05  # seconds that a look may go on reading
PROBES, PROBE = 200, 1 << 13  # places of a long file that are looked at before it is read, and bytes at each
SEAM = 1 << 12  # bytes by which it is seen that what was read is still there: more than an epoch has
EPOCH = b'{"event":"epoch"'


class EventTail:
    """What is known of a run from the part of its events that was read, and from the end of the file.

    Attributes:
        known: that.
        size: bytes of the file; ``faulty``: lines that are not events.
        row: what a list of runs has shown of it.
    """

    def __init__(self, path: Path, root: Path) -> None:
        """Of a file below a folder, on the way to which no link is followed."""
        self.path, self.root, self.lock = path, root, threading.Lock()
        self.row: dict[str, Any] = {}
        self._reset()

    def _reset(self) -> None:
        self.known, self.size, self.faulty = RunView(), 0, 0
        self._offset, self._seam = 0, b""
        self._preview: list[Point] = []

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
        points = self.known.points
        last = points[-1].seconds if points else -1.0
        return [*points, *(each for each in self._preview if each.seconds > last)]

    def look(self, seconds: float = SLICE) -> None:
        """Read what is new, for so long; the rest is read at the next looks.

        Raises:
            OSError: the file cannot be read.
        """
        deadline, is_more = time.monotonic() + seconds, True
        with open_regular(self.path, within=self.root) as file:
            self.size = os.fstat(file.fileno()).st_size
            if not self._is_same(file):
                self._reset()
                self.size = os.fstat(file.fileno()).st_size
            if self.size - self._offset > 2 * CHUNK:
                self._look_ahead(file)
            while is_more := self._read(file, deadline):
                if time.monotonic() >= deadline:
                    break
        if not is_more:
            self._preview = []

    def text(self, place: int, length: int) -> Event:
        """The event of a line.

        Raises:
            OSError, ValueError: it is not there any more.
        """
        with open_regular(self.path, within=self.root) as file:
            return from_json(_part(file, place, length))

    def _is_same(self, file: BinaryIO) -> bool:
        seam = _part(file, self._offset - len(self._seam), len(self._seam))
        return self.size >= self._offset and seam == self._seam

    def _look_ahead(self, file: BinaryIO) -> None:
        """The end of a long file, and samples of all of it."""
        place = self.size - TAIL
        for line in _part(file, place, TAIL).split(b"\n")[:-1]:
            event = _event(line)  # the first line is cut, and none
            if event is not None:
                self.known.note(place, event)
            place += len(line) + 1
        if not self._preview:
            step = (self.size - self._offset) // PROBES
            chunks = (_part(file, self._offset + number * step, PROBE) for number in range(PROBES))
            self._preview = [point(each) for each in map(_first_epoch, chunks) if each]
            self.known.space(self.size // MOST_POINTS)

    def _read(self, file: BinaryIO, deadline: float) -> bool:
        """Read one chunk, or as much of it as there is time for; gives whether there may be more."""
        chunk = _part(file, self._offset, CHUNK)
        whole = chunk.rfind(b"\n") + 1
        if not whole and len(chunk) == CHUNK:  # no event is this long
            whole, self.faulty = CHUNK, self.faulty + 1
        read = self._take_lines(chunk[:whole], deadline)
        self._offset += read
        self._seam = (self._seam + chunk[max(0, read - SEAM) : read])[-SEAM:]
        return read > 0

    def _take_lines(self, chunk: bytes, deadline: float) -> int:
        """Take in one line at least; gives the number of bytes that need not be read again."""
        read = 0
        for line in chunk.split(b"\n")[:-1]:
            self._take(self._offset + read, line)
            read += len(line) + 1
            if time.monotonic() >= deadline:
                return read
        return len(chunk)

    def _take(self, place: int, line: bytes) -> None:
        is_left_out = place < self.known.next_point and self.size - place > TAIL
        if is_left_out and line.startswith(EPOCH):
            return
        event = _event(line)
        if event is None:
            self.faulty += 1
        else:
            self.known.take(place, len(line), event, self.size)


def _part(file: BinaryIO, place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _first_epoch(chunk: bytes) -> EpochEnd | None:
    events = map(_event, chunk.split(b"\n")[1:-1])
    return next((each for each in events if isinstance(each, EpochEnd)), None)


def _event(line: bytes) -> Event | None:
    try:
        return from_json(line)
    except ValueError:
        return None
