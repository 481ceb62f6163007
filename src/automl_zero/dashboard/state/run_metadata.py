"""What a run is rather than what it does: its config, what it was done on, and how to do it again, as plain values."""

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


def about(folder: Path, follower: EventTail, config: Config, other: Config | None) -> dict[str, Any]:
    """Of a run; ``differing`` are the settings that another one does not have in common with it."""
    known = follower.known
    one, two = (each.model_dump(mode="json") if each else {} for each in (config, other))
    return {
        "facts": run_info(config, known.latest(Start), known.stop),
        "again": rerun_command(known.stop, folder, config.islands.synchronous) if known.stop else "",
        "config": config.to_toml(),
        "differing": [(key, *map(_said, values)) for key, *values in differing(one, two)] if other else [],
    }


def _said(value: Any) -> str:
    """As a config says it, which has no null."""
    return value if isinstance(value, str) else "none" if value is None else json.dumps(value)
