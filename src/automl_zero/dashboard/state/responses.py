"""The responses about a run, as plain values ready for JSON."""

from __future__ import annotations

from typing import Any

from automl_zero.config import Config
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.dashboard.state.run_state import Point, RunView, shown_islands
from automl_zero.run.console.formatting import effect_rows
from automl_zero.run.console.outcomes import pruned, shares
from automl_zero.run.record.events import EpochEnd, Event, Final, Lineage, Scoring, Start, to_plain

MAX_COLUMNS = 120  # in the history of islands


def run_summary(tail: EventTail) -> dict[str, Any]:
    """Return what the list of runs shows."""
    epoch, stop = tail.known.latest(EpochEnd), tail.known.stop
    return {
        "seconds": stop.seconds if stop else epoch.seconds if epoch else 0.0,
        "programs": stop.programs if stop else epoch.programs if epoch else 0,
        "fitness": epoch.best_fitness if epoch else None,
        "status": status(tail.known.latest_event),
        "reason": stop.reason if stop else None,
    }


def status(latest: Event | None) -> str:
    """Return what a running run does after its latest event."""
    match latest:
        case None | Start():
            return "starting"
        case EpochEnd():
            return "searching"
        case Scoring():
            return f"scoring: baseline {latest.number} of {latest.count}, {latest.baseline}"
    return "scoring: the candidate"


def run_details(tail: EventTail, config: Config) -> dict[str, Any]:
    """Return all details of a run except for its programs."""
    known, curve, lineage = tail.known, tail.curve, _lineage(tail)
    epoch, start, final = known.latest(EpochEnd), known.latest(Start), known.latest(Final)
    counters = epoch.counters if epoch else {}
    return {
        **run_summary(tail),
        "version": tail.version,
        "read": tail.share,
        "faulty": tail.faulty,
        "start": to_plain(start) if start else None,
        "curve": [[each.seconds, each.programs, each.fitness] for each in curve],
        "history": _history(curve, len(epoch.island_fitness) if epoch else 0),
        "improvements": [[each.seconds, each.experiment, each.programs, each.fitness] for each in known.improvements],
        "ancestors": [
            [each.island, each.island_programs, each.mutation, each.fitness]
            for each in (lineage.ancestors if lineage else ())
        ],
        "effects": effect_rows(lineage.effects if lineage else {}),
        "epoch": to_plain(epoch) if epoch else None,
        "speed": _speed(known),
        "outcomes": shares(counters, config),
        "pruned": pruned(counters),
        "limits": config.stop.model_dump(mode="json"),
        "final": _final(final),
    }


def _history(curve: list[Point], islands: int) -> dict[str, Any]:
    """Return some epochs as columns, each with the best fitness of some islands."""
    shown = shown_islands(islands)
    columns = [each for each in curve if len(each.islands) == len(shown)]
    columns = [*columns[: -1 : max(1, -(-len(columns) // MAX_COLUMNS))], *columns[-1:]]
    return {
        "islands": shown,
        "seconds": [each.seconds for each in columns],
        "fitness": [[round(value, 5) for value in each.islands] for each in columns],
    }


def _lineage(tail: EventTail) -> Lineage | None:
    event = tail.event_at(*tail.known.lineage) if tail.known.lineage else None
    return event if isinstance(event, Lineage) else None


def _speed(known: RunView) -> float:
    if len(known.recent) < 2:
        return 0.0
    (first, before), (last, now) = known.recent[0], known.recent[-1]
    return (now - before) / max(last - first, 1e-9)


def _final(final: Final | None) -> dict[str, Any] | None:
    if final is None:
        return None
    plain = to_plain(final)
    return {key: plain[key] for key in ("scores", "baselines", "learned", "loss")}
