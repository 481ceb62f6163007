from __future__ import annotations

import pytest
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Event
from automl_zero.run.run import Run


@pytest.fixture(scope="session")
def two_experiments() -> Config:
    return small_config(stop={"max_programs": None, "max_experiments": 2}, experiment={"max_programs": 500})


@pytest.fixture(scope="session")
def events(two_experiments: Config) -> tuple[Event, ...]:
    """All events of a complete run."""
    return tuple(Run(two_experiments, workers=2).iter_events())


@pytest.fixture(scope="session")
def complete(two_experiments: Config, events: tuple[Event, ...]) -> Progress:
    """What is known after all of them."""
    progress = Progress(two_experiments)
    for event in events:
        progress.update(event)
    return progress
