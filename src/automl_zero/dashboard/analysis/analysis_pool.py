"""Analyzes programs in a separate process, with a time limit for each, and with few requests at a time.

Replies are cached, including those about programs that take too long, so that each of these takes long only once.
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
SECONDS = 5.0  # the time limit for one program
START_SECONDS = 60.0  # the time limit for the start of the process, on a busy machine
MAX_REQUESTS = 4  # requests at a time, one of which is processed
MAX_CACHED = 128  # replies
LONGEST_PROGRAM, LONGEST_REPLY = 50_000, 1_000_000  # characters of a program, and bytes of a line of the reply
MAX_LINES, LONGEST_LINE = 500, 200  # lines, and their characters, of a program that is shown without analysis
ONE_THREAD = {f"{each}_NUM_THREADS": "1" for each in ("OPENBLAS", "OMP", "MKL")}  # more threads would only cost memory


class BusyError(AutoMLZeroError, RuntimeError):
    """Raised if too many requests are being processed; the client asks again later."""


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """A request to analyze a program.

    Attributes:
        program: its text.
        before: the text of the program to compare it with, or an empty text.
        multiclass: whether its tasks have more than two classes.
        loss: the name of the loss of its tasks, if known.
    """

    program: str
    before: str
    multiclass: bool
    loss: str | None


@dataclass(frozen=True, slots=True)
class AnalysisReply:
    """The lines of a program with their marks, its techniques, and a remark if it could not be analyzed."""

    lines: list[tuple[str, str]]
    techniques: list[dict[str, str]]
    remark: str = ""


class AnalysisPool:
    """Owns the process that analyzes programs, which starts with the first request."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._slots, self._process_lock = threading.BoundedSemaphore(MAX_REQUESTS), threading.Lock()
        self.analyze = lru_cache(MAX_CACHED)(self._analyze)

    def close(self) -> None:
        """End the process, even while it analyzes a program."""
        self._is_closed = True
        if self._process is not None:
            _end(self._process)

    def _analyze(self, request: AnalysisRequest) -> AnalysisReply:
        """Analyze a program.

        Raises:
            BusyError: too many requests are being processed.
        """
        if max(len(request.program), len(request.before)) > LONGEST_PROGRAM:
            return AnalysisReply(_cut(request.program), [], "this program is too long to be analyzed")
        if not self._slots.acquire(blocking=False):
            raise BusyError("other programs are being analyzed: this one follows")
        try:
            with self._process_lock:
                return self._ask(request)
        finally:
            self._slots.release()

    def _ask(self, request: AnalysisRequest) -> AnalysisReply:
        process, began = self._running_process(), time.monotonic()
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        parts = _exchange(process, json.dumps(asdict(request)).encode() + b"\n")
        timer.cancel()
        if len(parts) < 2:  # an incomplete reply: the process is not used again
            _end(process)
        if self._is_closed:
            raise BusyError("the server is shutting down")
        lines = parts[0] if parts else _cut(request.program)
        if len(parts) == 2:
            return AnalysisReply(lines, parts[1])
        why = "too long" if time.monotonic() - began >= SECONDS else "too much memory"
        return AnalysisReply(lines, [], f"this program takes {why} to be analyzed")

    def _running_process(self) -> subprocess.Popen[bytes]:
        """Return the process, and start a new one if there is none or it was killed."""
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _end(self._process)
            self._process = _start_process()
        if self._is_closed:
            _end(self._process)
        return self._process


def _start_process() -> subprocess.Popen[bytes]:
    """Start the process in a new session, since Ctrl-C is for the server, which ends the process."""
    process = subprocess.Popen(  # noqa: S603 - a constant command
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, **ONE_THREAD},
    )
    timer = threading.Timer(START_SECONDS, process.kill)
    timer.start()
    _line(process)
    timer.cancel()
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for each in (process.stdin, process.stdout):
        if each is not None:
            with suppress(OSError):  # the rest of a request cannot be flushed any more
                each.close()


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> list[Any]:
    """Send a request, and return the two parts of the reply, or fewer if the process ended before."""
    pipe = cast("IO[bytes]", process.stdin)
    try:
        pipe.write(request)
        pipe.flush()
        lines = [_line(process), _line(process)]
    except (OSError, ValueError):  # the process has ended, or its pipes were closed
        return []
    return [json.loads(each) for each in lines if each]


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """Read a line of the process; empty if it has ended, or the line is too long."""
    line = cast("IO[bytes]", process.stdout).readline(LONGEST_REPLY)
    return line if line.endswith(b"\n") else b""


def _cut(program: str) -> list[tuple[str, str]]:
    return [(" ", each[:LONGEST_LINE]) for each in program.splitlines()[:MAX_LINES]]
