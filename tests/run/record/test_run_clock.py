from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.run.record import run_clock
from automl_zero.run.record.run_clock import RunClock


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 1e6))
def test_the_time_never_falls_and_adds_up_what_the_system_clock_rises(steps: list[float], before: float) -> None:
    readings = iter(accumulate([0.0, *steps]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run_clock, "monotonic", lambda: next(readings))
        clock, last = RunClock(before), round(before, 3)
        for step in steps:
            seconds = clock.read()
            assert seconds == pytest.approx(last + max(step, 0.0), abs=2e-3)
            assert seconds >= last
            last = seconds


def test_the_time_before_the_start_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [10.0]
    monkeypatch.setattr(run_clock, "monotonic", lambda: time[0])
    clock = RunClock(2.5)
    time[0] = 30.0
    clock.start()
    time[0] = 31.25
    assert clock.read() == 3.75
