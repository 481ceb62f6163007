from __future__ import annotations

from support.runs.small_config import small_config

from automl_zero.run.console.run_info import run_info
from automl_zero.run.record.events import Start, Stop

STOP = Stop(seconds=90.0, reason="stop.max_seconds", experiments=1, programs=1000, train_steps=5000)


def start(**changes: object) -> Start:
    values = {"version": "1", "name": "small", "seed": 0, "workers": 2, "time": "2026-01-02T03:04:05+00:00"}
    return Start(**values | changes)  # type: ignore[arg-type]


def test_more_is_known_once_a_run_has_started_and_once_it_has_ended() -> None:
    config, began = small_config(seed=7), start(machine="fast", versions={"numpy": "2"})
    reported = [
        ("seed", "7, which determines all random numbers"),
        ("started", "2026-01-02 03:04:05 UTC"),
        ("machine", "fast"),
        ("threads or processes", "2"),
        ("versions", "automl-zero 1, numpy 2"),
        ("ended by", "stop.max_seconds"),
        ("time, with the final scoring", "90 seconds"),
    ]
    assert run_info(config, None, None) == reported[:1]
    assert run_info(config, began, None) == reported[:5]
    assert run_info(config, began, STOP) == reported


def test_what_older_versions_did_not_report_is_left_out() -> None:
    assert "machine" not in dict(run_info(small_config(), start(), None))
