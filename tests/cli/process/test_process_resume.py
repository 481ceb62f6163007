"""A run that is killed at any moment, again and again, comes to the same end as one that is left alone."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
from support.runs.commands import start, wait_until
from support.runs.saved_states import ALL_STATES, grouped
from support.runs.timeless import timeless

from automl_zero.run.checkpoint.manager import latest, state_digest
from automl_zero.run.record.run_folder import read_run


@pytest.fixture
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Of a run of 100 epochs, or (epochs, experiments at once) of a test, in which all of its states are kept."""
    epochs, concurrent = getattr(request, "param", (100, 1))
    stop = {"max_programs": 200 * epochs, "max_experiments": None}
    experiment = {"max_programs": 6000, "concurrent": concurrent}
    path = tmp_path / "small.toml"
    path.write_text(grouped(stop=stop, experiment=experiment, checkpoint=ALL_STATES | {"keep": 3}).to_toml())
    return path


def epochs_of(folder: Path) -> int:
    path = folder / "events.jsonl"
    return path.read_bytes().count(b'"event":"epoch"') if path.exists() else 0


def kill_after(folder: Path, seconds: float, *arguments: object) -> None:
    """Start a command, and kill it that long after it has begun to do epochs, while it still does."""
    before = latest(folder).checkpoint.snapshot.state.num_events if folder.exists() else 0
    with start(*arguments) as process:
        wait_until(lambda: process.poll() is not None or has_begun(folder, before))
        time.sleep(seconds)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert read_run(folder).events[-1].event != "stop"  # or there would be nothing to go on with


def has_begun(folder: Path, events: int) -> bool:
    """Whether there are checkpoints later than the one with so many events."""
    return (
        any((folder / "checkpoints").glob("*.checkpoint"))
        and latest(folder).checkpoint.snapshot.state.num_events > events
    )


def check_killed_runs_end_the_same(kills: int, longest: float, config: Path) -> None:
    moments, folder, whole = random.Random(kills), config.parent / "killed", config.parent / "whole"
    with start("run", config, "--out", whole) as process:
        assert process.wait() == 0
    kill_after(folder, moments.uniform(0, longest), "run", config, "--out", folder, "--workers", 2)
    for kill in range(1, kills):
        kill_after(folder, moments.uniform(0, longest), "resume", folder, "--workers", 1 + kill % 3)
    with start("resume", folder) as process:
        assert process.wait() == 0
    assert timeless(read_run(folder).events) == timeless(read_run(whole).events)
    assert state_digest(folder) == state_digest(whole)
    states = (latest(each).checkpoint.snapshot.arrays for each in (folder, whole))
    one, other = ({name: array.tobytes() for name, array in each.items()} for each in states)
    assert one == other


@pytest.mark.parametrize("config", [(400, 1), (400, 3)], indirect=True)
def test_a_run_that_is_killed_three_times_ends_as_if_it_had_never_been(config: Path) -> None:
    check_killed_runs_end_the_same(3, 0.3, config)


@pytest.mark.soak
@pytest.mark.parametrize("config", [(3000, 1)], indirect=True)
def test_a_run_that_is_killed_twenty_times_ends_as_if_it_had_never_been(config: Path) -> None:
    check_killed_runs_end_the_same(20, 0.3, config)


def test_a_run_that_was_interrupted_continues_as_if_it_had_not_been(config: Path) -> None:
    folder, whole = config.parent / "interrupted", config.parent / "whole"
    with start("run", config, "--out", folder) as process:
        wait_until(lambda: epochs_of(folder) > 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 143
    assert read_run(folder).events[-1].event == "stop"
    assert epochs_of(folder) < 90
    for command in (("resume", folder), ("run", config, "--out", whole)):
        with start(*command) as process:
            assert process.wait() == 0
    assert timeless(read_run(folder).events) == timeless(read_run(whole).events)
    assert state_digest(folder) == state_digest(whole)


def test_a_run_that_continues_cannot_be_resumed_by_a_second_process(config: Path) -> None:
    folder = config.parent / "run"
    with start("run", config, "--out", folder, "--set", "stop.max_programs=10000000") as one:
        wait_until(lambda: epochs_of(folder) > 0)
        with start("resume", folder) as other:
            output, _ = other.communicate()
        one.kill()
    assert other.returncode == 2
    assert f"run folder {folder} is in use by another process: wait for it, or end it" in output
