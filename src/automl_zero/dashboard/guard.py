"""Who may ask the server for what: every request passes here first.

Nothing is shown to a foreign host name, nor changed by a foreign page; with a token, nothing is shown without it.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CHANGE = "X-Change"  # the header whose value only pages of this server know


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets requests pass, or answers them.

    Args:
        app: what is guarded.
        host: that the server is bound to.
        token: without which nothing is shown; None on this machine alone.
        change: what a request that changes something must carry.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None, change: str) -> None:
        self.app, self._host, self._token, self._change = app, host, token, change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may not pass; else pass it on, and see to the headers of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refusal(scope, Headers(scope=scope))
        await (answer or self.app)(scope, receive, send_safely)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if not self._is_own(_name_of(host)):
            return PlainTextResponse("this host name is not the server's", 421)
        if self._token and not self._is_known(scope, headers):
            return self._welcome(scope, self._token) or PlainTextResponse("open the address with its token", 401)
        if scope["method"] not in ("GET", "HEAD") and not self._may_change(scope, headers, host):
            return PlainTextResponse("changes are made from the server's own page", 403)
        return None

    def _is_own(self, name: str) -> bool:
        """By a name of their own, strangers could make a browser believe that this server is theirs."""
        if is_loopback(name):
            return True
        return not is_loopback(self._host) and (name == self._host or _is_address(name))

    def _is_known(self, scope: Scope, headers: Headers) -> bool:
        cookie = HTTPConnection(scope).cookies.get(
            _cookie_name(scope), ""
        )  # beside those of other servers, however odd
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        return any(_equal(each, self._token or "") for each in (cookie, bearer))

    def _welcome(self, scope: Scope, token: str) -> Response | None:
        """The token in the address becomes a cookie, so that it stays in no history."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] != "/" or not _equal(given, token):
            return None
        answer = RedirectResponse("/", 303)
        answer.set_cookie(_cookie_name(scope), token, httponly=True, samesite="strict")
        return answer

    def _may_change(self, scope: Scope, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        is_same = origin is None or origin == f"{scope['scheme']}://{host}"
        return is_same and _equal(headers.get(CHANGE, ""), self._change)


def _equal(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _cookie_name(scope: Scope) -> str:
    return f"automl-zero-{scope['server'][1]}"


def _name_of(host: str) -> str:
    """Without the port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
