"""The way to a Ray cluster: one that is there, or one that begins on this machine, for this process alone.

A cluster carries out whatever it is told. The one that begins here listens on the loopback address only, keeps its
files in a private folder, and its processes know each other by a token that nobody else has (Ray's own authentication).
For one that is there, what the environment says of tokens counts, as for any program that uses Ray.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray._private import ray_constants

from automl_zero.run.islands.engine import ClusterError
from automl_zero.run.record.signals import SIGNALS
from automl_zero.system.processors import usable_processors

CONNECT_SECONDS = 5.0
MODE, TOKEN, TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
TMPDIR = "RAY_TMPDIR"


class RayConnection:
    """The connection of this process to a cluster.

    Args:
        address: as in ``ray.init``; None begins a cluster on this machine, which ends with the connection.

    Raises:
        ClusterError: there is no such cluster, or none can begin here.
    """

    def __init__(self, address: str | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._folder = None if address or TMPDIR in os.environ else _private_folder()
        self._has_own_token = address is None and not {MODE, TOKEN, TOKEN_PATH} & os.environ.keys()
        if self._has_own_token:
            os.environ |= {MODE: "token", TOKEN: secrets.token_hex(32)}
            _look_at_environment()
        try:
            with _naming(address), _own_signals():
                _join(address) if address else _begin(self._folder)
        except ClusterError:
            self._forget()
            raise
        ray._private.worker._worker_logs_enabled = False  # there is no public way to keep losses quiet, which we handle

    def close(self) -> None:
        """End it, and the cluster if it began with it."""
        ray.shutdown()
        self._forget()

    def _forget(self) -> None:
        if self._has_own_token:
            for name in (MODE, TOKEN):
                os.environ.pop(name, None)
            _look_at_environment()
        if self._folder:
            self._folder.cleanup()


def _private_folder() -> TemporaryDirectory[str]:
    """For files and sockets of a cluster, whose own folder in /tmp all users may write; the path must be short."""
    return TemporaryDirectory(prefix="ray-", dir="/tmp" if os.path.isdir("/tmp") else None, ignore_cleanup_errors=True)  # noqa: S108


def _join(address: str) -> None:
    if address != "auto":
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()  # Ray itself would try for minutes
    ray.init(address, log_to_driver=False, logging_level="error")


def _begin(folder: TemporaryDirectory[str] | None) -> None:
    """Begin a cluster.

    Ray takes a loopback address for one that cannot be meant, unless it must not be a cluster of several machines: that
    is so by default on Windows and macOS, and decided when it is imported.
    """
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    where: dict[str, Any] = {"_node_ip_address": "127.0.0.1"}
    if folder:
        where["_temp_dir"] = f"{folder.name}/r"  # which Ray lets all users write, whom the outer one keeps out
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        ray.init("local", num_cpus=usable_processors(), **where, **quiet)
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _look_at_environment() -> None:
    """Let Ray read again what it has read of the environment when it was imported."""
    compiled: Any = ray._raylet  # untyped
    compiled.Config.initialize("")
    compiled.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _naming(address: str | None) -> Iterator[None]:
    """Let errors tell which cluster they are about; Ray has no class for them, one that began too slowly included."""
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        if address is None:
            raise ClusterError(
                f"no Ray cluster could begin on this machine ({reason}): try again when the machine has less to do, or "
                "use --engine threads"
            ) from None
        raise ClusterError(
            f"no Ray cluster at {address} ({reason}): give HOST:PORT of a head node, such as 10.0.0.1:6379, or 'auto' "
            f"on a node of the cluster; if it asks for a token, set {MODE}=token and {TOKEN_PATH}"
        ) from None


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces: a first signal asks the run to come to its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
