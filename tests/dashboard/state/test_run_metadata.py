"""The metadata of a run: the same facts as in its report, its config, and differences to another run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.dashboard.client import client
from support.runs.hostile_runs import HOSTILE, make_hostile_run
from support.runs.sample_events import EPOCH
from support.runs.small_config import small_config

from automl_zero.config import load_config
from automl_zero.run.record.events import Start, Stop, to_json
from automl_zero.run.record.run_folder import RunFolder

START = Start(version="1", name="small", seed=0, workers=2, time="2026-01-02T03:04:05+00:00", machine="a machine")
STOP = Stop(seconds=4.0, reason="stop.max_seconds", experiments=1, programs=1000, train_steps=5000)


def make_run(folder: Path, *events: Any, **changes: Any) -> Path:
    RunFolder.create(folder, small_config(**changes))
    (folder / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in events))
    return folder


def asked(root: Path, query: str) -> Any:
    answer = client(root).get(f"/api/about?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_run_that_has_ended_says_on_what_it_was_done_and_how_to_do_it_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "one", START, EPOCH, STOP)
    metadata = asked(tmp_path, "id=0/one")
    assert metadata["facts"] == [
        ["seed", "0, which determines all random numbers"],
        ["started", "2026-01-02 03:04:05 UTC"],
        ["machine", "a machine"],
        ["threads or processes", "2"],
        ["versions", "automl-zero 1"],
        ["ended by", "stop.max_seconds"],
        ["time, with the final scoring", "4 seconds"],
    ]
    command = f"automl-zero run {folder}/config.toml --out {folder}-again"
    assert metadata["again"] == f"{command} --set stop.max_seconds=none --set stop.max_programs=1000"


def test_a_run_that_continues_has_no_command_to_reproduce_it(tmp_path: Path) -> None:
    make_run(tmp_path / "one", replace(START, machine=""), EPOCH)
    metadata = asked(tmp_path, "id=0/one")
    assert metadata["again"] == ""
    assert not {"machine", "ended by"} & {name for name, _ in metadata["facts"]}


def test_the_config_is_one_that_can_be_run(tmp_path: Path) -> None:
    make_run(tmp_path / "one", stop={"max_programs": None, "max_seconds": 5.0})
    (tmp_path / "again.toml").write_text(asked(tmp_path, "id=0/one")["config"])
    assert load_config(str(tmp_path / "again.toml")) == load_config(str(tmp_path / "one" / "config.toml"))


def test_settings_that_differ_are_shown_as_in_a_config(tmp_path: Path) -> None:
    make_run(tmp_path / "one")
    make_run(tmp_path / "other", seed=3, stop={"max_programs": None, "max_seconds": 5.0}, search={"parsimony": True})
    assert asked(tmp_path, "id=0/one")["differing"] == asked(tmp_path, "id=0/one&with=0/one")["differing"] == []
    metadata = {key: values for key, *values in asked(tmp_path, "id=0/one&with=0/other")["differing"]}
    one = small_config()
    assert metadata == {
        "seed": ["0", "3"],
        "search.parsimony": ["false", "true"],
        "stop.max_programs": [str(one.stop.max_programs), "none"],
        "stop.max_seconds": ["none", "5.0"],
    }


@pytest.mark.parametrize("query", ["id=0/none", "id=0/one&with=0/none", "id=0/one&with=../secret", "with=0/one"])
def test_what_is_no_run_is_not_found(query: str, tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "one")
    make_run(tmp_path / "secret")
    assert client(tmp_path / "runs").get(f"/api/about?{query}").status_code == 404


def test_hostile_facts_and_configs_are_sent_as_json(tmp_path: Path) -> None:
    make_hostile_run(tmp_path / "one")
    metadata = asked(tmp_path, "id=0/one")
    assert ["ended by", HOSTILE] in metadata["facts"]
    assert "<script>" in metadata["config"]
