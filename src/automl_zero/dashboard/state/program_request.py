"""The request to analyze a program of a run, with the program before it."""

from __future__ import annotations

from automl_zero.config import Config
from automl_zero.dashboard.analysis.analysis_pool import AnalysisRequest
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.run.record.events import Final, Improvement, Lineage


def program_request(tail: EventTail, config: Config, kind: str, number: int) -> AnalysisRequest:
    """Return the request to analyze a program of a run.

    Args:
        tail: the events of the run.
        config: the config of the run.
        kind: ``improvement`` or ``ancestor``.
        number: its index, from 0; negative from the end.

    Raises:
        LookupError: there is none.
        OSError, ValueError: the file has changed, and does not have it any more.
    """
    program, before = _programs(tail, kind, number)
    final = tail.known.latest(Final)
    return AnalysisRequest(program, before, config.tasks.num_classes > 2, final.loss if final else None)


def _programs(tail: EventTail, kind: str, number: int) -> tuple[str, str]:
    """Return the program, and the one before it or an empty text."""
    if kind == "ancestor" and tail.known.lineage:
        event = tail.event_at(*tail.known.lineage)
        ancestors = event.ancestors if isinstance(event, Lineage) else ()
        return ancestors[number].program, ancestors[number - 1].program if number % len(ancestors) else ""
    improvements = tail.known.improvements
    improvement = improvements[number]
    before = improvements[number - 1] if number % len(improvements) else None
    return _program(tail, improvement.offset, improvement.length), (
        _program(tail, before.offset, before.length) if before and before.experiment == improvement.experiment else ""
    )


def _program(tail: EventTail, offset: int, length: int) -> str:
    event = tail.event_at(offset, length)
    return event.program if isinstance(event, Improvement) else ""
