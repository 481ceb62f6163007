"""Protection against hang-ups: a run continues when the window or the connection that it was started in closes.

The system then sends SIGHUP, which would end the process. The module ``terminal`` drops later output.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def outliving_terminal() -> Iterator[None]:
    """Ignore SIGHUP in the context, as ``nohup`` does; processes that start in it ignore the signal, too.

    A handler that was set before stays. Python handles signals in the main thread: in others, nothing changes.
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
