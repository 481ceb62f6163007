"""Events without what depends on the clock and the machine: these are equal where searches are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from automl_zero.run.record.events import EpochEnd, Event, Start


def timeless(events: Iterable[Event]) -> list[Event]:
    return list(map(_timeless, events))


def _timeless(event: Event) -> Event:
    match event:
        case Start():
            return replace(event, time="", workers=0)
        case EpochEnd():
            return replace(event, seconds=0.0, cluster=None)
    return replace(event, seconds=0.0)
