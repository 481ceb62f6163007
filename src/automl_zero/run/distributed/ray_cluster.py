"""The connection to a Ray cluster: an existing one, or one that starts on this machine for this process alone.

A cluster executes whatever it is sent. One that starts here listens on the loopback address only, keeps its files in a
private folder, and authenticates its processes by a random token (Ray's own authentication). For an existing cluster,
the environment gives the token, as for any program that uses Ray.
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
        address: as in ``ray.init``; None starts a cluster on this machine, which ends with the connection.

    Raises:
        ClusterError: there is no such cluster, or none can start here.
    """

    def __init__(self, address: str | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._folder = None if address or TMPDIR in os.environ else _private_folder()
        self._has_own_token = address is None and not {MODE, TOKEN, TOKEN_PATH} & os.environ.keys()
        if self._has_own_token:
            os.environ |= {MODE: "token", TOKEN: secrets.token_hex(32)}
            _reload_environment()
        try:
            with _naming_cluster(address), _keeping_signal_handlers():
                _join(address) if address else _start(self._folder)
        except ClusterError:
            self._clean_up()
            raise
        # Ray would print each loss of an actor, which the run recovers; there is no public way to turn that off.
        ray._private.worker._worker_logs_enabled = False

    def close(self) -> None:
        """End the connection, and the cluster if it was started here."""
        ray.shutdown()
        self._clean_up()

    def _clean_up(self) -> None:
        if self._has_own_token:
            for name in (MODE, TOKEN):
                os.environ.pop(name, None)
            _reload_environment()
        if self._folder:
            self._folder.cleanup()


def _private_folder() -> TemporaryDirectory[str]:
    """Make a folder for files and sockets: all users may write to Ray's own one in /tmp; the path must be short."""
    return TemporaryDirectory(prefix="ray-", dir="/tmp" if os.path.isdir("/tmp") else None, ignore_cleanup_errors=True)  # noqa: S108


def _join(address: str) -> None:
    if address != "auto":
        host, _, port = address.rpartition(":")
        # Fail soon if nothing listens there: Ray itself would retry for minutes.
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    ray.init(address, log_to_driver=False, logging_level="error")


def _start(folder: TemporaryDirectory[str] | None) -> None:
    """Start a cluster on this machine.

    Ray replaces a loopback address by another one, unless clusters of several machines are disabled, as they are by
    default on Windows and macOS. It reads that setting when it is imported, so it is changed here for the call.
    """
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    where: dict[str, Any] = {"_node_ip_address": "127.0.0.1"}
    if folder:
        where["_temp_dir"] = f"{folder.name}/r"  # all users may write to it, but the outer folder keeps them out
    before, ray_constants.ENABLE_RAY_CLUSTER = ray_constants.ENABLE_RAY_CLUSTER, False
    try:
        ray.init("local", num_cpus=usable_processors(), **where, **quiet)
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _reload_environment() -> None:
    """Let Ray read the environment again, which it reads when it is imported."""
    compiled: Any = ray._raylet  # untyped
    compiled.Config.initialize("")
    compiled.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _naming_cluster(address: str | None) -> Iterator[None]:
    """Turn errors into a ClusterError that names the cluster; Ray has no class of its own for them."""
    try:
        yield
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        if address is None:
            raise ClusterError(
                f"no Ray cluster could start on this machine ({reason}): try again when the machine has less to do, or "
                "use --engine threads"
            ) from None
        raise ClusterError(
            f"no Ray cluster at {address} ({reason}): give HOST:PORT of a head node, such as 10.0.0.1:6379, or 'auto' "
            f"on a node of the cluster; if it asks for a token, set {MODE}=token and {TOKEN_PATH}"
        ) from None


@contextmanager
def _keeping_signal_handlers() -> Iterator[None]:
    """Restore the signal handlers that Ray replaces: at the first signal, the run must end in an orderly way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
