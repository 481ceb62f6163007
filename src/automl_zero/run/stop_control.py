"""Control of the end of a run: stop flags that compiled loops and tuners read, raised by signals and the time limit.

A run waits for an epoch that ends soon, so that it ends between two epochs, as by any other limit. A longer epoch is
cut: the programs that it has found count, but its state is not saved, and ``resume`` continues from the checkpoint
before it. So the results of a resumed run never depend on when it was stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic, process_time
from typing import Self, TypeVar

from automl_zero.vm.stop_flag import StopFlag, Stopped

Result = TypeVar("Result")

APART = "automl-zero-apart"  # name of the threads of ``run_apart``
CHECK_SECONDS = 0.02  # between two checks of the clock
EPOCH_SECONDS = 0.4  # after a signal, an epoch may take this long to end by itself
SCORING_SECONDS = 1.0  # after a signal, the scoring of the result may take this long
CPU_SHARE, BUSY = 0.7, 4.0  # that time counts if this share is CPU time, or after this many times as long
LATE_SHARE, LATE_SECONDS = 0.05, 0.5  # by the larger of this share and these seconds, an epoch may exceed the limit


class StopControl:
    """Raises stop flags when a signal has come or the time of a run is over, while it is entered.

    Args:
        max_seconds: the time limit of the whole run, from ``begin`` on; None for no limit.
        search: the flag that ends the search.

    Attributes:
        scoring: the flag that ends the scoring and tuning after the search.
        reserve: seconds of ``max_seconds`` that are reserved for these.

    Example:
        >>> control = StopControl(max_seconds=60.0, search=StopFlag())
        >>> control.begin()
        >>> control.request_stop()
        >>> control.is_over
        True
    """

    def __init__(self, max_seconds: float | None, search: StopFlag) -> None:
        self.search, self.scoring, self.reserve = search, StopFlag(), 0.0
        self._max_seconds, self._deadline = max_seconds, float("inf")
        self._late = max(LATE_SECONDS, LATE_SHARE * (max_seconds or 0.0))
        self._requested_at, self._requested_cpu = float("inf"), 0.0
        self._ended = threading.Event()

    def _is_overdue(self, after: float) -> bool:
        """Return whether a signal came this long ago; a process that gets little CPU time has longer."""
        waited = monotonic() - self._requested_at
        cpu_seconds = process_time() - self._requested_cpu
        return waited >= after and (cpu_seconds >= CPU_SHARE * after or waited >= BUSY * after)

    def begin(self, spent: float = 0.0) -> None:
        """Start the time of the run, of which ``spent`` seconds were used before it was resumed."""
        if self._max_seconds is not None:
            self._deadline = monotonic() + self._max_seconds - spent

    def request_stop(self) -> None:
        """End the run soon, as after a signal: cut an epoch that takes long, and tune nothing more."""
        if not self.is_stop_requested:
            self._requested_at, self._requested_cpu = monotonic(), process_time()

    @property
    def is_stop_requested(self) -> bool:
        """Whether a stop was requested."""
        return self._requested_at < float("inf")

    @property
    def is_over(self) -> bool:
        """Whether no optional work should start: a stop was requested, or the time is over."""
        return monotonic() >= min(self._requested_at, self._deadline)

    @property
    def is_late(self) -> bool:
        """Whether work that started in time must end: a stop was requested, or the time limit is exceeded."""
        return monotonic() >= min(self._requested_at, self._deadline + self._late)

    @property
    def left(self) -> float:
        """Seconds until all work after the search must end; infinite without a limit."""
        return min(self._requested_at + SCORING_SECONDS, self._deadline) - monotonic()

    @property
    def is_search_over(self) -> bool:
        """Whether the time of the search is over, or a stop was requested."""
        return monotonic() >= min(self._requested_at, self._deadline - self.reserve)

    def __enter__(self) -> Self:
        """Start the thread that watches the clock."""
        self._ended = threading.Event()
        threading.Thread(target=self._watch, args=(self._ended,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End that thread."""
        self._ended.set()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(CHECK_SECONDS):
            now = monotonic()
            if now >= self._deadline - self.reserve + self._late or now >= self._requested_at + EPOCH_SECONDS:
                self.search.set()
            if now >= self._deadline + self._late or self._is_overdue(SCORING_SECONDS):
                self.scoring.set()


def is_anything_left() -> bool:
    """Return whether a function that ``run_apart`` has abandoned is still running."""
    return any(thread.name == APART for thread in threading.enumerate())


def run_apart(function: Callable[[], Result], is_over: Callable[[], bool] = lambda: False) -> Result:
    """Call a function in a thread of its own, so that signals are handled meanwhile, and return its result.

    Python handles signals in the main thread, which cannot do so while it executes compiled code.

    Args:
        function: what to call. If it is abandoned, it continues in its thread, at most until the process ends.
        is_over: checked while the function runs; once it returns True, the function is abandoned.

    Raises:
        Stopped: the function was abandoned.
        BaseException: what the function raises.
    """
    outcome: list[tuple[Result | None, BaseException | None]] = []

    def call() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=call, name=APART, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(CHECK_SECONDS)
        if is_over() and thread.is_alive():
            raise Stopped
    result, error = outcome[0]
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
