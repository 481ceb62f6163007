"""The server as a process: what it prints and hides, how it ends, and that nobody who is slow keeps others out."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from support.dashboard.server import Server, change, serving
from support.runs.commands import COMMAND, wait_until

from automl_zero.config import ConfigError
from automl_zero.dashboard.server.access import VARIABLE
from automl_zero.dashboard.server.serve import addresses, listen

OWN = "a-token-of-my-own"


def run_command(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "dashboard", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload, no-any-return]


def start_run(server: Server, name: str, seconds: int = 120) -> None:
    with server.client() as page:
        answer = change(page, "start", {"preset": "affine", "name": name, "stop.max_seconds": seconds})
        assert answer.status_code == 200, answer.text


def test_the_address_with_a_token_is_printed_and_opens_the_page(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx.Client(follow_redirects=True, trust_env=False) as browser:
        assert len(server.token) >= 32
        assert browser.get(server.url).status_code == 401
        page = browser.get(server.address)
        assert (page.status_code, str(page.url)) == (200, server.url)
        assert browser.get(f"{server.url}api/runs").json()["runs"] == []


def test_the_token_stands_nowhere_where_others_or_runs_see_it(tmp_path: Path) -> None:
    with serving(tmp_path, env={**os.environ, VARIABLE: OWN}) as server:
        assert server.token == "..."  # noqa: S105 - who has given it knows it
        server.token = OWN
        httpx.get(server.address, trust_env=False)
        start_run(server, "one")
        wait_until(lambda: (tmp_path / "one" / ".holder").exists())
        pid = int((tmp_path / "one" / ".holder").read_text().split()[0])
        run = psutil.Process(pid)
        assert OWN not in str(run.environ())
        assert OWN not in str([run.cmdline(), psutil.Process(server.process.pid).cmdline()])
        run.kill()
        assert OWN not in str(server.output)


def test_a_token_on_the_command_line_is_warned_of(tmp_path: Path) -> None:
    with serving(tmp_path, "--token", "secret") as server:
        assert "warning: --token shows the token" in server.output[0]
        assert f"{VARIABLE} or --token-file" in server.output[0]
        assert "may be guessed" in server.output[1]


def test_a_token_file_is_used(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(OWN)
    file.chmod(0o600)
    with serving(tmp_path, "--token-file", file) as server:
        server.token = OWN
        assert httpx.get(server.address, trust_env=False).status_code == 303
    file.chmod(0o644)
    refused = run_command(tmp_path, "--token-file", file)
    assert (refused.returncode, "chmod 600" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--host", "256.1.1.1"), ("--host", ""), ("--host", "192.0.2.1"), ("--host", "no such host"),
        ("--host", "a" * 300),
        ("--allow-host", "https://a"), ("--root-path", "a"), ("--max-runs", "0"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_one_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    found = run_command(tmp_path, "--port", "0", *arguments)
    assert (found.returncode, found.stdout) == (2, "")
    assert "Traceback" not in found.stderr


def test_a_port_in_use_is_one_error(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        found = run_command(tmp_path, "--port", server.port)
    assert found.returncode == 2
    assert found.stderr.startswith(f"error: 127.0.0.1, port {server.port}, cannot be served (Address already in use)")
    assert "another --port" in found.stderr


def test_for_all_addresses_the_name_of_the_machine_is_printed_too() -> None:
    with listen("0.0.0.0", 0) as listener:  # noqa: S104
        port = listener.getsockname()[1]
        wanted = [f"http://127.0.0.1:{port}/", f"http://{socket.gethostname()}:{port}/"]
        assert addresses("0.0.0.0", listener) == wanted  # noqa: S104
        with pytest.raises(ConfigError, match="in use"):
            listen("127.0.0.1", port)
    with listen("localhost", 0) as listener:
        assert addresses("localhost", listener) == [f"http://localhost:{listener.getsockname()[1]}/"]


def open_slow(server: Server, count: int) -> list[socket.socket]:
    """Connections that have asked for something by halves."""
    made = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(count)]
    with server.client() as page:
        key = page.get("api/session").json()["change"]
    head = f"Authorization: Bearer {server.token}\r\nX-Change: {key}\r\n"
    sent = (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST /api/stop HTTP/1.1\r\nHost: a\r\n", b"\r\n")
    chunked = f"POST /api/stop HTTP/1.1\r\nHost: a\r\n{head}Transfer-Encoding: chunked\r\n\r\n5\r\n".encode()
    for number, each in enumerate(made):
        with suppress(ConnectionError):  # it has made place for another one
            each.sendall((*sent, chunked)[number % 6])
    return made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_with_any_clients_and_runs_continue(number: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path, "--max-runs", 1) as server:
        for name in ("one", "two", "three"):
            start_run(server, name)
        wait_until(lambda: (tmp_path / "one" / ".holder").exists())
        slow = open_slow(server, 12)
        began = time.monotonic()
        server.process.send_signal(number)
        assert server.wait(60) == 0
        assert time.monotonic() - began < 10  # two seconds, on a machine that does nothing else
    run = psutil.Process(int((tmp_path / "one" / ".holder").read_text().split()[0]))
    assert run.is_running()
    assert server.output[1:] == ["runs that were still waiting and are not started: two, three"]
    assert not (tmp_path / "two").exists()
    run.kill()
    for each in slow:
        each.close()


def test_while_many_say_nothing_others_are_answered(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.client() as page:
        slow = open_slow(server, 300)
        for _ in range(5):
            assert page.get("api/runs").status_code == 200
        for each in slow:
            each.close()
        assert page.get("api/runs").status_code == 200
        assert len(server.output) == 1


def test_of_too_many_connections_the_one_that_has_waited_longest_makes_place(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    few, hard = 256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))}
    with serving(tmp_path, **limit) as server:
        first, *others = open_slow(server, 300)
        first.settimeout(60)
        with suppress(ConnectionResetError):
            assert first.recv(1) == b""
        with server.client() as page:
            assert page.get("api/runs").status_code == 200
        for each in (first, *others):
            each.close()


@pytest.mark.parametrize("is_chunked", [True, False])
def test_what_is_too_long_is_not_read_on(is_chunked: bool, tmp_path: Path) -> None:
    """However much is announced, or sent without an announcement."""
    with serving(tmp_path) as server, server.client() as page:
        key = page.get("api/session").json()["change"]
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asking:
            length = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {10**12}"
            head = f"POST /api/stop HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.token}\r\nX-Change: {key}\r\n"
            asking.sendall(f"{head}{length}\r\n\r\n".encode())
            part = b"1000\r\n" + b"x" * 4096 + b"\r\n" if is_chunked else b"x" * 4096
            for _ in range(4):
                asking.sendall(part)
            assert asking.recv(100).startswith(b"HTTP/1.1 413 ")


def test_heads_that_are_too_long_are_not_read_on(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.client() as page:
        head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 100_000_000
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as asking, pytest.raises(ConnectionError):
            asking.sendall(head)
        assert page.get("api/runs").status_code == 200
        assert server.output == [f"dashboard: {server.address}"]
