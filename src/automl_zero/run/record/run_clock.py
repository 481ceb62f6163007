"""The time that a run has taken, which never falls."""

from __future__ import annotations

from time import monotonic


class RunClock:
    """The seconds of a run, over all of the processes that have worked on it.

    Attributes:
        seconds: the time when the clock was read last, rounded to milliseconds by ``read``.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self._read_at = seconds, monotonic()

    def start(self) -> None:
        """Leave out the time that has passed since the clock was read last."""
        self._read_at = monotonic()

    def read(self) -> float:
        """Return the seconds so far; a system clock that is set back, as after a sleep, adds none."""
        now = monotonic()
        self.seconds, self._read_at = self.seconds + max(now - self._read_at, 0.0), now
        return round(self.seconds, 3)
