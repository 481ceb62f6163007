from __future__ import annotations

import threading
from time import monotonic, sleep

import pytest

from automl_zero.run import stop_control
from automl_zero.run.stop_control import StopControl, is_anything_left, run_apart
from automl_zero.vm.stop_flag import StopFlag, Stopped

PATIENCE = 20.0  # seconds for what takes a fraction of one


def wait_for(flag: StopFlag) -> float:
    """Seconds until it is raised."""
    began = monotonic()
    while not flag.is_set:
        assert monotonic() - began < PATIENCE
        sleep(0.005)
    return monotonic() - began


def test_without_limit_and_signal_nothing_is_ever_over() -> None:
    with StopControl(None, StopFlag()) as clock:
        clock.begin()
        sleep(0.1)
        assert (clock.is_over, clock.is_search_over, clock.is_stop_requested) == (False, False, False)
        assert clock.left == float("inf")
        assert not clock.search.is_set
        assert not clock.scoring.is_set


def test_the_search_is_over_before_the_time_is_by_what_is_reserved() -> None:
    clock = StopControl(1000.0, StopFlag())
    clock.begin(spent=999.0 - 100.0)
    assert (clock.is_search_over, clock.is_over) == (False, False)
    clock.reserve = 102.0
    assert (clock.is_search_over, clock.is_over) == (True, False)
    assert 100.0 < clock.left < 101.1


def test_an_epoch_may_be_late_and_is_cut_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_control, "LATE_SECONDS", 0.2)
    with StopControl(0.1, StopFlag()) as clock:
        clock.begin()
        while not clock.is_search_over:
            sleep(0.005)
        assert not clock.search.is_set
        wait_for(clock.search)
        wait_for(clock.scoring)


def test_after_a_signal_the_epoch_is_cut_first_and_scoring_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop_control, "EPOCH_SECONDS", 0.05)
    monkeypatch.setattr(stop_control, "SCORING_SECONDS", 0.3)
    with StopControl(None, StopFlag()) as clock:
        clock.begin()
        clock.request_stop()
        assert clock.is_over
        assert clock.is_search_over
        wait_for(clock.search)
        assert not clock.scoring.is_set
        wait_for(clock.scoring)


def test_a_second_signal_gives_no_more_time() -> None:
    clock = StopControl(None, StopFlag())
    clock.request_stop()
    left = clock.left
    sleep(0.02)
    clock.request_stop()
    assert clock.left < left


def test_what_runs_apart_gives_its_result_and_raises_its_errors() -> None:
    assert run_apart(lambda: threading.current_thread() is threading.main_thread()) is False
    with pytest.raises(ZeroDivisionError):
        run_apart(lambda: 1 // 0)


def test_what_is_over_is_left_to_itself() -> None:
    end = threading.Event()
    with pytest.raises(Stopped):
        run_apart(end.wait, lambda: True)
    assert is_anything_left()
    end.set()
    while is_anything_left():
        sleep(0.005)
