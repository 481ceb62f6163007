"""The server: a page, and what it asks for as JSON. It keeps nothing that it could not read again from the folders."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from automl_zero.config import Config, ConfigError, load_config, preset_names
from automl_zero.dashboard.about import about
from automl_zero.dashboard.follow import Follower
from automl_zero.dashboard.guard import Guard
from automl_zero.dashboard.holder import is_held, stop
from automl_zero.dashboard.launch import Launched
from automl_zero.dashboard.shelf import runs_of
from automl_zero.dashboard.story import story
from automl_zero.dashboard.told import run_in_a_row, whole_run
from automl_zero.run.effort import EFFORTS
from automl_zero.run.store import CONFIG, EVENTS, StoreError

STATIC = Path(__file__).parent / "static"
GLANCE = 0.005  # seconds to read on in each run of a list, and for a program
LONGEST = 10_000  # bytes of what is sent to the server


class Told(JSONResponse):
    """JSON in ASCII, so that names and texts that are no Unicode can be told, too."""

    def render(self, content: Any) -> bytes:
        """The text of the answer."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class Dashboard:
    """What the server knows: folders, and what it has read of their runs."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = list(roots)
        self.change = secrets.token_urlsafe(32)
        self.launched = Launched()
        self._followers: dict[Path, Follower] = {}
        self._asked: set[Path] = set()  # runs that were asked to end and still go on
        self._asking = threading.Lock()

    def session(self, _: Request) -> Any:
        """What a page needs to know before it can ask for a change, and what can be started."""
        return {"change": self.change, "presets": preset_names(), "efforts": list(EFFORTS)}

    def runs(self, _: Request) -> Any:
        """All runs, in short."""
        found = runs_of(self.roots)
        self._forget_all_but(set(found.values()))
        rows = [self._row(name, path) for name, path in found.items()]
        return {"runs": [row for row in rows if row], "failures": self.launched.failures()}

    def _row(self, name: str, path: Path) -> dict[str, Any] | None:
        follower = self._follower(path)
        with follower.lock:
            try:
                follower.look(GLANCE)
            except OSError:  # it has just been removed
                return None
            return {"id": name, **self._going_on(path), **run_in_a_row(follower)}

    def _going_on(self, path: Path) -> dict[str, bool]:
        running = is_held(path)
        if not running:
            self._asked.discard(path)
        return {"running": running, "asked": path in self._asked}

    def run(self, request: Request) -> Any:
        """One run; None if nothing has happened since the version that the page has."""
        path = self._path(request.query_params.get("id", ""))
        config, follower = _config(path), self._follower(path)
        with follower.lock:
            follower.look()
            going_on = self._going_on(path)
            version = "-".join([follower.version, *map(str, going_on.values())])
            if request.query_params.get("since") == version:
                return None
            name = config.name, config.description
            return {**going_on, "name": name, **whole_run(follower, config), "version": version}

    def story(self, request: Request) -> Any:
        """A program of a run."""
        query = request.query_params
        path = self._path(query.get("id", ""))
        follower = self._follower(path)
        with follower.lock:
            follower.look(GLANCE)
            return story(follower, _config(path), query.get("kind", "improvement"), int(query.get("number", "-1")))

    def about(self, request: Request) -> Any:
        """What a run is, and how its settings differ from those of another, if one is named."""
        path, other = self._path(request.query_params.get("id", "")), request.query_params.get("with")
        follower, compared = self._follower(path), _config(self._path(other)) if other else None
        with follower.lock:
            follower.look(GLANCE)
            return about(path, follower, _config(path), compared)

    def start(self, _: Request, asked: dict[str, Any]) -> Any:
        """Start a run in the first folder."""
        return {"id": f"0/{self.launched.start(self.roots[0], asked)}"}

    def stop(self, _: Request, asked: dict[str, Any]) -> Any:
        """Ask a run to come to its end: once, since a second signal would end it without its result."""
        path = self._path(str(asked.get("id", "")))
        with self._asking:
            if self._going_on(path)["asked"]:
                raise StoreError("the run was asked already: it ends its epoch, and scores what it has found")
            stop(path)
            self._asked.add(path)
        return {}

    def _path(self, name: str) -> Path:
        return runs_of(self.roots)[name]

    def _follower(self, path: Path) -> Follower:
        return self._followers.setdefault(path, Follower(path / EVENTS))

    def _forget_all_but(self, paths: set[Path]) -> None:
        for gone in set(self._followers) - paths:
            self._followers.pop(gone, None)


def _config(path: Path) -> Config:
    return load_config(str(path / CONFIG))


def _endpoint(answer: Callable[..., Any]) -> Callable[[Request], Any]:
    """Answers in a thread; what is wrong with a request is told in a sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            body = [await _asked(request)] if request.method == "POST" else []
            found = await run_in_threadpool(answer, request, *body)
        except LookupError:
            return Told({"error": "there is no such run or program"}, 404)
        except (ConfigError, StoreError) as error:
            return Told({"error": str(error)}, 400)
        except (OSError, ValueError):
            return Told({"error": "this cannot be read"}, 400)
        return Response(status_code=204) if found is None else Told(found)

    return endpoint


async def _asked(request: Request) -> dict[str, Any]:
    if int(request.headers.get("content-length", LONGEST + 1)) > LONGEST:
        raise ConfigError("the request is too long")
    try:
        asked = await request.json()
    except (ValueError, RecursionError):
        raise ConfigError("the request is not JSON") from None
    if not isinstance(asked, dict):
        raise ConfigError("the request is not a JSON object")
    return asked


async def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


def make_app(roots: Sequence[Path], host: str = "127.0.0.1", token: str | None = None) -> Starlette:
    """The server's app.

    Args:
        roots: folders with runs, or run folders; new runs are made in the first one.
        host: that it is bound to.
        token: without which nothing is shown; None on this machine alone.
    """
    dashboard = Dashboard(roots)
    asks = {name: getattr(dashboard, name) for name in ("session", "runs", "run", "story", "about")}
    changes = {name: getattr(dashboard, name) for name in ("start", "stop")}
    routes = [
        Route("/", _page),
        *(Route(f"/api/{name}", _endpoint(each), methods=["GET"]) for name, each in asks.items()),
        *(Route(f"/api/{name}", _endpoint(each), methods=["POST"]) for name, each in changes.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, host, token, dashboard.change)])
