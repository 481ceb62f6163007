"""The application: a page, and the JSON that it asks for; all of its state can be read from the run folders."""

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
from automl_zero.dashboard.state.program_request import program_request
from automl_zero.dashboard.state.responses import run_details, run_summary
from automl_zero.dashboard.state.run_metadata import run_metadata
from automl_zero.errors import AutoMLZeroError
from automl_zero.run.budget import BUDGETS
from automl_zero.run.record.run_folder import EVENTS, StoreError, read_config

STATIC = Path(__file__).parents[1] / "static"
GLANCE = 0.005  # seconds of reading for each run of a list, and for a program
LIST = 1.0  # seconds of reading for a list of all runs
LONGEST = 10_000  # bytes of the body of a request


class AsciiJSONResponse(JSONResponse):
    """JSON in ASCII, which can express file names that are not valid Unicode, too."""

    def render(self, content: Any) -> bytes:
        """Return the body of the response."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


class TooLongError(AutoMLZeroError):
    """Raised for a request whose body is too long."""


class Dashboard:
    """The state of the server: the folders, what it has read of their runs, and the runs that it has started."""

    def __init__(self, roots: Sequence[Path], max_runs: int | None = None) -> None:
        """Create the state of a server.

        Args:
            roots: folders that contain runs, or run folders; new runs are made in the first one.
            max_runs: how many new runs may run at the same time; by default, one for each processor.
        """
        self.root, self.change_key = roots[0], secrets.token_urlsafe(32)
        self.run_index, self.launcher, self.analysis_pool = RunIndex(roots), RunLauncher(max_runs), AnalysisPool()
        self._rows = SingleFlight(self._list)
        self._tails: dict[Path, EventTail] = {}
        self._stopping: set[Path] = set()  # runs that were asked to stop and are still running
        self._stop_lock = threading.Lock()

    def close(self) -> None:
        """Start no more runs, and analyze no more programs."""
        self.launcher.close()
        self.analysis_pool.close()

    def session(self, _: Request) -> Any:
        """Return the key that requests for changes need, and the presets and budgets of new runs."""
        return {"change": self.change_key, "presets": preset_names(), "budgets": list(BUDGETS)}

    def runs(self, _: Request) -> Any:
        """Return a summary of each run, the waiting runs, and the failed ones."""
        waiting, failures = self.launcher.waiting(), self.launcher.failures()
        return {"runs": self._rows.value(), "waiting": waiting, "failures": failures}

    def _list(self) -> list[dict[str, Any]]:
        found, deadline = self.run_index.runs(), time.monotonic() + LIST
        self._forget_all_but({run.path for run in found.values()})
        rows = [self._row(name, run, deadline) for name, run in found.items()]
        return [row for row in rows if row]

    def _row(self, name: str, run: IndexedRun, deadline: float) -> dict[str, Any] | None:
        """Return the summary of a run, an older one while another request reads the run; None if it was removed."""
        tail = self._tail_of(run)
        if tail.lock.acquire(timeout=GLANCE):
            try:
                if time.monotonic() < deadline:
                    tail.read_new(GLANCE)
                tail.row = run_summary(tail)
            except OSError:  # the run has just been removed
                return None
            finally:
                tail.lock.release()
        return {"id": name, **self._run_status(run.path), **tail.row}

    def _run_status(self, path: Path) -> dict[str, bool]:
        running = is_held(path)
        if not running:
            self._stopping.discard(path)
        return {"running": running, "stopping": path in self._stopping}

    def run(self, request: Request) -> Any:
        """Return the details of a run; None if the page has their latest version."""
        run = self._run(request.query_params.get("id", ""))
        config, tail = read_config(run.path), self._tail_of(run)
        with tail.lock:
            tail.read_new()
            running_state = self._run_status(run.path)
            version = "-".join([tail.version, *map(str, running_state.values())])
            if request.query_params.get("since") == version:
                return None
            name = config.name, config.description
            return {**running_state, "name": name, **run_details(tail, config), "version": version}

    def program(self, request: Request) -> Any:
        """Return a program of a run, its differences to the one before, and the techniques that it uses."""
        query = request.query_params
        run = self._run(query.get("id", ""))
        config, tail = read_config(run.path), self._tail_of(run)
        with tail.lock:
            tail.read_new(GLANCE)
            requested = program_request(tail, config, query.get("kind", "improvement"), int(query.get("number", "-1")))
        answer = self.analysis_pool.analyze(requested)  # outside of the lock, as it may take seconds
        analysis = {"lines": answer.lines, "techniques": answer.techniques, "remark": answer.remark}
        return {"exact": requested.program[:LONGEST_PROGRAM], **analysis}

    def about(self, request: Request) -> Any:
        """Return the metadata of a run, and the settings in which it differs from another run, if one is named."""
        run, other = self._run(request.query_params.get("id", "")), request.query_params.get("with")
        tail, compared = self._tail_of(run), read_config(self._run(other).path) if other else None
        config = read_config(run.path)
        with tail.lock:
            tail.read_new(GLANCE)
            return run_metadata(run.path, tail, config, compared)

    def start(self, _: Request, asked: dict[str, Any]) -> Any:
        """Start a run in the first folder, or let it wait until others have ended."""
        name = self.launcher.start(self.root, asked)
        return {"id": f"0/{name}", "waiting": name in self.launcher.waiting()}

    def remove(self, _: Request, asked: dict[str, Any]) -> Any:
        """Remove a waiting run."""
        self.launcher.remove(str(asked.get("name", "")))
        return {}

    def stop(self, _: Request, asked: dict[str, Any]) -> Any:
        """Ask a run to stop, but only once, since a second signal would end it without a result."""
        path = self._run(str(asked.get("id", ""))).path
        with self._stop_lock:
            if self._run_status(path)["stopping"]:
                raise StoreError("the run was asked already: it finishes its epoch, and scores its best program")
            stop(path)
            self._stopping.add(path)
        return {}

    def _run(self, name: str) -> IndexedRun:
        return self.run_index.run(name)

    def _tail_of(self, run: IndexedRun) -> EventTail:
        if known := self._tails.get(run.path):
            return known
        tail = EventTail(run.path / EVENTS, run.root)
        tail.row = run_summary(tail)
        return self._tails.setdefault(run.path, tail)

    def _forget_all_but(self, paths: set[Path]) -> None:
        for gone in set(self._tails) - paths:
            self._tails.pop(gone, None)


def _endpoint(answer: Callable[..., Any]) -> Callable[[Request], Any]:
    """Return an endpoint that computes its response in a thread, and reports errors as a sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            body = [await _json_body(request)] if request.method == "POST" else []
            found = await run_in_threadpool(answer, request, *body)
        except LookupError:
            return AsciiJSONResponse({"error": "there is no such run or program"}, 404)
        except (ConfigError, StoreError) as error:
            return AsciiJSONResponse({"error": str(error)}, 400)
        except TooLongError as error:
            return AsciiJSONResponse({"error": str(error)}, 413, {"Connection": "close"})
        except ClientDisconnect:  # the client has gone during the request
            return Response(status_code=400)
        except BusyError as error:
            return AsciiJSONResponse({"busy": True, "remark": str(error)}, 202)
        except (OSError, ValueError):
            return AsciiJSONResponse({"error": "this cannot be read"}, 400)
        return Response(status_code=204) if found is None else AsciiJSONResponse(found)

    return endpoint


async def _json_body(request: Request) -> dict[str, Any]:
    try:
        asked = json.loads(await _body(request))
    except (ValueError, RecursionError):
        raise ConfigError("the request is not JSON") from None
    if not isinstance(asked, dict):
        raise ConfigError("the request is not a JSON object")
    return asked


async def _body(request: Request) -> bytes:
    """Read the body of a request up to the maximum, whether or not its length was announced."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise TooLongError(f"the request is too long: {LONGEST} bytes are read at most")
    return body


async def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html")


def make_app(dashboard: Dashboard, access: Access) -> Starlette:
    """Return the application.

    Args:
        dashboard: the state of the server, whose methods answer requests.
        access: the rules by which requests are accepted.
    """
    reads = {name: getattr(dashboard, name) for name in ("session", "runs", "run", "program", "about")}
    changes = {name: getattr(dashboard, name) for name in ("start", "stop", "remove")}
    routes = [
        Route("/", _page),
        *(Route(f"/api/{name}", _endpoint(each), methods=["GET"]) for name, each in reads.items()),
        *(Route(f"/api/{name}", _endpoint(each), methods=["POST"]) for name, each in changes.items()),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AuthMiddleware, access, dashboard.change_key)])
