from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from support.runs.sample_events import ESTIMATE
from support.runs.small_config import mixed_config, small_config

from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.run import cost_estimate
from automl_zero.run.cost_estimate import measure, on_cluster
from automl_zero.run.experiment import search_tasks
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.record.events import Estimate, Event, Final, Start
from automl_zero.run.run import Run


def estimate(config: Config, workers: int = 1) -> Estimate:
    return measure(config, search_tasks(config, 0), initial_programs(config), workers)


def timeless(events: list[Event]) -> list[Event]:
    """Without the estimate, and what depends on the clock."""
    kept = [event for event in events if not isinstance(event, Estimate)]
    return [replace(each, time="") if isinstance(each, Start) else replace(each, seconds=0.0) for each in kept]


@pytest.mark.parametrize(
    "config",
    [
        small_config(),
        mixed_config("linear"),
        mixed_config("image-groups"),
        small_config(program={"initial": "empty"}),
        small_config(program={"initial": "linear_regression", "max_sizes": (4, 4, 6)}),
        small_config(tasks={"kind": "image-groups", "num_classes": 3}),
    ],
    ids=["random", "groups", "groups of images", "empty", "a program", "many classes"],
)
def test_the_cost_of_any_config_is_a_range_of_positive_numbers(config: Config) -> None:
    found = estimate(config, workers=2)
    for least, most in (found.seconds_per_program, found.steps_per_program, found.steps_per_second):
        assert 0 < least < most < float("inf")


def test_a_measurement_changes_no_result() -> None:
    measured, other = (list(Run(small_config(), is_measured=value).iter_events()) for value in (True, False))
    assert timeless(measured) == timeless(other)


def test_a_measured_run_reports_its_cost_right_after_the_start() -> None:
    events = list(Run(small_config(), is_measured=True).iter_events())
    assert [event.event for event in events[:2]] == ["start", "estimate"]
    (final,) = [event for event in events if isinstance(event, Final)]
    assert final.seconds < 60


def test_the_time_of_the_measurement_is_a_part_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate(small_config())

    def slow(*_: object) -> Estimate:
        time.sleep(0.5)
        return found

    monkeypatch.setattr("automl_zero.run.run.measure", slow)
    events = Run(small_config(stop={"max_seconds": 0.2, "max_programs": None}), is_measured=True).iter_events()
    assert [next(events).event for _ in range(4)] == ["start", "estimate", "improvement", "select"]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"program": {"max_sizes": (1, 1, 1)}}, []),
        ({"program": {"max_sizes": (4, 4, 6)}}, ["linear_regression"]),
        (
            {"program": {"max_sizes": (9, 9, 45)}, "memory": {"scalars": 8, "vectors": 14, "matrices": 3}},
            ["two_layer_net"],
        ),
        ({"program": {"max_sizes": (4, 4, 6), "initial": "linear_regression"}}, []),
    ],
    ids=["no room", "little room", "room", "a program was chosen"],
)
def test_the_second_population_descends_from_the_largest_learner_that_fits(
    changes: dict[str, Any], names: list[str]
) -> None:
    config = small_config(0, **changes)
    found = [
        program for programs in cost_estimate._learners(config, search_tasks(config, 0)[0]) for program in programs
    ]
    assert found == [library_program(name) for name in names]


def test_the_more_an_evaluation_costs_the_fewer_members_are_scored_first() -> None:
    config = small_config(search={"population_size": 1000})
    assert [cost_estimate._members(config, seconds) for seconds in (1e-6, 0.01, 10.0)] == [100, 10, 2]
    assert cost_estimate._members(small_config(), 1e-6) == 20


def test_islands_side_by_side_add_up() -> None:
    samples = [
        cost_estimate.Sample(seconds=2.0, programs=100, evaluated=50, steps=1000),
        cost_estimate.Sample(1.0, 100, 30, 3000),
    ]
    assert cost_estimate._pace(samples, net_seconds=0.1, net_steps=500) == cost_estimate.Pace(
        1 / 150, 20, 0.4, 0.05, 500
    )


@pytest.mark.parametrize(("evaluated", "share"), [(0.4, 0.4), (0.01, cost_estimate.EVALUATED)])
def test_programs_may_cost_a_net_for_each_evaluation_on_top(evaluated: float, share: float) -> None:
    pace = cost_estimate.Pace(seconds=2.0, steps=20, evaluated=evaluated, net_seconds=10.0, net_steps=500)
    assert pace.slow_seconds == 2 + 10 * share
    assert pace.most_steps == 50
    assert pace.speeds == (10, 20 / (2 + 10 * evaluated), 50 / pace.slow_seconds)


def test_of_groups_the_mean_counts() -> None:
    assert cost_estimate._mean(
        [cost_estimate.Pace(1, 2, 3, 4, 5), cost_estimate.Pace(3, 4, 5, 6, 7)]
    ) == cost_estimate.Pace(2, 3, 4, 5, 6)


def test_the_range_is_from_one_population_to_the_other() -> None:
    found = cost_estimate._estimate(
        [cost_estimate.Pace(0.1, 10.0, 0.5, 0.2, 10.0), cost_estimate.Pace(0.5, 40.0, 0.5, 0.6, 10.0)]
    )
    assert found.seconds_per_program == pytest.approx((0.1 / cost_estimate.DRIFT, 0.8 * cost_estimate.DRIFT))
    assert found.steps_per_program == pytest.approx((10 / cost_estimate.DRIFT, 40 * cost_estimate.DRIFT))
    assert found.steps_per_second == pytest.approx((50 / cost_estimate.DRIFT, 100 * cost_estimate.DRIFT))


def test_on_a_cluster_all_processes_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automl_zero.run.cost_estimate.usable_processors", lambda: 2)
    config = small_config(islands={"count": 16})
    found, times = ESTIMATE.seconds_per_program, 4
    on_eight = on_cluster(ESTIMATE, config, 8)
    assert on_eight.seconds_per_program == tuple(each / times for each in found)
    assert on_eight.steps_per_second == tuple(each * times for each in ESTIMATE.steps_per_second)
    assert on_cluster(ESTIMATE, config, 1000) == on_cluster(ESTIMATE, config, 16)
    assert on_cluster(ESTIMATE, config, 2) == ESTIMATE
