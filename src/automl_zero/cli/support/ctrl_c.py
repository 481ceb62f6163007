"""Ctrl-C ends the command within two seconds, whatever it is doing.

Python handles a signal between two steps of its main thread, which may be far apart while compiled code runs. So the
system wakes another thread at once (``signal.set_wakeup_fd``), which ends the process if the command has not ended by
then. A run that handles signals is left alone: it stops by itself and writes its results (``run.stop_control``).
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
def ending_within_seconds() -> Iterator[None]:
    """End the process soon after Ctrl-C while the block runs, and at its end where abandoned code still runs."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader,), daemon=True).start()
    try:
        yield
    except SystemExit as end:
        if is_anything_left():  # abandoned code that still runs would delay the end of the process, or crash it
            end_process(end.code if isinstance(end.code, int) else 1)
        raise
    finally:
        signal.set_wakeup_fd(previous)
        writer.close()


def _watch(reader: socket.socket) -> None:
    """Wait for signals, and end the process ``ANSWER_SECONDS`` after SIGINT, even if threads are still running."""
    with reader:
        while number := reader.recv(1):
            if is_handled():
                _load_page()
            elif number[0] == signal.SIGINT:
                sleep(ANSWER_SECONDS)
                if not is_handled():
                    end_process(128 + signal.SIGINT)


def _load_page() -> None:
    """Import the modules that draw the page of a run, which takes half a second, while the run stops."""
    with suppress(ImportError):
        import_module("automl_zero.report.page")
