"""Responses about a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.hostile_runs import SCORES
from support.runs.sample_events import EPOCH, SCORING, epoch, improvement, selection
from support.runs.small_config import small_config

from automl_zero.dashboard.state import responses
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.run.record.events import Event, Final, Lineage, Start, to_json
from automl_zero.tasks.task import Loss

START = Start(version="1", name="a", seed=0, workers=1, time="")
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


def whole(path: Path, *events: Event) -> dict[str, object]:
    path.write_text("".join(f"{to_json(each)}\n" for each in events))
    tail = EventTail(path, path.parent)
    tail.read_new(60)
    return responses.run_details(tail, small_config())


def test_the_history_of_islands_ends_with_the_latest_epoch(tmp_path: Path) -> None:
    epochs = [replace(epoch(n, n), island_fitness=(0.5, n / 1000)) for n in range(1, 500)]
    history = whole(tmp_path / "events", replace(EPOCH, island_fitness=(0.1,)), *epochs)["history"]
    assert isinstance(history, dict)
    assert (history["islands"], history["seconds"][0], history["seconds"][-1]) == ([0, 1], 1.0, 499.0)
    assert len(history["seconds"]) == len(history["fitness"]) <= responses.MAX_COLUMNS + 1
    assert history["fitness"][-1] == [0.5, 0.499]


def test_effects_of_mutations_are_shown_the_most_common_first(tmp_path: Path) -> None:
    found = whole(tmp_path / "events", improvement(10, 0.5), EPOCH, LINEAGE)["effects"]
    assert found == [("add", 7, 0, 0), ("swap all", 1, 2, 3)]
