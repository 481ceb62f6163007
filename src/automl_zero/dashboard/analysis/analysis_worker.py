"""The process that analyzes programs: for each, it prints the differences to another and its techniques, as JSON.

Programs may be untrusted, and their analysis may take very long. So it is done in a separate process, which may be
killed at any moment, and which limits its own time and memory.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from automl_zero.analysis.readable.diff import line_diff
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import techniques_with_notes
from automl_zero.program.annotate import short_text
from automl_zero.program.text import from_text
from automl_zero.tasks.task import Loss

MEMORY = 2 << 30  # bytes of address space
SECONDS = 60  # of processor time for one program, after which the kernel ends the process


def serve() -> None:
    """Process requests from stdin until its end; print an empty line at the start, and two lines for each request."""
    _print_line("")
    for request in sys.stdin:
        _limit_resources()
        for part in _replies(**json.loads(request)):
            _print_line(json.dumps(part))


def _print_line(line: str) -> None:
    try:
        sys.stdout.write(f"{line}\n")  # noqa: TID251 -- a pipe to the server
        sys.stdout.flush()  # noqa: TID251
    except BrokenPipeError:  # the server was killed
        os._exit(1)


def _limit_resources() -> None:
    """Limit memory and processor time, where the system supports this."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        for kind, most in (
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + SECONDS),
        ):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _replies(program: str, before: str, multiclass: bool, loss: str | None) -> Iterator[Any]:
    yield _difference(_short(before, multiclass) if before else "", _short(program, multiclass))
    yield _techniques(program, multiclass, Loss(loss) if loss else None)


def _short(program: str, multiclass: bool) -> str:
    """Return a program without instructions that have no effect; other text unchanged."""
    try:
        return short_text(from_text(program), multiclass)
    except ValueError:
        return program


def _difference(before: str, after: str) -> list[tuple[str, str]]:
    """Return lines with a mark: kept, added or removed; without a program before, all are kept."""
    old, new = before.splitlines(), after.splitlines()
    return [(each.mark.value, each.text) for each in line_diff(old or new, new)]


def _techniques(program: str, multiclass: bool, loss: Loss | None) -> list[dict[str, str]]:
    try:
        found = detect(from_text(program), multiclass, loss=loss)
    except ValueError:
        return []
    return [
        {"name": each.name, "sentence": each.description, "source": each.source, "note": note}
        for each, note in techniques_with_notes(found)
    ]
