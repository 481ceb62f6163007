"""A run outlives its terminal: it goes on to its end when the window or the connection that it was started in closes.

The system then sends SIGHUP, which would end the process. What the run would have shown is dropped (``terminal``).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def outliving_terminal() -> Iterator[None]:
    """Ignore SIGHUP meanwhile, as ``nohup`` does; processes that begin meanwhile ignore it, too.

    A handler that somebody has set stays. Signals belong to the main thread: elsewhere, nothing changes.
    """
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
