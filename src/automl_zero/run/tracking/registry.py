"""The trackers that there are, by name; a library is loaded when its tracker is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from automl_zero.config import ConfigError
from automl_zero.run.tracking.tracker import Tracker

NAMES = ("tensorboard", "mlflow")  # of the libraries, and of the extras that install them


def new_trackers(names: Sequence[str], folder: Path, warn: Callable[[str], None]) -> list[Tracker]:
    """Trackers by name, each of them once.

    Args:
        names: some of ``NAMES``.
        folder: the run folder, which need not exist before the run begins.
        warn: called with a message by a tracker that fails.

    Raises:
        ConfigError: there is none of that name, or its library is not installed.
    """
    return [_kind(name)(folder, warn) for name in dict.fromkeys(names)]


def _kind(name: str) -> type[Tracker]:
    if name not in NAMES:
        raise ConfigError(f"there is no tracker '{name}': use {' or '.join(NAMES)}")
    if find_spec(name) is None:
        raise ConfigError(f"tracker '{name}' needs a library that is not installed: pip install '.[{name}]'")
    if name == "tensorboard":
        from automl_zero.run.tracking.tensorboard import TensorBoardTracker

        return TensorBoardTracker
    from automl_zero.run.tracking.mlflow import MLflowTracker

    return MLflowTracker
