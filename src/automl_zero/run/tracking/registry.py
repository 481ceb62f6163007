"""The registry of trackers: one row for each, which commands and tests use.

Importing this module loads no tracker; ``new_trackers`` imports those that are chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl_zero.run.tracking.tracker import Tracker


@dataclass(frozen=True, slots=True)
class TrackerEntry:
    """A tracker: a row of ``TRACKERS``, whose name is that of its library and of the extra that installs it.

    Attributes:
        description: what it writes.
        factory: ``module:class`` of the tracker.
    """

    description: str
    factory: str


TRACKERS: Mapping[str, TrackerEntry] = MappingProxyType(
    {
        "tensorboard": TrackerEntry(
            "event files in the run folder", "automl_zero.run.tracking.tensorboard:TensorBoardTracker"
        ),
        "mlflow": TrackerEntry(
            "a run of MLflow, on a server or in the run folder", "automl_zero.run.tracking.mlflow:MLflowTracker"
        ),
    }
)


def new_trackers(names: Sequence[str], folder: Path, warn: Callable[[str], None]) -> list[Tracker]:
    """Create trackers by name, each of them once.

    Args:
        names: some of ``TRACKERS``.
        folder: the run folder, which need not exist before the run starts.
        warn: called with a message by a tracker that fails.

    Raises:
        ConfigError: there is no tracker of that name, or its library is not installed.
    """
    return [_load(name)(folder, warn) for name in dict.fromkeys(names)]


def _load(name: str) -> type[Tracker]:
    """Import the class of a tracker."""
    from automl_zero.config import ConfigError

    if name not in TRACKERS:
        raise ConfigError(f"there is no tracker '{name}': use {' or '.join(TRACKERS)}")
    if find_spec(name) is None:
        raise ConfigError(f"tracker '{name}' needs a library that is not installed: pip install '.[{name}]'")
    kind: type[Tracker] = resolve_name(TRACKERS[name].factory)
    return kind
