"""A dashboard with a flood of requests and slow clients: the list of runs is answered, and its memory is bounded.

``make soak`` takes a tenth of ``SOAK_SECONDS`` for each of the two.
"""

from __future__ import annotations

import os
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest
from support.dashboard.server import Server, serving
from support.runs.hostile_runs import make_hostile_runs

pytestmark = pytest.mark.soak
SECONDS = float(os.environ.get("SOAK_SECONDS", "1200")) / 10
CONNECTIONS = 200
LONGEST = 30.0  # seconds for an answer, during a flood on a machine of two processors
MAX_MEMORY, MAX_GROWTH = 400.0, 40.0  # MiB: of the server, and from the first to the last quarter
LOOKS = 20  # from fewer, no growth can be seen
PATHS = ("", "static/app.js", "api/runs", "api/session", "api/run?id=0/none", "nothing", "?token=wrong")


def flood(server: Server, is_over: threading.Event, number: int) -> None:
    """Ask one thing after another on connections of its own, every other one without the token."""
    choice = random.Random(number)
    headers = {"Authorization": f"Bearer {server.token}"} if number % 2 else {}
    while not is_over.is_set():
        with suppress(httpx.HTTPError), httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
            for _ in range(choice.randrange(1, 20)):
                client.get(choice.choice(PATHS), timeout=LONGEST)


def dawdle(server: Server, is_over: threading.Event, number: int) -> None:
    """Send a request byte by byte, or never read its answer, or send what never ends."""
    token = f"Authorization: Bearer {server.token}\r\n"
    requests = (
        f"GET /api/runs HTTP/1.1\r\nHost: a\r\n{token}X-Slow: {'x' * 10_000}",
        f"POST /api/stop HTTP/1.1\r\nHost: a\r\n{token}Content-Length: 9000\r\n\r\n{'x' * 9000}",
        f"GET /static/app.js HTTP/1.1\r\nHost: a\r\n{token}\r\n" * 500,
        f"POST /api/stop HTTP/1.1\r\nHost: a\r\n{token}Transfer-Encoding: chunked\r\n\r\n" + "1\r\nx\r\n" * 9000,
    )
    request = requests[number % len(requests)].encode()
    step = len(request) if number % len(requests) == 2 else 1
    while not is_over.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=5) as slow:
            for place in range(0, len(request), step):
                slow.sendall(request[place : place + step])
                if is_over.wait(0.5):
                    return


Nuisance = Callable[[Server, threading.Event, int], None]


@contextmanager
def many(nuisance: Nuisance, server: Server) -> Iterator[None]:
    """So many at once."""
    is_over = threading.Event()
    threads = [threading.Thread(target=nuisance, args=(server, is_over, each)) for each in range(CONNECTIONS)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        is_over.set()
        for each in threads:
            each.join()


def look(server: Server) -> tuple[float, float]:
    """Seconds until the list was answered, and MiB of the server."""
    began = time.monotonic()
    with server.client() as page:
        assert len(page.get("api/runs", timeout=LONGEST).json()["runs"]) == 7
    return time.monotonic() - began, psutil.Process(server.process.pid).memory_info().rss / 2**20


@pytest.mark.parametrize("nuisance", [flood, dawdle])
def test_the_list_is_answered_meanwhile_and_memory_has_a_bound(
    nuisance: Nuisance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_hostile_runs(tmp_path)
    with serving(tmp_path) as server:
        looks, until = list[tuple[float, float]](), time.monotonic() + SECONDS
        with many(nuisance, server):
            while time.monotonic() < until:
                looks.append(look(server))
                time.sleep(0.5)
        looks.append(look(server))
        assert server.process.poll() is None
        assert len(server.output) == 1
    seconds, memory = zip(*looks, strict=True)
    with capsys.disabled():
        print(
            f"\n{nuisance.__name__}: {len(looks)} lists, in {statistics.median(seconds):.2f} s, {max(seconds):.2f} s"
            f" at most; {max(memory):.0f} MiB at most"
        )
    assert max(memory) < MAX_MEMORY
    quarter = len(memory) // 4
    if len(memory) >= LOOKS:
        assert statistics.median(memory[-quarter:]) - statistics.median(memory[:quarter]) < MAX_GROWTH
