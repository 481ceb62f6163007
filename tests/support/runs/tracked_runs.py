"""Runs with trackers, and what their events say of the curves and the result that trackers must have."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.saved_states import QUIET, migrating

from automl_zero.run.record.events import EpochEnd, Final
from automl_zero.run.record.run_folder import read_run
from automl_zero.run.resume import resume_folder
from automl_zero.run.session import run_to_folder
from automl_zero.run.tracking.registry import new_trackers

MORE = "stop.max_programs=none"


def fail(message: str) -> None:
    raise AssertionError(message)


def tracked(folder: Path, name: str) -> Path:
    """A run with a tracker, which was resumed once."""
    run_to_folder(migrating(stop={"max_programs": 360}), folder, 1, QUIET, new_trackers([name], folder, fail))
    resume_folder(folder, [MORE], False, 1, QUIET, new_trackers([name], folder, fail))
    return folder


def curve(folder: Path) -> list[tuple[int, float]]:
    """(programs, best fitness) of each epoch, as the events have it."""
    events = read_run(folder).events
    return [(event.programs, pytest.approx(event.best_fitness)) for event in events if isinstance(event, EpochEnd)]


def final(folder: Path) -> Final:
    return next(event for event in read_run(folder).events if isinstance(event, Final))
