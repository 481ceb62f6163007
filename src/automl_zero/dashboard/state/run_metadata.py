"""The metadata of a run as plain values: its config, its environment, and how to reproduce it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from automl_zero.config import Config
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.run.checkpoint.compatibility import differing
from automl_zero.run.console.run_info import run_info
from automl_zero.run.console.summary import rerun_command
from automl_zero.run.record.events import Start


def run_metadata(folder: Path, tail: EventTail, config: Config, other: Config | None) -> dict[str, Any]:
    """Return the metadata of a run; ``differing`` are the settings in which it differs from the ``other`` one."""
    known = tail.known
    one, two = (each.model_dump(mode="json") if each else {} for each in (config, other))
    return {
        "facts": run_info(config, known.latest(Start), known.stop),
        "again": rerun_command(known.stop, folder, config.islands.synchronous) if known.stop else "",
        "config": config.to_toml(),
        "differing": [(key, *map(_config_text, values)) for key, *values in differing(one, two)] if other else [],
    }


def _config_text(value: Any) -> str:
    """Return a value as it is written in a config, which has no null."""
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)
