"""What a run was done on, when, with which versions and from which seed, each with its name: for page and dashboard."""

from __future__ import annotations

from automl_zero.config import Config
from automl_zero.run.console.formatting import duration
from automl_zero.run.record.events import Start, Stop


def run_info(config: Config, start: Start | None, stop: Stop | None) -> list[tuple[str, str]]:
    """Those that are known: more once a run has begun, and once it has ended; older versions told fewer."""
    found = [("seed", f"{config.seed}, which all random numbers come from")]
    found += _beginning(start) if start else []
    found += [("ended by", stop.reason), ("time, with the final scoring", duration(stop.seconds))] if stop else []
    return [(name, value) for name, value in found if value]


def _beginning(start: Start) -> list[tuple[str, str]]:
    versions = {"automl-zero": start.version} | start.versions
    return [
        ("begun", start.time.replace("T", " ").replace("+00:00", " UTC")),
        ("machine", start.machine),
        ("threads or processes", str(start.workers)),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
