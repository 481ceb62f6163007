from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from support.runs.sample_events import EPOCH, ESTIMATE

from automl_zero.run.record.events import EpochEnd, Event, Final, from_json, to_json, to_plain

KINDS = ["start", "epoch", "improvement", "select", "lineage", "scoring", "final", "stop"]


def test_a_complete_run_has_every_kind_of_event(events: tuple[Event, ...]) -> None:
    assert {event.event for event in events} == set(KINDS)


def test_every_event_is_one_line_of_json_and_reads_back_equal(events: tuple[Event, ...]) -> None:
    for event in (*events, ESTIMATE):
        line = to_json(event)
        assert "\n" not in line
        assert json.loads(line)["event"] == event.event
        assert from_json(line) == event


def test_the_plain_form_of_an_event_is_that_of_its_json(events: tuple[Event, ...]) -> None:
    assert all(to_plain(event) == json.loads(to_json(event)) for event in events)


def test_scores_are_named_by_stage(events: tuple[Event, ...]) -> None:
    (final,) = [to_plain(event) for event in events if isinstance(event, Final)]
    assert list(final["scores"]) == ["search", "select", "final"]
    assert set(final["scores"]["search"]) == {"fitness", "standard_error"}


def test_an_event_cannot_be_changed(events: tuple[Event, ...]) -> None:
    with pytest.raises(FrozenInstanceError):
        events[0].event = "stop"  # type: ignore[misc]


def test_an_epoch_of_an_older_version_reports_of_no_immigrants() -> None:
    plain = {**to_plain(replace(EPOCH, immigrants=((1, 7), None)))}
    assert from_json(json.dumps(plain)) == replace(EPOCH, immigrants=((1, 7), None))
    del plain["immigrants"]
    assert from_json(json.dumps(plain)) == EPOCH


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"event": "party"}', '{"event": "stop"}', '{"event": "stop", "sec'])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(line)


@pytest.mark.parametrize("value", ["1e19", "-1e19", "NaN", "Infinity", "9" * 5000])
@pytest.mark.parametrize("key", ["seconds", "programs", "best_fitness", "counters"])
def test_an_event_with_a_number_that_no_run_reports_of_is_refused(key: str, value: str) -> None:
    line = json.dumps({**to_plain(EPOCH), key: {"programs": "?"} if key == "counters" else "?"})
    with pytest.raises(ValueError, match=r"."):
        from_json(line.replace('"?"', value))


@pytest.mark.parametrize("key", ["seconds_per_program", "steps_per_program", "steps_per_second"])
def test_an_estimate_by_which_nothing_can_be_divided_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="a cost is too small to have been measured"):
        from_json(json.dumps({**to_plain(ESTIMATE), key: [0.0, 1.0]}))


def test_a_result_without_the_scores_of_a_stage_is_refused(events: tuple[Event, ...]) -> None:
    plain = next(to_plain(event) for event in events if isinstance(event, Final))
    del plain["scores"]["select"]
    with pytest.raises(ValueError, match="the score of a stage is missing"):
        from_json(json.dumps(plain))


def test_the_counters_of_an_epoch_are_kept_even_where_they_are_zero(events: tuple[Event, ...]) -> None:
    assert all(event.counters["over_cost"] == 0 for event in events if isinstance(event, EpochEnd))
