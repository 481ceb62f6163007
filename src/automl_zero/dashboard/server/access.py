"""The rules of access: the token, and the names and path by which the server is reached.

A token is never visible to other users of the machine, as the arguments of a process are, and processes that the server
starts do not inherit it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from automl_zero.config import ConfigError
from automl_zero.system.safe_files import open_regular

VARIABLE = "AUTOML_ZERO_DASHBOARD_TOKEN"
TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,200}")  # characters that need no quoting in a URL, a header or a cookie
SHORT = 16  # a token of fewer characters may be guessed
NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")
PATH = re.compile(r"(/[A-Za-z0-9._~@%+-]+)*")


@dataclass(frozen=True, slots=True)
class Access:
    """The rules by which requests are accepted.

    Attributes:
        token: the secret that a client must send.
        names: host names that requests may use, in addition to those of this machine; if empty, any name is accepted.
        own: host names of this machine.
        root: the path below which a proxy shows the page, without a slash at its end.
    """

    token: str
    names: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    root: str = ""


def new_token() -> str:
    """Return a random token."""
    return secrets.token_urlsafe(24)


def own_token(file: Path | None, argument: str | None) -> str | None:
    """Return the token that the user gives by a file, the environment or the command line; None if there is none.

    It is removed from the environment, so that processes started later do not inherit it.

    Raises:
        ConfigError: the token cannot be read, others can read its file, or it has characters that need quoting.
    """
    variable = os.environ.pop(VARIABLE, None)
    given = [each for each in (_read(file) if file else None, variable, argument) if each is not None]
    if len(given) > 1:
        raise ConfigError(f"more than one token is given: use one of --token-file and {VARIABLE}")
    for each in given:
        if not TOKEN.fullmatch(each):
            raise ConfigError("a token has 1 to 200 letters, digits, dots, and any of - _ ~: choose another one")
    return given[0] if given else None


def _read(file: Path) -> str:
    try:
        with open_regular(file) as opened:
            status, content = os.fstat(opened.fileno()), opened.read(1000)
    except OSError as error:
        raise ConfigError(f"token file {file} cannot be read ({error.strerror}): give a file with the token") from None
    if os.name == "posix" and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077):
        raise ConfigError(
            f"token file {file} can be accessed by other users: change that with 'chmod 600 {file}' as its owner"
        )
    return content.decode("ascii", errors="replace").strip()


def checked_names(names: Iterable[str]) -> frozenset[str]:
    """Return host names in the form in which requests are compared with them.

    Raises:
        ConfigError: one is not a host name.
    """
    for each in names:
        if not (NAME.fullmatch(each) or is_address(each)):
            raise ConfigError(
                f"--allow-host '{each[:80]}' is not a host name: give it without scheme, port and path, such as"
                " runs.example.org"
            )
    return frozenset(each.lower().rstrip(".") for each in names)


def checked_root(root: str) -> str:
    """Return the path of a proxy without a slash at its end.

    Raises:
        ConfigError: it is not a path.
    """
    if not PATH.fullmatch(root.rstrip("/")) or {".", ".."} & set(root.split("/")):
        raise ConfigError(f"--root-path '{root[:80]}' is not a path: give one such as /tools/runs")
    return root.rstrip("/")


def names_of_machine() -> frozenset[str]:
    """Return the host names by which others reach this machine."""
    return frozenset(each.lower() for each in (socket.gethostname(), socket.getfqdn()) if each)


def is_address(name: str) -> bool:
    """Return whether a host is an IP address rather than a name."""
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return whether a host can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
