"""Small snapshots and checkpoints, and runs that keep all of their states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from support.runs.sample_events import selection
from support.runs.small_config import MIXED, small_config

from automl_zero.config import Config
from automl_zero.run.checkpoint.file_format import Checkpoint, origin_of
from automl_zero.run.checkpoint.snapshot import RunState, Snapshot
from automl_zero.run.resume import resume_folder
from automl_zero.run.session import run_to_folder

RUN_STATE = RunState(
    experiment=1,
    epoch=7,
    fitness=0.1 + 0.2,  # whose digits must all be kept
    improved_at=350,
    best_fitness=0.75,
    finished_counters={"programs": 500, "evaluated": 0},
    num_finished=1,
    selections=(selection(0.5, True),),
    num_events=12,
    seconds=3.25,
)
ALL_STATES = {"every_epochs": 1, "keep": 1000}
TWO_EXPERIMENTS: dict[str, dict[str, Any]] = {
    "stop": {"max_programs": None, "max_experiments": 2},
    "experiment": {"max_programs": 600},
    "baselines": {"names": []},  # which take most of the time
    "checkpoint": ALL_STATES,
}
QUIET = Console(quiet=True)


def snapshot(**changes: Any) -> Snapshot:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([np.nan, -0.0]), "c": np.zeros((0, 4), np.uint64)}
    return Snapshot(replace(RUN_STATE, **changes), arrays)


def checkpoint(**changes: Any) -> Checkpoint:
    return Checkpoint(origin_of(small_config(), ("one", "two")), snapshot(**changes))


def migrating(**changes: dict[str, Any]) -> Config:
    """Two experiments of three islands that programs migrate between."""
    return small_config(**{**TWO_EXPERIMENTS, **changes})


def grouped(**changes: dict[str, Any]) -> Config:
    """Two experiments of four islands in two groups that differ in their tasks."""
    islands = {"count": 4, "groups": MIXED["linear"], "migration_epochs": 2}
    return small_config(**{**TWO_EXPERIMENTS, "islands": islands, **changes})


def record(config: Config, folder: Path, workers: int = 2) -> Path:
    """Do a run in a folder."""
    run_to_folder(config, folder, workers, QUIET)
    return folder


def resume(folder: Path, *overrides: str, allow_change: bool = False, workers: int = 2) -> Path:
    """Go on with a run."""
    resume_folder(folder, overrides, allow_change, workers, QUIET)
    return folder


def cut_events(folder: Path, count: int, also: bytes = b"") -> None:
    """Leave that many events, and perhaps a part of the next, as if the process had been killed there."""
    path = folder / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:count]) + also)


def flip_bit(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
