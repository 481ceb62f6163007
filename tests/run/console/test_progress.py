from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.runs.sample_events import EPOCH, ESTIMATE, after, epoch, improvement, selection
from support.runs.small_config import small_config

from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Event, Stop
from automl_zero.run.record.limits import Usage


def test_before_the_first_event_nothing_is_known_and_nothing_fails() -> None:
    progress = after()
    assert (progress.seconds, progress.search_seconds, progress.recent_speed, progress.curve) == (0, 0, 0, [])
    assert progress.spent == Usage(0, 0, -1.0)
    assert progress.best_program is None
    assert progress.comparable_fitness == []
    assert progress.seconds_left is None


def test_the_outcomes_are_those_of_the_latest_epoch() -> None:
    assert after(EPOCH).outcomes.startswith("of the programs, 50.0% evaluated, ")
    assert after().outcomes.startswith("of the programs, 0.0% evaluated, ")


def test_an_estimate_is_kept_and_takes_no_time_of_the_search() -> None:
    progress = after(ESTIMATE)
    assert (progress.estimate, progress.seconds) == (ESTIMATE, 0.0)


@pytest.mark.parametrize(
    ("groups", "comparable"),
    [
        ([], [0.1, 0.2, 0.3, 0.4]),
        ([{}, {"tasks": {"kind": "affine"}}], [0.1, 0.3]),
        ([{"tasks": {"kind": "affine"}}, {}, {"tasks": {"kind": "affine"}}], [0.1, 0.3, 0.4]),
        ([{}, {"program": {"setup_ops": ["vector_sum"]}}], [0.1, 0.2, 0.3, 0.4]),
    ],
    ids=["no groups", "two kinds", "first and third alike", "other ops alone"],
)
def test_fitness_is_comparable_on_the_first_islands_tasks_alone(
    groups: list[dict[str, Any]], comparable: list[float]
) -> None:
    config = small_config(islands={"count": 4, "groups": groups})
    progress = after(replace(EPOCH, island_fitness=(0.1, 0.2, 0.3, 0.4)), config=config)
    assert progress.comparable_fitness == comparable


def test_the_curve_is_that_of_the_current_experiment_up_to_now() -> None:
    progress = after(improvement(10, 0.1), improvement(20, 0.5), EPOCH)
    assert progress.curve == [(10, 0.1), (20, 0.5), (1000, 0.5)]
    progress.update(improvement(15, 0.2, experiment=1))
    assert progress.curve == [(15, 0.2)]


def test_the_speed_is_that_of_the_last_seconds() -> None:
    progress = after(*(epoch(second, 100 * second) for second in range(1, 11)))
    assert progress.recent_speed == pytest.approx(100)
    for second in range(11, 21):
        progress.update(epoch(second, 1000 + 500 * (second - 10)))
    assert progress.recent_speed == pytest.approx(500)


@pytest.mark.parametrize(
    ("limits", "left"),
    [
        ({"max_programs": None, "max_seconds": 10.0}, 8.0),
        ({"max_programs": 3000}, 4.0),
        ({"max_programs": None, "max_train_steps": 7500}, 1.0),
        ({"max_programs": 3000, "max_seconds": 3.0}, 1.0),
        ({"max_programs": 10}, 0.0),
        ({"max_programs": None, "target_fitness": 1.0}, None),
    ],
)
def test_the_time_left_is_to_the_first_limit(limits: dict[str, float], left: float | None) -> None:
    config = small_config(stop=limits)
    assert after(EPOCH, config=config).seconds_left == (None if left is None else pytest.approx(left))


def test_the_best_program_is_the_latest_word_on_it() -> None:
    progress = after(improvement(10, 0.1))
    assert progress.best_program == "p"
    progress.update(selection(0.4, is_best=True))
    progress.update(selection(0.3, is_best=False))
    assert progress.best_program == "selected with 0.4"


def test_a_complete_run_reports_what_was_spent(complete: Progress, events: tuple[Event, ...]) -> None:
    stop = events[-1]
    assert isinstance(stop, Stop)
    assert complete.spent.programs == stop.programs == 1020
    assert complete.spent.experiments == 2
    assert complete.search_seconds <= complete.seconds == stop.seconds
    assert complete.final is not None
    assert complete.best_program == complete.final.program
