"""The command as processes of their own, which tests start, wait for, and kill."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

COMMAND = [sys.executable, "-c", "from automl_zero.cli import main; main()"]


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a command, quietly."""
    command = [*COMMAND, *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait for something that must happen within two minutes."""
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
