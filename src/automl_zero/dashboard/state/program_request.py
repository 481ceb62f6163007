"""Which program of a run is asked for, and the one before it."""

from __future__ import annotations

from automl_zero.config import Config
from automl_zero.dashboard.analysis.analysis_pool import AnalysisRequest
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.run.record.events import Final, Improvement, Lineage


def question(follower: EventTail, config: Config, kind: str, number: int) -> AnalysisRequest:
    """What is asked about a program of a run.

    Args:
        follower: of the run.
        config: of the run.
        kind: ``improvement`` or ``ancestor``.
        number: which of them, from 0; negative from the end.

    Raises:
        LookupError: there is none.
        OSError, ValueError: the file has changed, and has it no more.
    """
    program, before = _programs(follower, kind, number)
    final = follower.known.latest(Final)
    return AnalysisRequest(program, before, config.tasks.num_classes > 2, final.loss if final else None)


def _programs(follower: EventTail, kind: str, number: int) -> tuple[str, str]:
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


def _program(follower: EventTail, place: int, length: int) -> str:
    event = follower.text(place, length)
    return event.program if isinstance(event, Improvement) else ""
