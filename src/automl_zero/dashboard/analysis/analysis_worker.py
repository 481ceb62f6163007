"""The process that tells what programs are, as lines of JSON: what is new in one, and the techniques that it uses.

Programs come from strangers, and what is found out about one may take for ever. So this is done where it holds nobody
up, by a process that may be killed at any moment, and which has a bound of its own for time and memory.
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

MEMORY = 2 << 30  # bytes of addresses
SECONDS = 60  # of computing for one program, after which the kernel ends a process that nobody has killed


def serve() -> None:
    """Answer questions until there are no more: an empty line when it begins, and two lines for each question."""
    _say("")
    for question in sys.stdin:
        _bound()
        for part in _answer(**json.loads(question)):
            _say(json.dumps(part))


def _say(line: str) -> None:
    try:
        sys.stdout.write(f"{line}\n")  # noqa: TID251 -- a pipe to the server
        sys.stdout.flush()  # noqa: TID251
    except BrokenPipeError:  # the server was killed: there is nobody to tell, of this either
        os._exit(1)


def _bound() -> None:
    """Where the system has such bounds."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        for kind, most in (
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + SECONDS),
        ):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _answer(program: str, before: str, multiclass: bool, loss: str | None) -> Iterator[Any]:
    yield _difference(_short(before, multiclass) if before else "", _short(program, multiclass))
    yield _techniques(program, multiclass, Loss(loss) if loss else None)


def _short(program: str, multiclass: bool) -> str:
    """Without what has no effect; a text that is no program is shown as it is."""
    try:
        return short_text(from_text(program), multiclass)
    except ValueError:
        return program


def _difference(before: str, after: str) -> list[tuple[str, str]]:
    """Lines with a mark: kept, added or removed; without a program before, all are kept."""
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
