"""How a run keeps to its time: what compiled loops and tuners are told when a signal has come or the clock is over.

An epoch that ends soon is waited for, so that a run ends between two epochs, as it would by any other limit. One that
lasts longer is cut: the programs that it has found count, but its state is not kept, and ``resume`` goes on from the
checkpoint before it. So what a resumed run gives never depends on when it was stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic, process_time
from typing import Self, TypeVar

from automl_zero.vm.stop_flag import StopFlag, Stopped

Result = TypeVar("Result")

APART = "automl-zero-apart"  # name of the threads of ``run_apart``
LOOK_SECONDS = 0.02  # between two looks at the clock
EPOCH_SECONDS = 0.4  # after a signal, until which an epoch may end by itself
SCORING_SECONDS = 1.0  # after a signal, until which what was found may be scored
CPU_SHARE, BUSY = 0.7, 4.0  # of that time, the least work of a processor; or so many times longer, on a busy machine
LATE_SHARE, LATE_SECONDS = 0.05, 0.5  # of the time of a run, or seconds: by so much an epoch may exceed it


class StopControl:
    """The clock of a run, and the flags that it raises.

    Args:
        max_seconds: of the whole run, from ``begin`` on; None is no limit.
        search: the flag that the search reads.

    Attributes:
        scoring: the flag that all reads which follows the search.
        reserve: seconds of ``max_seconds`` that are for what follows the search.
    """

    def __init__(self, max_seconds: float | None, search: StopFlag) -> None:
        self.search, self.scoring, self.reserve = search, StopFlag(), 0.0
        self._max_seconds, self._deadline = max_seconds, float("inf")
        self._late = max(LATE_SECONDS, LATE_SHARE * (max_seconds or 0.0))
        self._hurried_at, self._hurried_cpu = float("inf"), 0.0
        self._ended = threading.Event()

    def _is_overdue(self, after: float) -> bool:
        """Whether a signal came so long ago; on a busy machine, work that gets no processor has more time."""
        waited = monotonic() - self._hurried_at
        return waited >= after and (process_time() - self._hurried_cpu >= CPU_SHARE * after or waited >= BUSY * after)

    def begin(self, spent: float = 0.0) -> None:
        """The time begins, of which so many seconds were spent before, in the process that the run goes on from."""
        if self._max_seconds is not None:
            self._deadline = monotonic() + self._max_seconds - spent

    def request_stop(self) -> None:
        """A signal has come: an epoch that goes on for long is cut, and nothing is tuned any more."""
        if not self.is_stop_requested:
            self._hurried_at, self._hurried_cpu = monotonic(), process_time()

    @property
    def is_stop_requested(self) -> bool:
        """Whether a signal has come."""
        return self._hurried_at < float("inf")

    @property
    def is_over(self) -> bool:
        """Whether nothing that can be left out should begin: a signal has come, or the time is over."""
        return monotonic() >= min(self._hurried_at, self._deadline)

    @property
    def is_late(self) -> bool:
        """Whether what has begun in time must end: a signal has come, or the time is exceeded."""
        return monotonic() >= min(self._hurried_at, self._deadline + self._late)

    @property
    def left(self) -> float:
        """Seconds until what follows the search must have ended; infinite without a limit."""
        return min(self._hurried_at + SCORING_SECONDS, self._deadline) - monotonic()

    @property
    def is_search_over(self) -> bool:
        """Whether the part of the time is over that is for the search, or a signal has come."""
        return monotonic() >= min(self._hurried_at, self._deadline - self.reserve)

    def __enter__(self) -> Self:
        """Begin to watch the clock."""
        self._ended = threading.Event()
        threading.Thread(target=self._watch, args=(self._ended,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._ended.set()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(LOOK_SECONDS):
            now = monotonic()
            if now >= self._deadline - self.reserve + self._late or now >= self._hurried_at + EPOCH_SECONDS:
                self.search.set()
            if now >= self._deadline + self._late or self._is_overdue(SCORING_SECONDS):
                self.scoring.set()


def is_anything_left() -> bool:
    """Whether a function that was left to itself still goes on."""
    return any(thread.name == APART for thread in threading.enumerate())


def run_apart(function: Callable[[], Result], is_over: Callable[[], bool] = lambda: False) -> Result:
    """Call a function in a thread of its own, so that signals are answered meanwhile, and give what it gives.

    Signals belong to the main thread, and one that waits for compiled code does not see them.

    Args:
        function: what to call; where it is over, it is left to itself, and ends with the process at the latest.
        is_over: looked at while it is waited for.

    Raises:
        Stopped: it was over before the function had ended.
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
        thread.join(LOOK_SECONDS)
        if is_over() and thread.is_alive():
            raise Stopped
    result, error = outcome[0]
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
