"""Ctrl-C is answered within two seconds, whatever a command is doing.

Python sees a signal only between two steps of its main thread, which may be far apart while compiled code runs. So a
thread of its own is told of it at once by the system (``signal.set_wakeup_fd``), and ends the process where the command
has not ended by then. A run that goes on is left alone: it brings itself to its end (``run.stopping``).
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from time import sleep

from automl_zero.run.record.signals import is_handled
from automl_zero.run.stop_control import is_anything_left
from automl_zero.terminal.output import end_process

ANSWER_SECONDS = 1.5


@contextmanager
def answering() -> Iterator[None]:
    """While a command is done: a signal that it does not answer in time ends the process, and so does its own end."""
    told, tell = socket.socketpair()
    tell.setblocking(False)
    before = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(told,), daemon=True).start()
    try:
        yield
    except SystemExit as end:
        if is_anything_left():  # code that was left to itself, which would delay the end of the process, or crash it
            end_process(end.code if isinstance(end.code, int) else 1)
        raise
    finally:
        signal.set_wakeup_fd(before)
        tell.close()


def _watch(told: socket.socket) -> None:
    """Wait for signals; whoever asks for the end by SIGINT waits no longer than that, even for the end of threads."""
    with told:
        while number := told.recv(1):
            if is_handled():
                _load_page()
            elif number[0] == signal.SIGINT:
                sleep(ANSWER_SECONDS)
                if not is_handled():
                    end_process(128 + signal.SIGINT)


def _load_page() -> None:
    """Load what draws the page of a run while the run comes to its end, which takes half a second."""
    with suppress(ImportError):
        import_module("automl_zero.report.page")
