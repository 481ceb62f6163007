"""Follows the event file of one run: new events are read from where reading stopped, in bounded memory.

Only numbers and offsets in the file are kept; a program is read again from its offset when it is shown.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from automl_zero.dashboard.state.run_state import MAX_POINTS, Point, RunView, point
from automl_zero.run.record.events import EpochEnd, Event, from_json
from automl_zero.system.safe_files import open_regular

CHUNK = 1 << 22  # bytes that are read in one step
TAIL = 1 << 18  # bytes at the end that are read first
SLICE = 0.05  # seconds of reading in one call
PROBES, PROBE = 200, 1 << 13  # samples of a long file that are read first, and bytes of each
SEAM = 1 << 12  # bytes before the offset by which a replaced file is noticed: more than an epoch event has
EPOCH = b'{"event":"epoch"'


class EventTail:
    """The events of a run: a summary of the part of the file that was read, and of its end.

    Attributes:
        known: the summary.
        size: bytes of the file; ``faulty``: lines that are not events.
        row: the latest summary of the run for the list of runs.
    """

    def __init__(self, path: Path, root: Path) -> None:
        """Follow the file ``path`` below ``root``, without following links below ``root``."""
        self.path, self.root, self.lock = path, root, threading.Lock()
        self.row: dict[str, Any] = {}
        self._reset()

    def _reset(self) -> None:
        self.known, self.size, self.faulty = RunView(), 0, 0
        self._offset, self._seam = 0, b""
        self._preview: list[Point] = []

    @property
    def version(self) -> str:
        """A text that changes whenever there is something new to show."""
        return f"{self.size}-{self._offset}"

    @property
    def share(self) -> float:
        """The share of the file that was read."""
        return self._offset / self.size if self.size else 1.0

    @property
    def curve(self) -> list[Point]:
        """The points that were read, and samples of the rest of the file until all of it was read."""
        points = self.known.points
        last = points[-1].seconds if points else -1.0
        return [*points, *(each for each in self._preview if each.seconds > last)]

    def read_new(self, seconds: float = SLICE) -> None:
        """Read new events for up to ``seconds``; the rest is read by later calls.

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
                self._preview_file(file)
            while is_more := self._read(file, deadline):
                if time.monotonic() >= deadline:
                    break
        if not is_more:
            self._preview = []

    def event_at(self, offset: int, length: int) -> Event:
        """Return the event in a line of the file.

        Raises:
            OSError, ValueError: the file has changed, and does not have it any more.
        """
        with open_regular(self.path, within=self.root) as file:
            return from_json(_part(file, offset, length))

    def _is_same(self, file: BinaryIO) -> bool:
        seam = _part(file, self._offset - len(self._seam), len(self._seam))
        return self.size >= self._offset and seam == self._seam

    def _preview_file(self, file: BinaryIO) -> None:
        """Read the end of a long file, and samples of all of it."""
        offset = self.size - TAIL
        for line in _part(file, offset, TAIL).split(b"\n")[:-1]:
            event = _event(line)  # the first line is incomplete, and no event
            if event is not None:
                self.known.note(offset, event)
            offset += len(line) + 1
        if not self._preview:
            step = (self.size - self._offset) // PROBES
            chunks = (_part(file, self._offset + number * step, PROBE) for number in range(PROBES))
            self._preview = [point(each) for each in map(_first_epoch, chunks) if each]
            self.known.thin(self.size // MAX_POINTS)

    def _read(self, file: BinaryIO, deadline: float) -> bool:
        """Read one chunk, or as much of it as there is time for; return whether there may be more."""
        chunk = _part(file, self._offset, CHUNK)
        whole = chunk.rfind(b"\n") + 1
        if not whole and len(chunk) == CHUNK:  # no event is this long
            whole, self.faulty = CHUNK, self.faulty + 1
        read = self._add_lines(chunk[:whole], deadline)
        self._offset += read
        self._seam = (self._seam + chunk[max(0, read - SEAM) : read])[-SEAM:]
        return read > 0

    def _add_lines(self, chunk: bytes, deadline: float) -> int:
        """Add at least one line; return the number of bytes that were added."""
        read = 0
        for line in chunk.split(b"\n")[:-1]:
            self._add_line(self._offset + read, line)
            read += len(line) + 1
            if time.monotonic() >= deadline:
                return read
        return len(chunk)

    def _add_line(self, offset: int, line: bytes) -> None:
        is_skipped = offset < self.known.next_point and self.size - offset > TAIL
        if is_skipped and line.startswith(EPOCH):
            return
        event = _event(line)
        if event is None:
            self.faulty += 1
        else:
            self.known.add(offset, len(line), event, self.size)


def _part(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _first_epoch(chunk: bytes) -> EpochEnd | None:
    events = map(_event, chunk.split(b"\n")[1:-1])
    return next((each for each in events if isinstance(each, EpochEnd)), None)


def _event(line: bytes) -> Event | None:
    try:
        return from_json(line)
    except ValueError:
        return None
