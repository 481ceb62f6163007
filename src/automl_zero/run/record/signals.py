"""Ctrl-C and SIGTERM: the first signal asks the run to end in an orderly way, the second one ends the process at once.

While a run is set up, there is no result to save, and the first signal raises ``Interrupted``. In a notebook, the
second one ends the run alone, by a KeyboardInterrupt. Python handles signals in the main thread: a run in another
thread leaves them alone.
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

_ACTIVE: list[Interrupt] = []  # those that are entered


def is_handled() -> bool:
    """Return whether a run in progress handles signals."""
    return any(not each.is_in_setup for each in _ACTIVE)


class Interrupted(KeyboardInterrupt):
    """Raised where a signal comes before the search has started; ``exit_code`` is the one that a shell expects."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted before the search has started")
        self.exit_code = 128 + number


class Interrupt:
    """A context manager that catches the first SIGINT or SIGTERM; calling it returns whether there was one.

    Args:
        notify: called at the first signal, in a signal handler of the main thread.
        signals: the signals to catch.
        ends_process: whether the second signal ends the process; if not, the previous handler gets it.

    Attributes:
        request_stop: called at the first signal, before ``notify``; not during setup.
        is_in_setup: whether a signal raises ``Interrupted``.

    Example:
        >>> with Interrupt() as interrupt:
        ...     signal.raise_signal(signal.SIGTERM)
        ...     print(interrupt(), interrupt.exit_code)
        True 143
    """

    def __init__(
        self,
        notify: Callable[[], None] = lambda: None,
        signals: Sequence[signal.Signals] = SIGNALS,
        ends_process: bool = True,
    ) -> None:
        self.notify, self._signals, self._ends_process = notify, signals, ends_process
        self.request_stop: Callable[[], None] = lambda: None
        self.is_in_setup = False
        self._caught = 0
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Return whether a signal has come."""
        return self._caught > 0

    @property
    def exit_code(self) -> int:
        """The exit code of a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM; 0 without a signal."""
        return 128 + self._caught if self._caught else 0

    @contextmanager
    def in_setup(self) -> Iterator[None]:
        """Let a signal raise ``Interrupted`` in the main thread while a run is set up."""
        self.is_in_setup = True
        try:
            yield
        finally:
            self.is_in_setup = False

    def __enter__(self) -> Interrupt:
        """Set the signal handlers, if this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return self
        _ACTIVE.append(self)
        self._before = {number: signal.signal(number, self._catch) for number in self._signals}
        return self

    def __exit__(self, *_: object) -> None:
        """Restore the previous handlers."""
        if self in _ACTIVE:
            _ACTIVE.remove(self)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _catch(self, number: int, _: FrameType | None) -> None:
        self._caught = number
        for each, handler in self._before.items():
            signal.signal(each, signal.SIG_DFL if self._ends_process and not _is_kernel() else handler)
        if self.is_in_setup:
            raise Interrupted(number)
        self.request_stop()
        self.notify()


def _is_kernel() -> bool:
    """Return whether this process is the kernel of a notebook; having its library loaded is not enough."""
    loaded = sys.modules.get("ipykernel.kernelapp")
    return loaded is not None and bool(loaded.IPKernelApp.initialized())
