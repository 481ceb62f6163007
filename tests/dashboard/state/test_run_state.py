"""The summary of a run after some of its events, in any order, and the responses made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.hostile_runs import SCORES
from support.runs.sample_events import EPOCH, SCORING, epoch, improvement, selection
from support.runs.small_config import small_config

from automl_zero.dashboard.state import responses
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.dashboard.state.run_state import MOST_ISLANDS, RunView, point, shown_islands
from automl_zero.run.record.events import EpochEnd, Event, Final, Lineage, Start, Stop, to_json
from automl_zero.tasks.task import Loss

START = Start(version="1", name="a", seed=0, workers=1, time="")
STOP = Stop(seconds=4.0, reason="max_programs", experiments=1, programs=1000, train_steps=5000)
FINAL = Final(
    seconds=4.0, experiment=0, program="p", pruned="p", learned=(), loss=Loss.RMSE, scores=SCORES, baselines=()
)
LINEAGE = Lineage(
    seconds=3.0, experiment=0, ancestors=(), effects={"swap_all": (1, 2, 3), "none": (0, 0, 0), "add": (7, 0, 0)}
)


@pytest.mark.parametrize(
    ("latest", "status"),
    [
        (None, "starting"),
        (START, "starting"),
        (EPOCH, "searching"),
        (selection(0.5, is_best=True), "scoring: the candidate"),
        (SCORING, "scoring: baseline 1 of 2, ridge regression"),
        (FINAL, "scoring: the candidate"),
    ],
)
def test_it_shows_what_a_run_does(latest: Event | None, status: str) -> None:
    assert responses.status(latest) == status


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


@pytest.mark.parametrize("count", [0, 1, MOST_ISLANDS, 1000])
def test_the_history_of_so_many_islands_is_kept(count: int) -> None:
    shown = shown_islands(count)
    assert len(shown) == len(set(shown)) == min(count, MOST_ISLANDS)
    event = replace(EPOCH, island_fitness=tuple(number / 1024 for number in range(count)))
    assert [each * 1024 for each in point(event).islands] == shown


def whole(path: Path, *events: Event) -> dict[str, object]:
    path.write_text("".join(f"{to_json(each)}\n" for each in events))
    tail = EventTail(path, path.parent)
    tail.read_new()
    return responses.run_details(tail, small_config())


def test_the_history_of_islands_ends_with_the_latest_epoch(tmp_path: Path) -> None:
    epochs = [replace(epoch(n, n), island_fitness=(0.5, n / 1000)) for n in range(1, 500)]
    history = whole(tmp_path / "events", replace(EPOCH, island_fitness=(0.1,)), *epochs)["history"]
    assert isinstance(history, dict)
    assert (history["islands"], history["seconds"][0], history["seconds"][-1]) == ([0, 1], 1.0, 499.0)
    assert len(history["seconds"]) == len(history["fitness"]) <= responses.MOST_COLUMNS + 1
    assert history["fitness"][-1] == [0.5, 0.499]


def test_effects_of_mutations_are_shown_the_most_common_first(tmp_path: Path) -> None:
    found = whole(tmp_path / "events", improvement(10, 0.5), EPOCH, LINEAGE)["effects"]
    assert found == [("add", 7, 0, 0), ("swap all", 1, 2, 3)]
