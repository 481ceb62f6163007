from __future__ import annotations

import signal

import pytest

from automl_zero.run.interrupt import SIGNALS, Interrupt


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_caught_and_told(number: signal.Signals, exit_code: int) -> None:
    told: list[bool] = []
    with Interrupt(lambda: told.append(True)) as interrupt:
        assert (interrupt(), interrupt.exit_code) == (False, 0)
        signal.raise_signal(number)
        assert (interrupt(), interrupt.exit_code) == (True, exit_code)
    assert told == [True]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_is_left_to_the_system(number: signal.Signals) -> None:
    with Interrupt():
        signal.raise_signal(number)
        assert [signal.getsignal(each) for each in SIGNALS] == [signal.SIG_DFL] * 2


def test_afterwards_signals_belong_to_whom_they_belonged_before() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with Interrupt():
        signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(each) for each in SIGNALS] == before
