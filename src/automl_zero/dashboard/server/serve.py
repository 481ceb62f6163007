"""Serves the application on a socket until it is interrupted, robustly against slow and silent clients.

Connections without a complete request for too long are closed, and if there are too many, the one that has waited
longest is closed for the newest, so that silent clients cannot keep others out.
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

TIMEOUT = 30.0  # seconds for a request and its response, from the connection or the response before
MAX_CONNECTIONS = 500
BACKLOG = 100  # connections that the system accepts before the server does
LONGEST_HEAD = 16_384  # bytes of the address and the headers of a request
GRACE = 1  # seconds for unfinished responses when the server ends


class ClientConnection(H11Protocol):
    """A connection that is closed when it has waited too long."""

    waiting_since = 0.0
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request."""
        super().connection_made(transport)
        self._wait()
        others = [
            each for each in self.connections if isinstance(each, ClientConnection) and not each.transport.is_closing()
        ]
        if len(others) > most_connections():
            min(others, key=lambda each: each.waiting_since).transport.abort()

    def on_response_complete(self) -> None:
        """Start to wait for the next request, and for the response to be read."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout."""
        super().connection_lost(exc)
        if self.timer is not None:
            self.timer.cancel()

    def is_sending(self) -> bool:
        """Return whether the rest of a request is still to come."""
        cycle = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_complete

    def _wait(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.waiting_since = self.loop.time()
        self.timer = self.loop.call_later(TIMEOUT, self.transport.abort)


def most_connections() -> int:
    """Return the maximum number of connections, which leaves half of the open files of this process for runs."""
    try:
        import resource
    except ImportError:  # on Windows, which has no such limit
        return MAX_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else min(MAX_CONNECTIONS, files // 2)


def listen(host: str, port: int) -> socket.socket:
    """Open a socket for requests; port 0 stands for any free port.

    Raises:
        ConfigError: this machine has no such address, or the port is in use.
    """
    try:
        if not host:
            raise OSError(0, "no host is given")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family = min(each[0] for each in found)  # IPv4 if a name has both
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        remedy = "choose another --port, or a --host that is an address of this machine"
        raise ConfigError(f"{host[:255]}, port {port}, cannot be served ({_why(error)}): {remedy}") from None


def _why(error: OSError | UnicodeError) -> str:
    """Return the message of the system, without the address that the library adds."""
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return str(getattr(error, "strerror", None) or error)


class Server(uvicorn.Server):
    """A server that, when it ends, does not wait for incomplete requests or long computations."""

    def __init__(self, config: uvicorn.Config, close: Callable[[], None]) -> None:
        super().__init__(config)
        self._close = close

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, after closing incomplete requests."""
        self._close()
        for each in self.server_state.connections:
            if isinstance(each, ClientConnection) and each.is_sending():
                each.transport.abort()
        await super().shutdown(sockets)


def serve(app: Starlette, listener: socket.socket, close: Callable[[], None]) -> None:
    """Answer requests until Ctrl-C or SIGTERM.

    Args:
        app: the application.
        listener: the socket of requests.
        close: is called before the server waits for the last responses, to end those that take long.
    """
    options: dict[str, Any] = {"log_level": "error", "access_log": False, "server_header": False}
    config = uvicorn.Config(
        app,
        http=ClientConnection,
        ws="none",
        h11_max_incomplete_event_size=LONGEST_HEAD,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
        **options,
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        Server(config, close).run(sockets=[listener])


def addresses(host: str, listener: socket.socket) -> list[str]:
    """Return the URLs of the page; with the name of the machine, too, if all of its addresses are served."""
    port = listener.getsockname()[1]
    is_all = host in ("0.0.0.0", "::")  # noqa: S104 - a comparison
    names = ["localhost" if host == "::" else "127.0.0.1", socket.gethostname()] if is_all else [host]
    return [f"http://{f'[{name}]' if ':' in name else name}:{port}/" for name in names]
