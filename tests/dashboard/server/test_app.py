"""The server: its responses, its access control, and the requests that it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.dashboard.client import change, client
from support.runs.sample_events import EPOCH, improvement
from support.runs.small_config import small_config

from automl_zero.dashboard.server import app
from automl_zero.run.record.events import to_json
from automl_zero.run.record.run_folder import RunFolder, locked

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with one run, whose program is hostile text."""
    folder = tmp_path / "runs"
    RunFolder.create(folder / "one", small_config())
    events = [replace(improvement(10, 0.5), program=HOSTILE), EPOCH]
    (folder / "one" / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in events))
    return folder


def test_runs_are_listed_and_shown(root: Path) -> None:
    page = client(root)
    (row,) = page.get("/api/runs").json()["runs"]
    assert (row["id"], row["running"], row["programs"], row["fitness"]) == ("0/one", False, 1000, 0.5)
    run = page.get("/api/run?id=0/one").json()
    assert (run["curve"], run["improvements"], run["faulty"]) == ([[2.0, 1000, 0.5]], [[0.0, 0, 10, 0.5]], 0)
    assert page.get(f"/api/run?id=0/one&since={run['version']}").status_code == 204


def test_hostile_text_is_sent_as_json_and_nothing_else(root: Path) -> None:
    answer = client(root).get("/api/program?id=0/one")
    assert answer.json()["lines"] == [[" ", HOSTILE]]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/runs", "/api/nothing"])
def test_every_answer_has_a_strict_policy_and_is_not_kept(path: str, root: Path) -> None:
    headers = client(root).get(path).headers
    assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["", "one", "1/one", "0/../secret", "0/..%2Fsecret", "/etc", "0/link", "0/file"])
def test_only_runs_of_the_folders_are_read(name: str, root: Path) -> None:
    secret = root.parent / "secret"
    RunFolder.create(secret, small_config())
    (root / "link").symlink_to(secret)
    RunFolder.create(root / "file", small_config())
    (root / "file" / "events.jsonl").unlink()
    (root / "file" / "events.jsonl").symlink_to(secret / "events.jsonl")
    assert client(root).get(f"/api/run?id={name}").status_code == 404
    assert client(root).get("/static/../app.py").status_code == 404


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"preset": "/etc/passwd", "name": "a"}, "no preset '/etc/passwd'"),
        ({"preset": "linear-graphs", "name": "../a"}, "name must be"),
        ({"preset": "linear-graphs", "name": "a", "seed": "-1"}, "seed"),
        ({"preset": "linear-graphs", "name": "a", "budget": "all"}, "no budget 'all'"),
        ({"preset": "digits", "name": "a", "budget": "paper"}, "needs a limit"),
        ({"preset": "linear-graphs", "name": "one"}, "exists and is not overwritten"),
        ([], "not a JSON object"),
    ],
)
def test_a_run_that_cannot_be_is_refused(asked: Any, error: str, root: Path) -> None:
    answer = change(client(root), "/api/start", asked)
    assert answer.status_code == 400
    assert error in answer.json()["error"]


def test_only_running_runs_can_be_stopped(root: Path) -> None:
    page = client(root)
    assert "no process of yours is known" in change(page, "/api/stop", {"id": "0/one"}).json()["error"]
    assert change(page, "/api/stop", {"id": "0/two"}).status_code == 404
    with locked(root / "one"):  # by this process, which is not stopped
        assert page.get("/api/runs").json()["runs"][0]["running"]
        assert change(page, "/api/stop", {"id": "0/one"}).status_code == 400


def test_a_run_is_asked_to_end_only_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, asked = client(root), list[Path]()
    monkeypatch.setattr(app, "stop", asked.append)
    with locked(root / "one"):
        assert change(page, "/api/stop", {"id": "0/one"}).status_code == 200
        assert page.get("/api/run?id=0/one").json()["stopping"]
        assert "asked already" in change(page, "/api/stop", {"id": "0/one"}).json()["error"]
    assert not page.get("/api/runs").json()["runs"][0]["stopping"]
    with locked(root / "one"):  # resumed
        assert change(page, "/api/stop", {"id": "0/one"}).status_code == 200
    assert asked == [root / "one"] * 2
