"""Tells what programs are, by a process of its own: with a limit of time for each, and few at a time.

What was told is kept, also that a program takes too long; so a program that takes long does so once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import IO, Any, cast

from automl_zero.errors import AutoMLZeroError

COMMAND = (sys.executable, "-P", "-c", "from automl_zero.dashboard.analysis.analysis_worker import serve; serve()")
SECONDS = 5.0  # for one program
BEGIN = 60.0  # seconds in which the process must have begun, on a machine that is busy
MOST_ASKING = 4  # of whom one is answered at a time
MOST_KEPT = 128  # answers
LONGEST_PROGRAM, LONGEST_ANSWER = 50_000, 1_000_000  # characters of what is analyzed, and bytes of what is said of it
MOST_LINES, LONGEST_LINE = 500, 200  # that are shown of what is not
ONE_THREAD = {f"{each}_NUM_THREADS": "1" for each in ("OPENBLAS", "OMP", "MKL")}  # more of them only cost memory here


class BusyError(AutoMLZeroError, RuntimeError):
    """Others are being told of programs: ask again later."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """A program, the one before it or an empty text, whether there are many classes, and by what it is judged."""

    program: str
    before: str
    multiclass: bool
    loss: str | None


@dataclass(frozen=True, slots=True)
class AnalysisReply:
    """Lines with their marks, techniques, and a remark where these cannot be told."""

    lines: list[tuple[str, str]]
    techniques: list[dict[str, str]]
    remark: str = ""


class AnalysisPool:
    """Owns the process, which begins with the first question."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._places, self._turn = threading.BoundedSemaphore(MOST_ASKING), threading.Lock()
        self.analyze = lru_cache(MOST_KEPT)(self._tell)

    def close(self) -> None:
        """End the process, also while it answers."""
        self._is_closed = True
        if self._process is not None:
            _end(self._process)

    def _tell(self, question: AnalysisRequest) -> AnalysisReply:
        """What a program is.

        Raises:
            BusyError: too many have asked.
        """
        if max(len(question.program), len(question.before)) > LONGEST_PROGRAM:
            return AnalysisReply(_cut(question.program), [], "this program is too long to be analyzed")
        if not self._places.acquire(blocking=False):
            raise BusyError("other programs are being analyzed: this one follows")
        try:
            with self._turn:
                return self._ask(question)
        finally:
            self._places.release()

    def _ask(self, question: AnalysisRequest) -> AnalysisReply:
        process, began = self._begun(), time.monotonic()
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        parts = _exchange(process, json.dumps(asdict(question)).encode() + b"\n")
        timer.cancel()
        if len(parts) < 2:  # it is not used again
            _end(process)
        if self._is_closed:
            raise BusyError("the server ends")
        lines = parts[0] if parts else _cut(question.program)
        if len(parts) == 2:
            return AnalysisReply(lines, parts[1])
        why = "too long" if time.monotonic() - began >= SECONDS else "too much memory"
        return AnalysisReply(lines, [], f"this program takes {why} to be analyzed")

    def _begun(self) -> subprocess.Popen[bytes]:
        """The process; another one where it was killed."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _end(self._process)
            self._process = _begin()
        if self._is_closed:
            _end(self._process)
        return self._process


def _begin() -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is for the server, which ends it."""
    process = subprocess.Popen(  # noqa: S603 - a constant
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **ONE_THREAD},
    )
    timer = threading.Timer(BEGIN, process.kill)
    timer.start()
    _line(process)
    timer.cancel()
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for each in (process.stdin, process.stdout):
        if each is not None:
            with suppress(OSError):  # a question that nobody reads any more
                each.close()


def _exchange(process: subprocess.Popen[bytes], question: bytes) -> list[Any]:
    """The two parts of an answer; what is missing was not answered."""
    pipe = cast("IO[bytes]", process.stdin)
    try:
        pipe.write(question)
        pipe.flush()
        lines = [_line(process), _line(process)]
    except (OSError, ValueError):  # it has ended, or was closed
        return []
    return [json.loads(each) for each in lines if each]


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """A whole line of what it says; empty if it has ended, or says too much."""
    line = cast("IO[bytes]", process.stdout).readline(LONGEST_ANSWER)
    return line if line.endswith(b"\n") else b""


def _cut(program: str) -> list[tuple[str, str]]:
    return [(" ", each[:LONGEST_LINE]) for each in program.splitlines()[:MOST_LINES]]
