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
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.runs.commands import start, wait_until
from support.runs.saved_states import grouped
from support.runs.timeless import timeless

from automl_zero.run.checkpoint.manager import latest, state_digest
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.record.run_folder import read_run

ENGINES = {"threads": ["--workers", 2], "ray": ["--engine", "ray", "--workers", 2]}  # the options that choose an engine
SECONDS = float(os.environ.get("SOAK_SECONDS", "1200"))
KILLED = 0.65  # of the time of an engine
LIFE = (0.2, 4.0)  # seconds that a process searches before it is killed
ENDLESS = "stop.max_programs=1000000000000"
SETTLED = 200  # epochs after which all is compiled and caches are full, however long that takes
EVERY = 0.25  # seconds between two looks at the memory from then on
LOOKS = 40  # from fewer, no growth can be seen
LONG = 600.0  # seconds of a soak in which there are more, whatever else the machine does
# A search holds its arrays and its improvements, and nothing for an epoch. In the usual time, it makes more than 8000
# epochs, so that even two kilobytes lost in each would be more than this.
MAX_GROWTH = 8.0  # MiB


def epochs_of(folder: Path) -> list[EpochEnd]:
    return [event for event in read_run(folder).events if isinstance(event, EpochEnd)]


def check_lost_nothing(folder: Path, epochs_before: int) -> int:
    """Every epoch event is on disk, except for the epoch in progress; return their number."""
    events = epochs_of(folder)
    record = latest(folder).checkpoint.snapshot.state
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
    return count_of(folder, b'"event":"epoch"') > epochs


def count_of(folder: Path, event: bytes) -> int:
    path = folder / "events.jsonl"
    return path.read_bytes().count(event) if path.exists() else 0


def memory_of(process: subprocess.Popen[str], folder: Path) -> Iterator[float]:
    """What a search holds for itself, in MiB, once it has settled and until its report begins."""
    while process.poll() is None and not has_begun(folder, SETTLED):
        time.sleep(EVERY)
    while process.poll() is None and not count_of(folder, b'"event":"select"'):
        with suppress(psutil.NoSuchProcess):
            yield sum(map(own_memory, processes_of(process)))
        time.sleep(EVERY)


def processes_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The process, and those that hold its islands on Ray."""
    looked_at = psutil.Process(process.pid)
    return [looked_at, *(each for each in looked_at.children(recursive=True) if "RayHost" in each.name())]


def own_memory(process: psutil.Process) -> float:
    """Without what it shares, such as Ray's store, of which it sees more and more."""
    memory = process.memory_info()
    return float(memory.rss - memory.shared) / 2**20


def growth(memory: list[float]) -> float:
    """From the first to the last quarter, in MiB."""
    quarter = len(memory) // 4
    return statistics.median(memory[-quarter:]) - statistics.median(memory[:quarter])


def told_memory(memory: list[float]) -> str:
    if len(memory) < LOOKS:
        return "too short to show whether memory grows"
    grown = f"{growth(memory):+.1f} MiB from the first to the last quarter"
    return f"{len(memory)} looks at the memory without kills: {min(memory):.0f} to {max(memory):.0f} MiB, {grown}"


def test_growth_is_that_of_a_leak_and_not_of_a_moment() -> None:
    flat, leaking = [200.0 + look % 2 for look in range(LOOKS)], [200.0 + look for look in range(LOOKS)]
    assert growth([*flat[:-1], 900.0]) == 0.0
    assert growth(leaking) == 0.75 * LOOKS


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
        memory = list(memory_of(process, whole))
        assert process.wait() == 0

    with capsys.disabled():
        print(f"\n{engine}: killed {kills} times in {epochs} epochs; {told_memory(memory)}")
    assert timeless(read_run(killed).events) == timeless(read_run(whole).events)
    assert state_digest(killed) == state_digest(whole)
    assert len(memory) >= LOOKS or SECONDS < LONG
    assert len(memory) < LOOKS or growth(memory) < MAX_GROWTH
