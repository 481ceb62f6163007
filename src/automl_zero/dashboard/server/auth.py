"""Access control, which every request passes first.

Nothing is shown without the token, and pages of other sites cannot make a browser change anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from automl_zero.dashboard.server.access import Access, is_address, is_loopback

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
CHANGE = "X-Change"  # a header whose value only pages of this server know
SAFE_METHODS = ("GET", "HEAD")
UNAUTHORIZED = (
    "this needs the token of the dashboard: open the address that it printed at its start, with ?token= and the token"
    " at its end, or send the header 'Authorization: Bearer TOKEN'"
)


class AuthMiddleware:
    """Passes requests on to the application, or refuses them.

    Args:
        app: the application.
        access: the rules by which requests are accepted.
        change: the value of the header ``X-Change`` that requests for changes must have.
    """

    def __init__(self, app: ASGIApp, access: Access, change: str) -> None:
        self.app, self._access, self._change = app, access, change
        self._root = unquote(access.root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request or pass it on, and add security headers to the response."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        scope = {**scope, "path": self._path_below_root(scope["path"])}
        answer = self._refusal(scope, Headers(scope=scope))
        await (answer or self.app)(scope, receive, send_safely)

    def _path_below_root(self, path: str) -> str:
        """Return a path without the prefix of a proxy, which some proxies remove and some do not."""
        is_below = path == self._root or path.startswith(f"{self._root}/")
        return path[len(self._root) :] if is_below else path

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        name = _name_of(headers.get("host", ""))
        if not self._is_own(name):
            return _refused(
                f"the name {name[:80]} is not allowed here: start the dashboard with --allow-host NAME", 421
            )
        cookie, bearer = self._has_cookie(scope), self._has_bearer(headers)
        if redirect := self._set_cookie(scope, is_known=cookie or bearer):
            return redirect
        if not (cookie or bearer):
            return _without_token(scope, headers)
        if scope["method"] not in SAFE_METHODS:
            return self._refused_change(headers, bearer)
        return None if scope["path"] else RedirectResponse(f"{self._access.root}/", 308)

    def _is_own(self, name: str) -> bool:
        """Return whether the server may be reached by a host name.

        Without configured names, any is accepted: another site may point its name here, but gets no cookie for it.
        """
        access = self._access
        return not access.names or name in access.names | access.own or is_loopback(name) or is_address(name)

    def _has_cookie(self, scope: Scope) -> bool:
        """Return whether the cookie of this server holds the token; cookies of other servers are ignored."""
        return _equal(HTTPConnection(scope).cookies.get(_cookie_name(scope), ""), self._access.token)

    def _has_bearer(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _equal(given.strip(), self._access.token)

    def _set_cookie(self, scope: Scope, is_known: bool) -> Response | None:
        """Turn a token in the address into a cookie, so that it stays neither in the address bar nor in the history."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if scope["method"] not in SAFE_METHODS or scope["path"] not in ("", "/") or given is None:
            return None
        if not (is_known or _equal(given[0], self._access.token)):
            return None
        # Without a path, a browser uses that of the address, as it is known in front of any proxy.
        root = f"{self._access.root}/" if self._access.root else None
        answer = RedirectResponse(root or "./", 303)
        name, is_secure = _cookie_name(scope), scope["scheme"] == "https"
        answer.set_cookie(name, self._access.token, path=root, secure=is_secure, httponly=True, samesite="strict")
        return answer

    def _refused_change(self, headers: Headers, bearer: bool) -> Response | None:
        """Refuse a change without the key, or with a cookie from a page of another site.

        Browsers send cookies by themselves, but never the token in a header.
        """
        if not _equal(headers.get(CHANGE, ""), self._change):
            return _refused(f"changes need the header {CHANGE}, whose value GET /api/session returns", 403)
        if bearer or self._is_from_own_page(headers):
            return None
        origin = _name_of(_split(headers.get("origin", ""))[0])[:80]
        return _refused(
            f"changes from pages of '{origin}' are refused: if that is this server's name in front of a proxy, start"
            " the dashboard with --allow-host NAME",
            403,
        )

    def _is_from_own_page(self, headers: Headers) -> bool:
        """Return whether a page of this server made a request, by what the browser says or by the host name."""
        origin = headers.get("origin")
        if origin is None or headers.get("sec-fetch-site") == "same-origin":
            return True
        location, name = _split(origin)
        return bool(location) and (location == headers.get("host", "").lower() or name in self._access.names)


def _refused(why: str, status: int) -> Response:
    """Return a refusal; the connection is closed, and the rest of the request is not read."""
    return PlainTextResponse(why, status, {"Connection": "close"})


def _without_token(scope: Scope, headers: Headers) -> Response:
    answer = _refused(UNAUTHORIZED, 401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    if scope["path"] == "/" and headers.get("sec-fetch-site") == "cross-site":
        answer.headers["Refresh"] = (
            "0"  # after a link from another site, a browser sends a strict cookie only on reload
        )
    return answer


def _equal(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(errors="replace"), wanted.encode())


def _cookie_name(scope: Scope) -> str:
    return f"automl-zero-{scope['server'][1]}"


def _name_of(host: str) -> str:
    """Return the name in a host header, without the port."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower().rstrip(".")


def _split(origin: str) -> tuple[str, str]:
    """Return host with port, and host alone, of an origin."""
    try:
        parts = urlsplit(origin)
        return parts.netloc.lower(), parts.hostname or ""
    except ValueError:
        return "", ""
