from __future__ import annotations

import os
import signal
import threading

import pytest

from automl_zero.run.record.hangup import outliving_terminal


@pytest.fixture(autouse=True)
def default() -> object:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_the_terminal_may_be_closed_meanwhile_and_only_then() -> None:
    with outliving_terminal(), outliving_terminal():
        os.kill(os.getpid(), signal.SIGHUP)  # would end the tests
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_a_handler_of_somebody_else_stays() -> None:
    reported: list[int] = []
    signal.signal(signal.SIGHUP, lambda number, _: reported.append(number))
    with outliving_terminal():
        os.kill(os.getpid(), signal.SIGHUP)
    assert reported == [signal.SIGHUP]


def test_other_threads_leave_signals_alone() -> None:
    found: list[object] = []

    def look() -> None:
        with outliving_terminal():
            found.append(signal.getsignal(signal.SIGHUP))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]
