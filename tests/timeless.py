"""Events without what depends on the clock and the machine: these are equal where searches are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from automl_zero.run.events import Event, Start


def timeless(events: Iterable[Event]) -> list[Event]:
    return [
        replace(event, time="", workers=0) if isinstance(event, Start) else replace(event, seconds=0.0)
        for event in events
    ]
