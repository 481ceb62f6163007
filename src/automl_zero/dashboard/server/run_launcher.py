"""Starts runs as separate processes, which continue when the server ends; a limited number at a time, others wait.

A request is checked as the command checks it, before a process starts.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.run.budget import BUDGETS, is_started, with_budget
from automl_zero.run.record.run_folder import StoreError, check_new
from automl_zero.system.processors import usable_processors

COMMAND = (sys.executable, "-P", "-c", "from automl_zero.cli import main; main()")
SETTINGS = ("seed", "stop.max_seconds", "stop.max_programs", "islands.count")
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}", re.ASCII)
VALUE = re.compile(r"[\w.+-]{1,40}", re.ASCII)
MAX_WAITING, MAX_FAILURES = 100, 20
ENDED = (0, 130, 143)  # exit codes of runs that are complete


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """A run to start: the folder that will contain it, its name, and the arguments of the command."""

    root: Path
    name: str
    arguments: tuple[str, ...]


class RunLauncher:
    """The runs that were started, those that wait, and the messages of those that failed."""

    def __init__(self, most: int | None = None) -> None:
        """Allow so many runs at the same time; by default, one for each processor."""
        self._most = most or usable_processors()
        self._lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._waiting: dict[str, LaunchRequest] = {}
        self._failures: deque[dict[str, str]] = deque(maxlen=MAX_FAILURES)
        self._is_closed = False

    def start(self, root: Path, asked: Mapping[str, Any]) -> str:
        """Start a run in a new folder, or let it wait until others have ended; return its name.

        Args:
            root: the folder in which that of the run is made.
            asked: ``preset``, ``name``, ``budget`` (or none), and any of ``SETTINGS``.

        Raises:
            ConfigError, StoreError: the request is invalid, or too many runs wait.
        """
        request = _checked(root, asked)
        with self._lock:
            if request.name in self._running or request.name in self._waiting:
                raise StoreError(f"a run of the name {request.name} was started already: choose another name")
            if len(self._waiting) >= MAX_WAITING:
                raise StoreError(f"{MAX_WAITING} runs wait already: remove one, or start this one later")
            self._waiting[request.name] = request
            self._start_waiting()
        return request.name

    def remove(self, name: str) -> None:
        """Remove a waiting run.

        Raises:
            StoreError: no run of this name waits.
        """
        with self._lock:
            if self._waiting.pop(name, None) is None:
                raise StoreError(f"no run of the name '{name[:64]}' waits: it has started, or was removed")

    def waiting(self) -> list[str]:
        """Return the names of the waiting runs, the next one first."""
        with self._lock:
            return list(self._waiting)

    def failures(self) -> list[dict[str, str]]:
        """Return the latest runs that ended with an error, and their messages."""
        with self._lock:
            return list(self._failures)

    def close(self) -> None:
        """Start no more runs; those that were started continue."""
        with self._lock:
            self._is_closed = True

    def _start_waiting(self) -> None:
        """Start waiting runs while there is capacity; the caller holds the lock."""
        while self._waiting and len(self._running) < self._most and not self._is_closed:
            request = self._waiting.pop(next(iter(self._waiting)))
            output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
            try:
                process = _start_process(request, output)
            except OSError as error:
                output.close()
                self._failures.append({"name": request.name, "error": f"no process can be started: {error.strerror}"})
                continue
            self._running[request.name] = process
            watch = threading.Thread(
                target=self._wait_for_end, args=(request.name, process, output), name="run", daemon=True
            )
            watch.start()

    def _wait_for_end(self, name: str, process: subprocess.Popen[bytes], output: Any) -> None:
        """Wait for the end of a run, and then start the next one."""
        with output:
            code = process.wait()
            error = _first_text(output)
        with self._lock:
            if code not in ENDED:
                self._failures.append({"name": name, "error": error})
            del self._running[name]
            self._start_waiting()


def _start_process(request: LaunchRequest, output: Any) -> subprocess.Popen[bytes]:
    command = [*COMMAND, "run", *request.arguments, "--out", str(request.root / request.name), "--quiet"]
    return subprocess.Popen(  # noqa: S603 - the arguments were checked, and no shell reads them
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, start_new_session=True
    )


def _first_text(file: Any) -> str:
    file.seek(0)
    return str(file.read(2000).decode(errors="replace"))


def _checked(root: Path, asked: Mapping[str, Any]) -> LaunchRequest:
    preset, name, budget = (str(asked.get(key) or "") for key in ("preset", "name", "budget"))
    if preset not in preset_names():
        raise ConfigError(f"no preset '{preset[:60]}': presets are {', '.join(preset_names())}")
    if not NAME.fullmatch(name):
        raise ConfigError("name must be up to 64 letters, digits, dots, - and _: it becomes the name of the folder")
    if budget and budget not in BUDGETS:
        raise ConfigError(f"no budget '{budget[:60]}': budgets are {', '.join(BUDGETS)}")
    changes = [_change(key, str(asked[key]).strip()) for key in SETTINGS if asked.get(key) not in (None, "")]
    config = load_config(preset, changes)
    if budget:
        with_budget(config, BUDGETS[budget], usable_processors(), changes)
        if not is_started(BUDGETS[budget], changes):
            raise ConfigError(f"budget {budget} needs a limit: set seconds or programs, too")
    check_new(root / name)
    options = ["--budget", budget] if budget else []
    return LaunchRequest(root, name, (preset, *options, *(f"--set={each}" for each in changes)))


def _change(key: str, value: str) -> str:
    if not VALUE.fullmatch(value):
        raise ConfigError(f"{key} must be a number: it is '{value[:60]}'")
    return f"{key}={value}"
