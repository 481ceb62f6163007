from __future__ import annotations

from typing import Any

import pytest
from support.runs.sample_events import EPOCH
from support.runs.small_config import small_config

from automl_zero.run.console.outcomes import NO_OUTCOMES, OUTCOMES, pruned, sentence, shares
from automl_zero.search.state import COUNTERS

ALL = {"cost_limit": 2.0, "reject_unlearnable": True, "hurdle_train": 5}


def test_every_counter_with_a_name_for_people_is_one_of_the_search() -> None:
    assert {*OUTCOMES, *NO_OUTCOMES} <= set(COUNTERS)


def test_shares_are_of_all_programs() -> None:
    assert shares(EPOCH.counters, small_config(evaluation=ALL)) == {
        "evaluated": 0.5,
        "known code": 0.25,
        "known behaviour": 0.2,
        "too costly": 0.03,
        "unable to learn": 0.01,
        "below the hurdle": 0.01,
    }


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ["known code", "known behaviour"]),
        ({"cost_limit": 1.0}, ["known code", "known behaviour", "too costly"]),
        ({"reject_unlearnable": True}, ["known code", "known behaviour", "unable to learn"]),
        ({"hurdle_train": 5}, ["known code", "known behaviour", "below the hurdle"]),
        ({"fingerprint_train": 0}, ["known code"]),
        ({"cache_size": 0}, []),
    ],
    ids=str,
)
def test_what_a_config_makes_impossible_is_not_reported(changes: dict[str, Any], left: list[str]) -> None:
    assert list(shares(EPOCH.counters, small_config(evaluation=changes))) == ["evaluated", *left]


def test_an_unknown_counter_is_shown_under_its_own_name_once_it_counts() -> None:
    counters = EPOCH.counters | {"canonical_hits": 100, "never": 0}
    assert shares(counters, small_config())["canonical_hits"] == 0.1
    assert "never" not in shares(counters, small_config())


def test_before_any_program_all_shares_are_zero() -> None:
    assert set(shares({}, small_config()).values()) == {0}
    assert pruned({}) == 0


def test_the_sentence_reports_programs_and_instructions() -> None:
    reported = (
        "of the programs, 50.0% evaluated, 25.0% known code, 20.0% known behaviour; of the instructions, 75.0% pruned"
    )
    assert sentence(EPOCH.counters, small_config()) == reported
    counters = EPOCH.counters | {"rejected_drafts": 3 * EPOCH.counters["programs"], "reevaluated": 7}
    assert sentence(counters, small_config()) == f"{reported}; for each program, 3.0 drafts discarded"
