from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType, SimpleNamespace

import pytest

from automl_zero.run.record.signals import SIGNALS, Interrupt


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_is_caught_and_reported(number: signal.Signals, exit_code: int) -> None:
    reported: list[bool] = []
    with Interrupt(lambda: reported.append(True)) as interrupt:
        assert (interrupt(), interrupt.exit_code) == (False, 0)
        signal.raise_signal(number)
        assert (interrupt(), interrupt.exit_code) == (True, exit_code)
    assert reported == [True]


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


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    def entered() -> tuple[list[object], bool, int]:
        with Interrupt() as interrupt:
            return [signal.getsignal(each) for each in SIGNALS], interrupt(), interrupt.exit_code

    before = [signal.getsignal(each) for each in SIGNALS]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(entered).result() == (before, False, 0)
    assert [signal.getsignal(each) for each in SIGNALS] == before


class Kernel(ModuleType):
    """In place of what a notebook's process runs."""

    def __init__(self, is_running: bool) -> None:
        super().__init__("ipykernel.kernelapp")
        self.IPKernelApp = SimpleNamespace(initialized=lambda: is_running)


def test_kernels_that_are_loaded_and_do_not_run_make_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", Kernel(is_running=False))
    with Interrupt():
        signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_in_a_notebook_the_second_interrupt_ends_the_run_and_not_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", Kernel(is_running=True))
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGINT)
        assert interrupt()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
