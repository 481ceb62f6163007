"""What the page is told of a run, as plain values ready for JSON."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

from automl_zero.analysis.analyze import techniques_with_notes
from automl_zero.analysis.difference import of_lines
from automl_zero.analysis.recognise import recognise
from automl_zero.config import Config
from automl_zero.dashboard.follow import Follower
from automl_zero.program.text import from_text
from automl_zero.run.events import Final, Improvement, Lineage, to_plain
from automl_zero.run.fates import pruned, shares
from automl_zero.run.reading import short_text
from automl_zero.tasks.task import Loss


def run_in_a_row(follower: Follower) -> dict[str, Any]:
    """What a list of runs shows."""
    epoch, stop = follower.epoch, follower.stop
    return {
        "seconds": stop.seconds if stop else epoch.seconds if epoch else 0.0,
        "programs": stop.programs if stop else epoch.programs if epoch else 0,
        "fitness": epoch.best_fitness if epoch else None,
        "reason": stop.reason if stop else None,
    }


def whole_run(follower: Follower, config: Config) -> dict[str, Any]:
    """All but the programs."""
    epoch = follower.epoch
    counters = epoch.counters if epoch else {}
    return {
        **run_in_a_row(follower),
        "version": follower.version,
        "read": follower.share,
        "faulty": follower.faulty,
        "start": to_plain(follower.start) if follower.start else None,
        "curve": follower.curve,
        "moments": [[each.seconds, each.experiment, each.programs, each.fitness] for each in follower.moments],
        "ancestors": _ancestors(follower),
        "epoch": to_plain(epoch) if epoch else None,
        "speed": _speed(follower.recent),
        "fates": shares(counters, config),
        "pruned": pruned(counters),
        "limits": config.stop.model_dump(mode="json"),
        "final": _final(follower.final),
    }


def _ancestors(follower: Follower) -> list[list[Any]]:
    event = follower.text(*follower.lineage) if follower.lineage else None
    found = event.ancestors if isinstance(event, Lineage) else ()
    return [[each.island, each.island_programs, each.mutation, each.fitness] for each in found]


def _speed(recent: list[tuple[float, int]]) -> float:
    if len(recent) < 2:
        return 0.0
    (first, before), (last, now) = recent[0], recent[-1]
    return (now - before) / max(last - first, 1e-9)


def _final(final: Final | None) -> dict[str, Any] | None:
    if final is None:
        return None
    plain = to_plain(final)
    return {key: plain[key] for key in ("scores", "baselines", "learned", "loss")}


def story(follower: Follower, config: Config, kind: str, number: int) -> dict[str, Any]:
    """A program, what of it is new, and the techniques that it uses.

    Args:
        follower: of the run.
        config: of the run.
        kind: ``improvement`` or ``ancestor``.
        number: which of them, from 0; negative from the end.

    Raises:
        LookupError: there is none.
    """
    programs = _programs(follower, kind, number)
    multiclass = config.tasks.num_classes > 2
    text, before = (_short(each, multiclass) if each else "" for each in programs)
    return {
        "exact": programs[0],
        "lines": _difference(before, text),
        "techniques": _techniques(programs[0], multiclass, follower.final.loss if follower.final else None),
    }


def _programs(follower: Follower, kind: str, number: int) -> tuple[str, str]:
    """The program, and the one before it, or an empty text."""
    if kind == "ancestor" and follower.lineage:
        event = follower.text(*follower.lineage)
        ancestors = event.ancestors if isinstance(event, Lineage) else ()
        return ancestors[number].program, ancestors[number - 1].program if number % len(ancestors) else ""
    moments = follower.moments
    moment = moments[number]
    before = moments[number - 1] if number % len(moments) else None
    return _program(follower, moment.place, moment.length), (
        _program(follower, before.place, before.length) if before and before.experiment == moment.experiment else ""
    )


def _program(follower: Follower, place: int, length: int) -> str:
    event = follower.text(place, length)
    return event.program if isinstance(event, Improvement) else ""


@lru_cache(maxsize=256)
def _short(program: str, multiclass: bool) -> str:
    """Without what has no effect; a text that is no program is shown as it is."""
    try:
        return short_text(from_text(program), multiclass)
    except ValueError:
        return program


@lru_cache(maxsize=256)
def _techniques(program: str, multiclass: bool, loss: Loss | None) -> tuple[dict[str, str], ...]:
    try:
        found = recognise(from_text(program), multiclass, loss=loss)
    except ValueError:
        return ()
    return tuple({**asdict(technique), "note": note} for technique, note in techniques_with_notes(found))


def _difference(before: str, after: str) -> list[tuple[str, str]]:
    """Lines with a mark: kept, added or removed; without a program before, all are kept."""
    old, new = before.splitlines(), after.splitlines()
    return [(each.mark.value, each.text) for each in of_lines(old or new, new)]
