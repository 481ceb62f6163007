"""The server: a page, and what it asks for as JSON. It keeps nothing that it could not read again from the folders."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from automl_zero.config import ConfigError, preset_names
from automl_zero.dashboard.analysis.analysis_pool import LONGEST_PROGRAM, AnalysisPool, BusyError
from automl_zero.dashboard.server.access import Access
from automl_zero.dashboard.server.auth import AuthMiddleware
from automl_zero.dashboard.server.process_lock import is_held, stop
from automl_zero.dashboard.server.run_index import IndexedRun, RunIndex
from automl_zero.dashboard.server.run_launcher import RunLauncher
from automl_zero.dashboard.server.single_flight import SingleFlight
from automl_zero.dashboard.state.event_tail import EventTail
from automl_zero.dashboard.state.program_request import question
from automl_zero.dashboard.state.responses import run_in_a_row, whole_run
from automl_zero.dashboard.state.run_metadata import about
from automl_zero.errors import AutoMLZeroError
from automl_zero.run.budget import BUDGETS
from automl_zero.run.record.run_folder import EVENTS, StoreError, read_config

STATIC = Path(__file__).parents[1] / "static"
GLANCE = 0.005  # seconds to read on in each run of a list, and for a program
LIST = 1.0  # seconds to read on for a list of all runs
LONGEST = 10_000  # bytes of what is sent to the server


class Told(JSONResponse):
    """JSON in ASCII, so that names and texts that are no Unicode can be told, too."""

    def render(self, content: Any) -> bytes:
        """The text of the answer."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class TooLongError(AutoMLZeroError):
    """More was sent than is read."""


class Dashboard:
    """What the server knows: folders, what it has read of their runs, and what it has started."""

    def __init__(self, roots: Sequence[Path], max_runs: int | None = None) -> None:
        """Of folders with runs, or run folders.

        Args:
            roots: the folders; new runs are made in the first one.
            max_runs: how many of these may go on at once; by default, one for each processor.
        """
        self.root, self.change = roots[0], secrets.token_urlsafe(32)
        self.run_index, self.launched, self.analyst = RunIndex(roots), RunLauncher(max_runs), AnalysisPool()
        self._rows = SingleFlight(self._list)
        self._followers: dict[Path, EventTail] = {}
        self._asked: set[Path] = set()  # runs that were asked to end and still go on
        self._asking = threading.Lock()

    def close(self) -> None:
        """Start no more runs, and tell of no more programs."""
        self.launched.close()
        self.analyst.close()

    def session(self, _: Request) -> Any:
        """What a page needs to know before it can ask for a change, and what can be started."""
        return {"change": self.change, "presets": preset_names(), "budgets": list(BUDGETS)}

    def runs(self, _: Request) -> Any:
        """All runs, in short, and those that are still to begin."""
        waiting, failures = self.launched.waiting(), self.launched.failures()
        return {"runs": self._rows.value(), "waiting": waiting, "failures": failures}

    def _list(self) -> list[dict[str, Any]]:
        found, deadline = self.run_index.runs(), time.monotonic() + LIST
        self._forget_all_but({run.path for run in found.values()})
        rows = [self._row(name, run, deadline) for name, run in found.items()]
        return [row for row in rows if row]

    def _row(self, name: str, run: IndexedRun, deadline: float) -> dict[str, Any] | None:
        """A run in short, as of the last time where it is being read for somebody else."""
        follower = self._follower(run)
        if follower.lock.acquire(timeout=GLANCE):
            try:
                if time.monotonic() < deadline:
                    follower.look(GLANCE)
                follower.row = run_in_a_row(follower)
            except OSError:  # it has just been removed
                return None
            finally:
                follower.lock.release()
        return {"id": name, **self._going_on(run.path), **follower.row}

    def _going_on(self, path: Path) -> dict[str, bool]:
        running = is_held(path)
        if not running:
            self._asked.discard(path)
        return {"running": running, "asked": path in self._asked}

    def run(self, request: Request) -> Any:
        """One run; None if nothing has happened since the version that the page has."""
        run = self._run(request.query_params.get("id", ""))
        config, follower = read_config(run.path), self._follower(run)
        with follower.lock:
            follower.look()
            going_on = self._going_on(run.path)
            version = "-".join([follower.version, *map(str, going_on.values())])
            if request.query_params.get("since") == version:
                return None
            name = config.name, config.description
            return {**going_on, "name": name, **whole_run(follower, config), "version": version}

    def story(self, request: Request) -> Any:
        """A program of a run, what of it is new, and the techniques that it uses."""
        query = request.query_params
        run = self._run(query.get("id", ""))
        config, follower = read_config(run.path), self._follower(run)
        with follower.lock:
            follower.look(GLANCE)
            asked = question(follower, config, query.get("kind", "improvement"), int(query.get("number", "-1")))
        answer = self.analyst.analyze(asked)  # nobody waits for this but who has asked
        told = {"lines": answer.lines, "techniques": answer.techniques, "remark": answer.remark}
        return {"exact": asked.program[:LONGEST_PROGRAM], **told}

    def about(self, request: Request) -> Any:
        """What a run is, and how its settings differ from those of another, if one is named."""
        run, other = self._run(request.query_params.get("id", "")), request.query_params.get("with")
        follower, compared = self._follower(run), read_config(self._run(other).path) if other else None
        config = read_config(run.path)
        with follower.lock:
            follower.look(GLANCE)
            return about(run.path, follower, config, compared)

    def start(self, _: Request, asked: dict[str, Any]) -> Any:
        """Start a run in the first folder, or let it wait for its turn."""
        name = self.launched.start(self.root, asked)
        return {"id": f"0/{name}", "waiting": name in self.launched.waiting()}

    def remove(self, _: Request, asked: dict[str, Any]) -> Any:
        """Take a run from those that wait for their turn."""
        self.launched.remove(str(asked.get("name", "")))
        return {}

    def stop(self, _: Request, asked: dict[str, Any]) -> Any:
        """Ask a run to come to its end: once, since a second signal would end it without its result."""
        path = self._run(str(asked.get("id", ""))).path
        with self._asking:
            if self._going_on(path)["asked"]:
                raise StoreError("the run was asked already: it ends its epoch, and scores what it has found")
            stop(path)
            self._asked.add(path)
        return {}

    def _run(self, name: str) -> IndexedRun:
        return self.run_index.run(name)

    def _follower(self, run: IndexedRun) -> EventTail:
        if known := self._followers.get(run.path):
            return known
        follower = EventTail(run.path / EVENTS, run.root)
        follower.row = run_in_a_row(follower)
        return self._followers.setdefault(run.path, follower)

    def _forget_all_but(self, paths: set[Path]) -> None:
        for gone in set(self._followers) - paths:
            self._followers.pop(gone, None)


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
        except TooLongError as error:
            return Told({"error": str(error)}, 413, {"Connection": "close"})
        except ClientDisconnect:  # in the midst of a request: there is nobody to answer
            return Response(status_code=400)
        except BusyError as error:
            return Told({"busy": True, "remark": str(error)}, 202)
        except (OSError, ValueError):
            return Told({"error": "this cannot be read"}, 400)
        return Response(status_code=204) if found is None else Told(found)

    return endpoint


async def _asked(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise ConfigError("the request is not JSON") from None
    if not isinstance(asked, dict):
        raise ConfigError("the request is not a JSON object")
    return asked


async def _body(request: Request) -> bytes:
    """What was sent; of what is too long no more than that is read, whether its length was told or not."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise TooLongError(f"the request is too long: {LONGEST} bytes are read at most")
    return body


async def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


def make_app(dashboard: Dashboard, access: Access) -> Starlette:
    """The server's app.

    Args:
        dashboard: what is told.
        access: whom it is told.
    """
    asks = {name: getattr(dashboard, name) for name in ("session", "runs", "run", "story", "about")}
    changes = {name: getattr(dashboard, name) for name in ("start", "stop", "remove")}
    routes = [
        Route("/", _page),
        *(Route(f"/api/{name}", _endpoint(each), methods=["GET"]) for name, each in asks.items()),
        *(Route(f"/api/{name}", _endpoint(each), methods=["POST"]) for name, each in changes.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AuthMiddleware, access, dashboard.change)])
