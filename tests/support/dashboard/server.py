"""The dashboard as a process, which tests reach over the network as scripts do."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from support.runs.commands import COMMAND

ADDRESS = re.compile(r"dashboard: (http://\S+?/)\?token=(\S+)")


class Server:
    """The command on a port, by default a free one.

    Attributes:
        output: lines of both outputs so far; ``url`` and ``token``: those of the page, as printed.
    """

    def __init__(self, *arguments: object, port: int = 0, **options: Any) -> None:
        command = [*COMMAND, "dashboard", "--port", str(port), *map(str, arguments)]
        outputs = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, **{**outputs, **options})
        self.output: list[str] = []
        while not (found := ADDRESS.search(self._next_line())):
            pass
        self.url, self.token = found.groups()
        self.port = httpx.URL(self.url).port
        self._reader = threading.Thread(target=self._read_on, daemon=True)
        self._reader.start()

    def _next_line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it has ended: {self.output}"
        self.output.append(line.strip())
        return line

    def _read_on(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.output += map(str.strip, lines)

    @property
    def address(self) -> str:
        """The URL with the token."""
        return f"{self.url}?token={self.token}"

    def client(self, **options: Any) -> httpx.Client:
        """Return a client that sends the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False, **options)

    def wait(self, seconds: float) -> int:
        """Wait for its end; return the exit code."""
        code = self.process.wait(seconds)
        self._reader.join()
        return code

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        self.process.kill()
        self.wait(60)


@contextmanager
def serving(*arguments: object, **options: Any) -> Iterator[Server]:
    """A server that ends with the test."""
    server = Server(*arguments, **options)
    try:
        yield server
    finally:
        server.kill()


def change(page: httpx.Client, path: str, body: Any, prefix: str = "") -> httpx.Response:
    """Ask for a change with the key of the session."""
    key = page.get(f"{prefix}api/session").json()["change"]
    return page.post(f"{prefix}api/{path}", json=body, headers={"X-Change": key})
