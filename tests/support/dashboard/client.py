"""Clients of the dashboard in tests: with its token, as scripts have it, or without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from automl_zero.dashboard.server.access import Access
from automl_zero.dashboard.server.app import Dashboard, make_app

HERE = "http://127.0.0.1:8765"
TOKEN = "a-token-that-nobody-guesses"  # noqa: S105
COOKIE = {"Cookie": f"automl-zero-8765={TOKEN}"}
OPENED: list[Dashboard] = []  # dashboards to close after a test


def anonymous(*roots: Path, max_runs: int | None = None, **access: Any) -> TestClient:
    """Return a client without the token."""
    OPENED.append(Dashboard(roots, max_runs))
    app = make_app(OPENED[-1], Access(TOKEN, **access))
    return TestClient(app, base_url=HERE, follow_redirects=False)


def client(*roots: Path, max_runs: int | None = None, **access: Any) -> TestClient:
    """Return a client that sends the token in a header."""
    page = anonymous(*roots, max_runs=max_runs, **access)
    page.headers["Authorization"] = f"Bearer {TOKEN}"
    return page


def browser(*roots: Path, **access: Any) -> TestClient:
    """Return a client that has only the cookie."""
    page = anonymous(*roots, **access)
    page.cookies.set("automl-zero-8765", TOKEN)
    return page


def change(page: TestClient, path: str, body: Any, **headers: str) -> Any:
    """Ask for a change with the key of the session."""
    key = page.get("/api/session").json()["change"]
    return page.post(path, json=body, headers={"X-Change": key, "Origin": HERE, **headers})
