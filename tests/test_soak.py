"""A long search is killed every few seconds: no epoch is lost, no bit differs in the end, and no memory is lost.

``make soak`` takes ``SOAK_SECONDS`` in all for this: about two thirds for the kills, the rest for the same search
without them.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from commands import start, wait_until
from kept_states import grouped
from timeless import timeless

from automl_zero.run.checkpoints import latest, state_digest
from automl_zero.run.events import EpochEnd
from automl_zero.run.store import read_run

ENGINES = {"threads": ["--workers", 2], "ray": ["--engine", "ray", "--workers", 2]}  # the options that choose an engine
SECONDS = float(os.environ.get("SOAK_SECONDS", "1200"))
KILLED = 0.65  # of the time of an engine
LIFE = (0.2, 4.0)  # seconds that a process searches before it is killed
ENDLESS = "stop.max_programs=1000000000000"
EVERY = 0.25  # seconds between two looks at the memory
# A search holds its arrays and its improvements, and nothing for an epoch. It makes more than 8000 epochs in its time,
# so that even two kilobytes lost in each would be more than this. Its growth was 0.0 MiB when it was measured.
MOST_GROWTH = 8.0  # MiB


def epochs_of(folder: Path) -> list[EpochEnd]:
    return [event for event in read_run(folder).events if isinstance(event, EpochEnd)]


def check_lost_nothing(folder: Path, epochs_before: int) -> int:
    """Every epoch that was told is kept, but for the one under way; gives their number."""
    events = epochs_of(folder)
    record = latest(folder).checkpoint.snapshot.record
    assert [event.epoch for event in events] == list(range(1, len(events) + 1))
    assert record.epoch >= max(len(events) - 1, epochs_before - 1)
    return len(events)


def kill_again_and_again(folder: Path, config: Path, options: list[object], seconds: float) -> tuple[int, int]:
    """Begin a run and go on with it until the time is over; gives the numbers of kills and epochs."""
    moments, end, kills, epochs = random.Random(0), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        command = ["resume", folder] if kills else ["run", config, "--out", folder]
        kill_after(moments.uniform(*LIFE), folder, epochs, [*command, *options])
        kills, epochs = kills + 1, check_lost_nothing(folder, epochs)
    return kills, epochs


def kill_after(seconds: float, folder: Path, epochs: int, command: list[object]) -> None:
    """Start a command, and kill it that long after it has done more epochs than there were."""
    with start(*command) as process:
        wait_until(lambda: process.poll() is not None or has_begun(folder, epochs))
        time.sleep(seconds)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def has_begun(folder: Path, epochs: int) -> bool:
    path = folder / "events.jsonl"
    return path.exists() and path.read_bytes().count(b'"event":"epoch"') > epochs


def memory_of(process: subprocess.Popen[str]) -> Iterator[float]:
    """What a process holds, in MiB, until it ends."""
    looked_at = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            yield looked_at.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            return
        time.sleep(EVERY)


def growth(memory: list[float]) -> float:
    """From the second to the last quarter of a search, in MiB: the first one compiles and fills caches."""
    quarter = len(memory) // 4
    return statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter])


@pytest.mark.soak
@pytest.mark.parametrize("engine", ENGINES)
def test_a_search_that_is_killed_every_few_seconds_loses_nothing(
    engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, killed, whole = tmp_path / "soak.toml", tmp_path / "killed", tmp_path / "whole"
    checkpoint = {"every_epochs": 1, "keep": 3}
    islands = {"epoch_programs": 1000}
    config.write_text(grouped(checkpoint=checkpoint, islands=islands, experiment={"max_programs": None}).to_toml())
    options, seconds = ["--set", ENDLESS, *ENGINES[engine]], SECONDS / len(ENGINES)
    kills, epochs = kill_again_and_again(killed, config, options, KILLED * seconds)

    programs = max(event.programs for event in epochs_of(killed)) + 10_000
    end = ["--set", f"stop.max_programs={programs}", *ENGINES[engine]]
    with start("resume", killed, *end) as process:
        assert process.wait() == 0
    with start("run", config, "--out", whole, *end) as process:
        memory = list(memory_of(process))
        assert process.wait() == 0

    with capsys.disabled():
        print(
            f"\n{engine}: killed {kills} times in {epochs} epochs; {len(memory)} looks at the memory without kills: "
            f"{min(memory):.0f} to {max(memory):.0f} MiB, {growth(memory):+.1f} MiB from the second to the last quarter"
        )
    assert timeless(read_run(killed).events) == timeless(read_run(whole).events)
    assert state_digest(killed) == state_digest(whole)
    assert growth(memory) < MOST_GROWTH
