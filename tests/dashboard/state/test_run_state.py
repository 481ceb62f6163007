"""The summary of a run after some of its events, in any order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.runs.sample_events import EPOCH, SCORING, epoch

from automl_zero.dashboard.state import responses
from automl_zero.dashboard.state.run_state import MAX_ISLANDS, RunView, point, shown_islands
from automl_zero.run.record.events import EpochEnd, Start, Stop

START = Start(version="1", name="a", seed=0, workers=1, time="")
STOP = Stop(seconds=4.0, reason="max_programs", experiments=1, programs=1000, train_steps=5000)


def test_a_run_that_continues_has_not_ended() -> None:
    known = RunView()
    for place, event in enumerate([START, EPOCH, STOP]):
        known.add(place, 1, event, 9)
    assert known.stop == STOP
    known.add(3, 1, epoch(5.0, 2000), 9)
    assert (known.stop, responses.status(known.latest_event)) == (None, "searching")


def test_parts_of_a_file_may_be_read_in_any_order() -> None:
    known = RunView()
    for place in (90, 10, 90, 50):
        known.note(place, epoch(float(place), place))
    known.note(20, SCORING)
    latest = known.latest(EpochEnd)
    assert latest is not None
    assert (latest.programs, known.latest_event, known.recent) == (90, latest, [(90.0, 90)])


@pytest.mark.parametrize("count", [0, 1, MAX_ISLANDS, 1000])
def test_the_history_of_so_many_islands_is_kept(count: int) -> None:
    shown = shown_islands(count)
    assert len(shown) == len(set(shown)) == min(count, MAX_ISLANDS)
    event = replace(EPOCH, island_fitness=tuple(number / 1024 for number in range(count)))
    assert [each * 1024 for each in point(event).islands] == shown
