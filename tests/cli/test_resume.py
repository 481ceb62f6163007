"""The command ``resume``: what it prints, refuses and leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import cut_events, flip_bit, migrating
from support.runs.timeless import timeless
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.run.record.run_folder import locked, read_run


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def refused(*arguments: object) -> str:
    """The message of a command that refuses its input, and prints nothing else."""
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    return result.stderr


def shown(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(invoke("show", folder, "--json").stdout)
    return found


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that its limit has ended."""
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(migrating(stop={"max_programs": 700}).to_toml())
    assert invoke("run", "small.toml", "--out", "run", "--quiet").exit_code == 0
    return Path("run")


def test_a_run_whose_limit_is_raised_continues_as_one_that_had_that_limit(run: Path) -> None:
    result = invoke("resume", run, "--set", "stop.max_programs=1000", "--set", "stop.max_experiments=2")
    assert result.exit_code == 0
    assert result.stdout.startswith("resuming from experiment 1, epoch 4\n")
    assert result.stdout.endswith(f"{(run / 'report.txt').read_text()}report: run/report.html\n")
    changes = ("--set", "stop.max_programs=1000", "--set", "stop.max_experiments=2")
    invoke("run", "small.toml", *changes, "--out", "other", "--quiet", "--workers", 1)
    assert timeless(read_run(run).events) == timeless(read_run(Path("other")).events)
    assert shown(run)["state_digest"] == shown(Path("other"))["state_digest"]


def test_the_digest_is_shown_by_every_command(run: Path) -> None:
    before = shown(run)["state_digest"]
    assert len(before) == 64
    resumed = json.loads(invoke("resume", run, "--set", "stop.max_experiments=2", "--json").stdout)
    assert resumed["state_digest"] == shown(run)["state_digest"] != before


def test_quiet_and_json_are_as_of_run(run: Path) -> None:
    result = invoke("resume", run, "--set", "stop.max_experiments=2", "--quiet")
    assert result.stdout == (run / "report.txt").read_text()
    cut_events(run, len(read_run(run).events) - 1)
    result = invoke("resume", run, "--json")
    assert json.loads(result.stdout)["reason"] == "stop.max_programs"
    assert result.stderr.startswith("resuming from experiment 2, ")


def test_a_damaged_checkpoint_is_printed(run: Path) -> None:
    last = max((run / "checkpoints").iterdir())
    flip_bit(last, 1000)
    result = invoke("resume", run, "--set", "stop.max_experiments=2")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{last.name} is damaged: its content does not have its checksum: renamed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            "it was ended by stop.max_experiments = 1: to continue it, raise that limit with --set stop.max",
        ),
        (["--set", "stop.max_experiments=2", "--set", "seed=4"], "this has changed:\n  seed: 0 before, 4 now\n"),
        (["--set", "stop.max_experimints=2"], "unknown key stop.max_experimints = 2"),
    ],
    ids=["complete", "changed", "unknown"],
)
def test_what_cannot_continue_is_refused_and_left_alone(arguments: list[str], message: str, run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert message in refused("resume", run, *arguments)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_folder_that_is_no_run_or_in_use_is_refused(run: Path) -> None:
    assert "nonsense is not a run folder" in refused("resume", "nonsense")
    with locked(run):
        assert "run folder run is in use by another process" in refused("resume", run)


def test_a_run_without_checkpoints_has_no_digest_and_cannot_continue(run: Path) -> None:
    invoke("run", "small.toml", "--set", "checkpoint.keep=0", "--out", "bare", "--quiet")
    assert shown(Path("bare"))["state_digest"] is None
    assert "bare has no checkpoint, so the run cannot resume" in refused("resume", "bare")
    assert run.exists()
