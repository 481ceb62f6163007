"""Ctrl-C and termination: the first signal asks the run to come to its end, the second one ends the process at once.

Before a run has begun, there is nothing to be brought to an end, and the first signal ends it by an ``Interrupted``. In
a notebook the second one ends the run alone, by a KeyboardInterrupt. Signals belong to the main thread: a run in
another one leaves them alone.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


_HANDLING: list[Interrupt] = []  # those that are entered


def is_handled() -> bool:
    """Whether a run goes on that answers signals by itself."""
    return any(not each.is_beginning for each in _HANDLING)


class Interrupted(KeyboardInterrupt):
    """A signal has come before a run had begun; ``exit_code`` is what a shell expects of the process then."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted before the search has begun")
        self.exit_code = 128 + number


class Interrupt:
    """Catches the first SIGINT or SIGTERM while it is entered; called, it tells whether there was one.

    Args:
        notify: called at the first signal, from whatever the main thread is doing.
        signals: those that are caught.
        ends_process: whether the second signal ends the process; if not, it does what it did before this was entered.

    Attributes:
        hurry: called at the first signal, too, unless it raises ``Interrupted``.
        is_beginning: whether it raises that.
    """

    def __init__(
        self,
        notify: Callable[[], None] = lambda: None,
        signals: Sequence[signal.Signals] = SIGNALS,
        ends_process: bool = True,
    ) -> None:
        self.notify, self._signals, self._ends_process = notify, signals, ends_process
        self.request_stop: Callable[[], None] = lambda: None
        self.is_beginning = False
        self._caught = 0
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self._caught > 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM; 0 without one."""
        return 128 + self._caught if self._caught else 0

    @contextmanager
    def beginning(self) -> Iterator[None]:
        """While a run is built: a signal raises ``Interrupted`` in the main thread."""
        self.is_beginning = True
        try:
            yield
        finally:
            self.is_beginning = False

    def __enter__(self) -> Interrupt:
        """Begin to catch, if this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return self
        _HANDLING.append(self)
        self._before = {number: signal.signal(number, self._catch) for number in self._signals}
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals to whom they belonged before."""
        if self in _HANDLING:
            _HANDLING.remove(self)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _catch(self, number: int, _: FrameType | None) -> None:
        self._caught = number
        for each, handler in self._before.items():
            signal.signal(each, signal.SIG_DFL if self._ends_process and not _is_kernel() else handler)
        if self.is_beginning:
            raise Interrupted(number)
        self.request_stop()
        self.notify()


def _is_kernel() -> bool:
    """Whether this process is the kernel of a notebook, and has not only loaded what kernels are made of."""
    loaded = sys.modules.get("ipykernel.kernelapp")
    return loaded is not None and bool(loaded.IPKernelApp.initialized())
