"""A program of a run, what of it is new, and the techniques that it uses, as plain values ready for JSON."""

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
from automl_zero.run.events import Final, Improvement, Lineage
from automl_zero.run.reading import short_text
from automl_zero.tasks.task import Loss


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
    programs, final = _programs(follower, kind, number), follower.known.latest(Final)
    multiclass = config.tasks.num_classes > 2
    text, before = (_short(each, multiclass) if each else "" for each in programs)
    return {
        "exact": programs[0],
        "lines": _difference(before, text),
        "techniques": _techniques(programs[0], multiclass, final.loss if final else None),
    }


def _programs(follower: Follower, kind: str, number: int) -> tuple[str, str]:
    """The program, and the one before it, or an empty text."""
    if kind == "ancestor" and follower.known.lineage:
        event = follower.text(*follower.known.lineage)
        ancestors = event.ancestors if isinstance(event, Lineage) else ()
        return ancestors[number].program, ancestors[number - 1].program if number % len(ancestors) else ""
    moments = follower.known.moments
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
