"""Serves the app on a socket until it is interrupted, whatever those who connect do or leave undone.

Connections that get no answer for long are cut, and where there are too many, the one that has waited longest makes
place for the newest: so who connects and says nothing keeps nobody out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from automl_zero.config import ConfigError

PATIENCE = 30.0  # seconds for a request and its answer, from the connection or the answer before
MOST_CONNECTIONS = 500
AT_ONCE = 100  # connections that are taken up before any of them is looked at, beside all that there are
LONGEST_HEAD = 16_384  # bytes of the address and the headers of a request
GRACE = 1  # seconds that answers under way may take when the server ends


class ClientConnection(H11Protocol):
    """One that is cut when it has waited too long."""

    since = 0.0
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()
        others = [
            each for each in self.connections if isinstance(each, ClientConnection) and not each.transport.is_closing()
        ]
        if len(others) > most_connections():
            min(others, key=lambda each: each.since).transport.abort()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, and for the answer to be read."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        if self.timer is not None:
            self.timer.cancel()

    def is_sending(self) -> bool:
        """Whether the rest of a request is still to come."""
        cycle = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_complete

    def _wait(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.since = self.loop.time()
        self.timer = self.loop.call_later(PATIENCE, self.transport.abort)


def most_connections() -> int:
    """So many that half of the files that this process may open are left for runs."""
    try:
        import resource
    except ImportError:  # on Windows, which counts no files
        return MOST_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files // 2)


def listen(host: str, port: int) -> socket.socket:
    """A socket for requests; of port 0, on a free one.

    Raises:
        ConfigError: this machine has no such address, or the port is in use.
    """
    try:
        if not host:
            raise OSError(0, "no host is given")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family = min(each[0] for each in found)  # IPv4 where a name has both
        return socket.create_server((host, port), family=family, backlog=AT_ONCE)
    except (OSError, UnicodeError) as error:
        remedy = "choose another --port, or a --host that is an address of this machine"
        raise ConfigError(f"{host[:255]}, port {port}, cannot be served ({_why(error)}): {remedy}") from None


def _why(error: OSError | UnicodeError) -> str:
    """Without the address, which the library adds to what the system says."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return str(getattr(error, "strerror", None) or error)


class Server(uvicorn.Server):
    """One that, when it ends, waits for no request that is still being sent, nor for what takes long to find out."""

    def __init__(self, config: uvicorn.Config, close: Callable[[], None]) -> None:
        super().__init__(config)
        self._close = close

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Come to the end."""
        self._close()
        for each in self.server_state.connections:
            if isinstance(each, ClientConnection) and each.is_sending():
                each.transport.abort()
        await super().shutdown(sockets)


def serve(app: Starlette, listener: socket.socket, close: Callable[[], None]) -> None:
    """Answer requests until Ctrl-C or SIGTERM.

    Args:
        app: what answers.
        listener: where requests come.
        close: is called before the last answers are waited for, and ends those that take long.
    """
    options: dict[str, Any] = {"log_level": "error", "access_log": False, "server_header": False}
    config = uvicorn.Config(
        app,
        http=ClientConnection,
        ws="none",
        h11_max_incomplete_event_size=LONGEST_HEAD,
        backlog=AT_ONCE,
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
        **options,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        Server(config, close).run(sockets=[listener])


def addresses(host: str, listener: socket.socket) -> list[str]:
    """Of the page; where all addresses of the machine are served, by its name, too."""
    port = listener.getsockname()[1]
    is_all = host in ("0.0.0.0", "::")  # noqa: S104 - it is looked at
    names = ["localhost" if host == "::" else "127.0.0.1", socket.gethostname()] if is_all else [host]
    return [f"http://{f'[{name}]' if ':' in name else name}:{port}/" for name in names]
