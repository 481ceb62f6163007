"""Ctrl-C and termination: the first signal asks the run to come to its end, the second one ends the process at once.

In a notebook the second one ends the run alone, by a KeyboardInterrupt. Signals belong to the main thread: a run in
another one leaves them alone.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Catches the first SIGINT or SIGTERM while it is entered; called, it tells whether there was one.

    Args:
        notify: called at the first signal, from whatever the main thread is doing.
    """

    def __init__(self, notify: Callable[[], None] = lambda: None) -> None:
        self.notify = notify
        self._caught = 0
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self._caught > 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended: 130 for Ctrl-C, 143 for SIGTERM; 0 without one."""
        return 128 + self._caught if self._caught else 0

    def __enter__(self) -> Interrupt:
        """Begin to catch, if this is the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return self
        self._before = {number: signal.signal(number, self._catch) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals to whom they belonged before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _catch(self, number: int, _: FrameType | None) -> None:
        self._caught = number
        for each, handler in self._before.items():
            signal.signal(each, handler if _is_kernel() else signal.SIG_DFL)
        self.notify()


def _is_kernel() -> bool:
    """Whether this process is the kernel of a notebook, and has not only loaded what kernels are made of."""
    loaded = sys.modules.get("ipykernel.kernelapp")
    return loaded is not None and bool(loaded.IPKernelApp.initialized())
