"""A signal ends every command soon, in processes of their own; what a run has found is kept."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.runs.commands import COMMAND, start, wait_until
from support.runs.small_config import small_file

from automl_zero.run.record.events import Final, Stop
from automl_zero.run.record.run_folder import read_run

ENDLESS = (1 << 63) - 1
PATIENCE = 60  # seconds for what takes two, on a machine that does something else, too


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_whose_epoch_has_no_end_gives_its_result(number: signal.Signals, code: int, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ["--set", f"islands.epoch_programs={ENDLESS}", "--set", f"stop.max_programs={ENDLESS}", "--quiet"]
    with start("run", small_file(tmp_path), "--out", folder, *options) as process:
        wait_until(
            lambda: (folder / "events.jsonl").exists() and b"improvement" in (folder / "events.jsonl").read_bytes()
        )
        time.sleep(0.3)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    final, stop = read_run(folder).events[-2:]
    assert isinstance(final, Final)
    assert isinstance(stop, Stop)
    assert stop.cut_programs


def test_a_run_that_has_not_begun_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    many = ["--set", "search.population_size=1000000", "--set", "evaluation.cache_size=0"]
    with start("run", small_file(tmp_path), "--out", folder, *many) as process:
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert not folder.exists()
    assert "interrupted" in output


def test_a_command_that_computes_for_long_is_ended() -> None:
    command = [*COMMAND, "tune", "two_layer_net", "--suite", "digits", "--trials", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in output
