from __future__ import annotations

from typing import Any

import pytest
from support.runs.sample_events import ESTIMATE
from support.runs.small_config import small_config

from automl_zero.run.console.cost_line import cost, cost_line, time_of_steps

NONE: dict[str, Any] = {"max_programs": None, "max_experiments": None}


@pytest.mark.parametrize(
    ("stop", "line"),
    [
        ({"max_programs": 1e6}, "17 minutes to 2.8 hours, 1M programs, 100M to 1G train steps"),
        ({"max_seconds": 180}, "3 minutes, 18k to 180k programs, 9M to 18M train steps"),
        ({"max_train_steps": 9e6}, "90 seconds to 3 minutes, 9k to 90k programs, 9M train steps"),
        (
            {"max_seconds": 180, "max_programs": 20_000},
            "20 seconds to 3 minutes, 18k to 20k programs, 2M to 18M train steps",
        ),
        ({"max_seconds": 180, "target_fitness": 1}, "at most 3 minutes, 18k to 180k programs, 9M to 18M train steps"),
        ({"target_fitness": 1}, "each hour, 360k to 3.6M programs, 180M to 360M train steps"),
        ({"max_programs": 1e12}, "32 to 317 years, 1T programs, 100T to 1,000T train steps"),
    ],
    ids=str,
)
def test_the_line_reports_the_cost_up_to_the_first_limit(stop: dict[str, float], line: str) -> None:
    limits = {key: int(value) if key != "target_fitness" else value for key, value in stop.items()}
    assert cost_line(ESTIMATE, small_config(stop=NONE | limits)) == f"expected: {line}"


def test_experiments_that_end_by_programs_end_the_run() -> None:
    stop, experiment = NONE | {"max_experiments": 10}, {"max_programs": 500}
    found = cost(ESTIMATE, small_config(stop=stop, experiment=experiment))
    assert (found.programs, found.seconds) == ((5000, 5000), (5, 50))
    assert not found.may_end_early


@pytest.mark.parametrize("early", [{"patience": 100}, {"target_fitness": 0.9}], ids=str)
def test_experiments_that_may_end_early_may_end_the_run_early(early: dict[str, float]) -> None:
    found = cost(ESTIMATE, small_config(stop={"max_experiments": 10}, experiment=early))
    assert found.may_end_early


def test_the_time_of_training_steps_is_reported() -> None:
    assert time_of_steps(ESTIMATE, 1e11) == "12 to 23 days"
