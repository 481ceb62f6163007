from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.run import time_reserve
from automl_zero.run.time_reserve import BASELINES_SHARE, MAX_SHARE, seconds_after_search
from automl_zero.tasks.task_kinds import Stage, sample_tasks
from automl_zero.vm.stop_flag import Stopped

LIMIT = 1000.0


def reserved(names: list[str]) -> float:
    config = small_config(stop={"max_seconds": LIMIT}, baselines={"names": names})
    samples = {stage: sample_tasks(config.tasks, stage, 0) for stage in (Stage.SELECT, Stage.FINAL)}
    return seconds_after_search(config, samples, 2)


def test_without_baselines_little_time_is_left_for_what_follows_the_search() -> None:
    assert 0 < reserved([]) < BASELINES_SHARE * LIMIT


def test_baselines_have_their_share_of_the_time() -> None:
    assert BASELINES_SHARE * LIMIT <= reserved(["linear", "net"]) <= MAX_SHARE * LIMIT


def test_what_takes_too_long_to_measure_has_the_most_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> float:
        raise Stopped

    monkeypatch.setattr(time_reserve, "_measured", stopped)
    assert reserved([]) == MAX_SHARE * LIMIT


def test_the_search_never_has_less_than_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_reserve, "_measured", lambda *_: 1e9)
    assert reserved(["linear"]) == MAX_SHARE * LIMIT
