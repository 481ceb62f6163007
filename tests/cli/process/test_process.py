"""The command as a process of its own: what it loads, how fast it is there, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.runs.invocations import BEST, COMPLETE, names

from automl_zero.run.checkpoint.manager import latest
from automl_zero.run.record.run_folder import read_run

COMMAND = [sys.executable, "-c", "from automl_zero.cli import main; main()"]

loading = pytest.mark.parametrize("code", ["import automl_zero", "from automl_zero.cli import main; main(['--help'])"])


@loading
def test_neither_the_package_nor_its_help_loads_what_takes_long(code: str) -> None:
    slow = {"jax", "jinja2", "matplotlib", "numba", "numpy", "optuna", "pandas", "pydantic", "ray", "scipy", "sklearn"}
    check = f"import atexit, sys; atexit.register(lambda: print('loaded', {slow} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", f"{check}\n{code}"], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded set()\n")


def test_errors_end_the_process_with_exit_code_2_and_without_a_traceback() -> None:
    done = subprocess.run([*COMMAND, "show", "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def begun(small: Path, *arguments: str) -> subprocess.Popen[str]:
    """A run in a process of its own that does not end by itself."""
    command = [
        *COMMAND,
        "run",
        str(small),
        "--set",
        "stop.max_programs=none",
        "--set",
        "stop.max_seconds=600",
        *arguments,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def events_of(folder: Path) -> str:
    return (folder / "events.jsonl").read_text() if folder.exists() else ""


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_ends_a_run_early_but_completely(number: signal.Signals, exit_code: int, small: Path) -> None:
    folder = small.parent / "runs" / "small-seed-0"
    with begun(small) as process:
        wait_until(lambda: '"event":"epoch"' in events_of(folder))
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert "finishing the epoch and writing everything; Ctrl-C again stops at once" in output
    assert "ended by: interrupted" in output
    assert names(folder) == COMPLETE
    assert names(folder / "best") == BEST
    output = [event.event for event in read_run(folder).events if event.event != "scoring"]
    assert output[-4:] == ["select", "lineage", "final", "stop"]


def test_the_second_signal_ends_the_process_at_once_and_the_folder_can_be_read(small: Path) -> None:
    folder = small.parent / "runs" / "small-seed-0"
    with begun(small, "--set", "islands.epoch_programs=100000000") as process:
        wait_until(lambda: list(folder.glob("checkpoints/*.checkpoint")))
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert any("finishing the epoch" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT
    assert names(folder) == [".holder", *(name for name in COMPLETE if not name.startswith("report"))]
    assert {event.event for event in read_run(folder).events} == {"start", "estimate", "improvement"}
    assert latest(folder).checkpoint.snapshot.state.num_events == len(read_run(folder).events)
