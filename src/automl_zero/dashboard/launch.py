"""Starts runs as processes of their own, which go on when the server ends.

What is asked for is checked as the command checks it, before a process begins.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.run.effort import EFFORTS, is_started, with_effort
from automl_zero.run.store import check_new

COMMAND = (sys.executable, "-c", "from automl_zero.cli import main; main()")
SETTINGS = ("seed", "stop.max_seconds", "stop.max_programs", "islands.count")
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,63}", re.ASCII)
VALUE = re.compile(r"[\w.+-]{1,40}", re.ASCII)


class Launched:
    """Processes that were started, and what those told that failed."""

    def __init__(self) -> None:
        self._started: list[tuple[str, subprocess.Popen[bytes], Any]] = []

    def start(self, root: Path, asked: Mapping[str, Any]) -> str:
        """Start a run in a new folder; gives its name.

        Args:
            root: where the folder is made.
            asked: ``preset``, ``name``, ``effort`` (or none), and any of ``SETTINGS``.

        Raises:
            ConfigError, StoreError: it cannot be started so.
        """
        name, arguments = _checked(root, asked)
        told = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        command = [*COMMAND, "run", *arguments, "--out", str(root / name), "--quiet"]
        process = subprocess.Popen(  # noqa: S603 - the arguments were checked, and no shell reads them
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
        )
        self._started.append((name, process, told))
        return name

    def failures(self) -> list[dict[str, str]]:
        """The runs that ended with an error, and what they told."""
        return [{"name": name, "error": _end_of(told)} for name, process, told in self._started if _failed(process)]


def _failed(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() not in (None, 0, 130, 143)


def _end_of(file: Any) -> str:
    return os.pread(file.fileno(), 2000, 0).decode(errors="replace")


def _checked(root: Path, asked: Mapping[str, Any]) -> tuple[str, list[str]]:
    preset, name, effort = (str(asked.get(key) or "") for key in ("preset", "name", "effort"))
    if preset not in preset_names():
        raise ConfigError(f"no preset '{preset[:60]}': presets are {', '.join(preset_names())}")
    if not NAME.fullmatch(name):
        raise ConfigError("name must be up to 64 letters, digits, dots, - and _: it becomes the folder's")
    if effort and effort not in EFFORTS:
        raise ConfigError(f"no effort '{effort[:60]}': efforts are {', '.join(EFFORTS)}")
    changes = [_change(key, str(asked[key]).strip()) for key in SETTINGS if asked.get(key) not in (None, "")]
    config = load_config(preset, changes)
    if effort:
        with_effort(config, EFFORTS[effort], os.cpu_count() or 1, changes)
        if not is_started(EFFORTS[effort], changes):
            raise ConfigError(f"effort {effort} needs a limit: set seconds or programs, too")
    check_new(root / name)
    return name, [preset, *(["--effort", effort] if effort else []), *(f"--set={each}" for each in changes)]


def _change(key: str, value: str) -> str:
    if not VALUE.fullmatch(value):
        raise ConfigError(f"{key} must be a number: it is '{value[:60]}'")
    return f"{key}={value}"
