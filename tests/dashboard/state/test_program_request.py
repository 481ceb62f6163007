"""Requests to analyze a program of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.sample_events import EPOCH, improvement
from support.runs.small_config import small_config

from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.dashboard.state.program_request import program_request
from automl_zero.run.record.events import to_json


@pytest.fixture
def tail(tmp_path: Path) -> EventTail:
    """The events of a run with two improvements of one experiment, and one of the next."""
    events = [replace(improvement(number, number / 10), program=f"program {number}") for number in (1, 2)]
    events.append(replace(improvement(3, 0.9), program="program 3", experiment=1))
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{to_json(each)}\n" for each in [*events, EPOCH]))
    found = EventTail(path, tmp_path)
    found.read_new(60)
    return found


@pytest.mark.parametrize(
    ("number", "program", "before"),
    [(0, "program 1", ""), (1, "program 2", "program 1"), (2, "program 3", ""), (-1, "program 3", "")],
)
def test_an_improvement_is_compared_with_the_one_before_in_its_experiment(
    number: int, program: str, before: str, tail: EventTail
) -> None:
    request = program_request(tail, small_config(), "improvement", number)
    assert (request.program, request.before, request.multiclass, request.loss) == (program, before, False, None)


def test_without_a_lineage_ancestors_are_the_improvements(tail: EventTail) -> None:
    assert program_request(tail, small_config(), "ancestor", 1).program == "program 2"


def test_a_program_that_does_not_exist_is_an_error(tail: EventTail) -> None:
    with pytest.raises(LookupError):
        program_request(tail, small_config(), "improvement", 3)
