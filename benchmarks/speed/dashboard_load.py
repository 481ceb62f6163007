"""Measure time and memory of the dashboard on ten long runs.

``python benchmarks/speed/dashboard_load.py FOLDER`` writes ``docs/results/dashboard.md``. The runs are created in the
folder, which needs space for one file of a million events, which all ten runs share. They are opened as the page does
it, on a server that has just started: first the list, then each run with the history of its latest program.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from textwrap import fill
from typing import Any

import psutil

from automl_zero.config import load_config
from automl_zero.dashboard.server.access import VARIABLE, new_token
from automl_zero.run.record.events import EpochEnd, Improvement, to_json
from automl_zero.run.record.run_folder import EVENTS, RunFolder
from automl_zero.search.state import COUNTERS

PAGE = Path(__file__).parents[2] / "docs" / "results" / "dashboard.md"
BEGIN, END = "<!-- written by benchmarks/speed/dashboard_load.py -->\n", "<!-- end -->\n"
RUNS, EVENTS_OF_A_RUN, ISLANDS = 10, 1_000_000, 16
IMPROVES = 100  # one event in so many is an improvement
PORT, TOKEN = 8767, new_token()


def _forget(path: Path) -> None:
    """Ask the system to drop a file from its page cache."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make_runs(folder: Path) -> None:
    """Create ten run folders whose event files are hard links to one file."""
    config = load_config("digits")
    for number in range(RUNS):
        RunFolder.create(folder / str(number), config)
        events = folder / str(number) / EVENTS
        events.unlink()
        if number:
            os.link(folder / "0" / EVENTS, events)
        else:
            _write(events)


def _write(path: Path) -> None:
    first = EpochEnd(
        seconds=0.0, experiment=0, epoch=1, experiment_programs=1, programs=1, train_steps=1, best_fitness=0.5,
        island_fitness=(0.5,) * ISLANDS, counters=dict.fromkeys(COUNTERS, 10**9), behaviours=(50,) * ISLANDS,
        most_common_count=(9,) * ISLANDS,
    )  # fmt: skip
    program = "def Setup():\n" + "  v1 = s2 * v0\n" * 20 + "def Predict():\n  s1 = dot(v0, v1)\ndef Learn():\n"
    found = Improvement(
        seconds=0.0,
        experiment=0,
        experiment_programs=1,
        fitness=0.5,
        is_best=True,
        program=program + "  s2 = s0 - s1\n",
    )
    with path.open("w", encoding="utf-8") as file:
        for n in range(1, EVENTS_OF_A_RUN + 1):
            if n % IMPROVES == 0:
                found = replace(found, seconds=n / 10, experiment_programs=n, fitness=n / EVENTS_OF_A_RUN)
            event = replace(
                first, seconds=n / 10, epoch=n, experiment_programs=n, programs=n, best_fitness=found.fitness
            )
            file.write(to_json(event if n % IMPROVES else found) + "\n")


def ask(path: str) -> Any:
    """Return the JSON answer of the server."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{PORT}/api/{path}", headers=headers)
    ) as answer:
        return json.load(answer)


@dataclass(frozen=True)
class Figures:
    """Results of a measurement.

    Attributes:
        opened: Seconds until all runs are open.
        read: Seconds until all runs are read to their ends.
        empty: Bytes of memory of the server before a run is opened.
        at_open: Bytes of memory when all runs are open.
        most: The largest number of bytes seen.
    """

    opened: float
    read: float
    empty: int
    at_open: int
    most: int


def measure(folder: Path) -> Figures:
    """Open all runs on a new server, and wait until it has read them to their ends."""
    command = [sys.executable, "-c", "from automl_zero.cli import main; main()", "dashboard", folder, "--port", PORT]
    with subprocess.Popen([*map(str, command)], env={**os.environ, VARIABLE: TOKEN}) as server:
        try:
            _wait()
            ask("session")
            return _measure(partial(_bytes, psutil.Process(server.pid)))
        finally:
            server.terminate()


def _bytes(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def _measure(memory: Callable[[], int]) -> Figures:
    empty, began = memory(), time.monotonic()
    for run in ask("runs")["runs"]:
        assert ask(f"run?id={run['id']}")["curve"]
        assert ask(f"program?id={run['id']}&number=-1")["lines"]
        assert ask(f"about?id={run['id']}")["config"]
    opened, at_open = time.monotonic() - began, memory()
    most = at_open
    for number in range(RUNS):
        while ask(f"run?id=0/{number}")["read"] < 1:
            most = max(most, memory())
    return Figures(opened, time.monotonic() - began, empty, at_open, max(most, memory()))


def _wait() -> None:
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", PORT)):
            time.sleep(0.05)


def _report(found: Figures, size: int) -> str:
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    return (
        "`python benchmarks/speed/dashboard_load.py FOLDER`: "
        f"{RUNS} runs of {EVENTS_OF_A_RUN:,} events each ({size / 1e6:.0f} MB) are open after {found.opened:.1f} s and"
        f" read to their ends after {found.read:.0f} s. The server uses {found.empty / 1e6:.0f} MB when it starts,"
        f" {found.at_open / 1e6:.0f} MB when all runs are open, and at most {found.most / 1e6:.0f} MB, which is"
        f" {(found.most - found.empty) / RUNS / 1e6:.1f} MB for each run"
        f" ({machine}, {datetime.now(UTC).date().isoformat()})."
    )


def main(folder: Path) -> None:
    """Measure the dashboard, and write the page."""
    if not (folder / "0").exists():
        make_runs(folder)
    _forget(folder / "0" / EVENTS)
    report = fill(_report(measure(folder), (folder / "0" / EVENTS).stat().st_size), 120) + "\n"
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{report}{END}{rest.split(END)[1]}", encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
