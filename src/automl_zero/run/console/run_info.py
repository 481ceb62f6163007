"""Facts about a run as (name, value) rows for the report page and the dashboard: seed, start, machine, versions."""

from __future__ import annotations

from automl_zero.config import Config
from automl_zero.run.console.formatting import duration
from automl_zero.run.record.events import Start, Stop


def run_info(config: Config, start: Start | None, stop: Stop | None) -> list[tuple[str, str]]:
    """Return the rows that are known: more after the start and after the end; events of old versions have fewer."""
    found = [("seed", f"{config.seed}, which determines all random numbers")]
    found += _start_rows(start) if start else []
    found += [("ended by", stop.reason), ("time, with the final scoring", duration(stop.seconds))] if stop else []
    return [(name, value) for name, value in found if value]


def _start_rows(start: Start) -> list[tuple[str, str]]:
    versions = {"automl-zero": start.version} | start.versions
    return [
        ("started", start.time.replace("T", " ").replace("+00:00", " UTC")),
        ("machine", start.machine),
        ("threads or processes", str(start.workers)),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
