"""Hostile runs and requests: all is sent as text, nothing outside of the folders is read, and the server continues."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from support.dashboard.client import HERE, TOKEN, anonymous, client
from support.runs.hostile_runs import HOSTILE, NAMES, hostile_events, make_hostile_run, make_hostile_runs
from support.runs.small_config import small_config

from automl_zero.run.record.run_folder import RunFolder

JSON = {"Content-Type": "application/json", "Origin": HERE}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def ids(page: TestClient) -> set[str]:
    return {each["id"] for each in page.get("/api/runs").json()["runs"]}


def test_runs_of_any_name_are_listed_and_shown(root: Path) -> None:
    make_hostile_runs(root)
    page = client(root)
    assert ids(page) == {f"0/{each.decode(errors='replace')}" for each in NAMES}
    for name in ids(page):
        for path in ("run", "program", "about"):
            assert page.get(f"/api/{path}", params={"id": name}).status_code == 200


def test_all_that_a_hostile_run_contains_is_json(root: Path) -> None:
    make_hostile_run(root / "run")
    page = client(root)
    answers = [page.get("/api/runs"), page.get("/api/run?id=0/run")]
    answers += [page.get(f"/api/program?id=0/run&kind={each}") for each in ("improvement", "ancestor")]
    assert {each.headers["content-type"] for each in answers} == {"application/json"}
    run = answers[1].json()
    assert (run["faulty"], run["name"]) == (0, [HOSTILE, HOSTILE])
    assert run["reason"] == run["ancestors"][0][2] == run["final"]["baselines"][0]["name"] == HOSTILE
    assert all(each.json()["exact"] == HOSTILE for each in answers[2:])


@pytest.mark.parametrize(
    "content", [b"\xff\n", b"[" * 100_000 + b"\n", b'{"event":"epoch","seconds":NaN}\n', b"\0" * 9]
)
def test_what_is_no_event_hides_no_others(content: bytes, root: Path) -> None:
    path = make_hostile_run(root / "run") / "events.jsonl"
    path.write_bytes(path.read_bytes() + content)
    run = client(root).get("/api/run?id=0/run").json()
    assert (run["faulty"], run["programs"]) == (int(content.endswith(b"\n")), 1000)


def test_a_program_that_is_no_unicode_counts_as_no_event(root: Path) -> None:
    folder = make_hostile_run(root / "run")
    line = (folder / "events.jsonl").read_text().splitlines()[1].replace("<script>", "\\ud800")
    (folder / "events.jsonl").write_text(f"{line}\n")
    assert client(root).get("/api/run?id=0/run").json()["faulty"] == 1


@pytest.mark.parametrize("config", [b"\xff", b"name = 1", b"name = '<script>'\n[<img>]\n", b"a" * 3_000_000])
def test_a_run_with_a_config_that_cannot_be_used_says_so(config: bytes, root: Path) -> None:
    folder = make_hostile_run(root / "run")
    (folder / "config.toml").write_bytes(config)
    page = client(root)
    assert ids(page) == {"0/run"}
    answer = page.get("/api/run?id=0/run")
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_pipes_loops_and_folders_in_the_place_of_files_are_no_runs(root: Path) -> None:
    for name, file in (("a", "config.toml"), ("b", "events.jsonl"), ("c", "config.toml"), ("d", "events.jsonl")):
        folder = make_hostile_run(root / name)
        (folder / file).unlink()
        (os.mkfifo if name in "ab" else os.mkdir)(folder / file)
    (root / "loop").symlink_to(root / "loop")
    (root / "again").symlink_to(root)
    assert ids(client(root)) == set()


def test_links_that_lead_out_are_followed_neither_to_files_nor_to_folders(root: Path) -> None:
    secret = make_hostile_run(root.parent / "secret")
    (root / "link").symlink_to(secret)
    (root / "parent").symlink_to("..")
    for file in ("config.toml", "events.jsonl"):
        folder = make_hostile_run(root / file)
        (folder / file).unlink()
        (folder / file).symlink_to(secret / file)
    assert ids(client(root)) == set()


NOWHERE = [
    "%2e%2e/secret", "..%2fsecret", "0/..%2fsecret", "0/..%252fsecret", "0%2f..%2f..%2fsecret", "0/one/../../secret",
    "0/%00", "0/run%00", "%00", "%ff", "/etc/passwd", "0//etc/passwd", "0/./run", "0//run", "0/run/", "-1/run", "0",
    "file:///etc/passwd", "0/run/events.jsonl", "~", "0/~", "0/run%0a", "0\\run", "0/RUN", "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("name", NOWHERE)
def test_names_that_are_no_runs_are_not_found(name: str, root: Path) -> None:
    make_hostile_run(root / "run")
    make_hostile_run(root.parent / "secret")
    page = client(root)
    assert [page.get(f"/api/{path}?id={name}").status_code for path in ("run", "program", "about")] == [404] * 3


@pytest.mark.parametrize("path", ["%2e%2e/app.py", "..%2fapp.py", "%00", "/etc/passwd", "%2fetc%2fpasswd", "a" * 5000])
def test_only_files_of_the_page_are_served(path: str, root: Path) -> None:
    assert client(root).get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize("number", ["nan", "1e3", "--1", "9" * 5000, "", "%00"])
def test_numbers_that_are_none_are_refused(number: str, root: Path) -> None:
    make_hostile_run(root / "run")
    assert client(root).get(f"/api/program?id=0/run&number={number}").status_code == 400


BODIES = [
    b"[" * 9000, b'{"a":' * 1500, b"\xff", b"", b"null", b'"' + b"a" * 20_000 + b'"',
    b'{"preset":"\\ud800","name":"a"}', b'{"preset":["linear-graphs"],"name":"a"}', b'{"preset":"linear-graphs"}',
    *(
        b'{"preset":"linear-graphs","name":"a",%s}' % each
        for each in (
            b'"name":".."', b'"name":".a"', b'"name":"a/b"', b'"name":"a\\u0000"', b'"name":"a\\n"', b'"name":"-x"',
            b'"name":"\\u202e"', b'"budget":"\\ud800"', b'"seed":"1\\nout=x"', b'"seed":"1 --out x"', b'"seed":{}',
            b'"preset":"../../etc/passwd"', b'"preset":"linear-graphs\\u0000"', b'"preset":"<script>"',
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_requests_for_runs_that_cannot_be_are_refused(body: bytes, root: Path) -> None:
    page = client(root)
    key = page.get("/api/session").json()["change"]
    answer = page.post("/api/start", content=body, headers={**JSON, "X-Change": key})
    status = 413 if len(body) > 10_000 else 400
    assert (answer.status_code, list(answer.json()), list(root.iterdir())) == (status, ["error"], [])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/api/start", "/api/stop", "/api/runs", "/static/app.js"])
def test_no_request_that_may_change_something_passes_without_the_key(method: str, path: str, root: Path) -> None:
    assert client(root).request(method, path, headers=JSON, content=b"{}").status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_is_started_by_looking(method: str, root: Path) -> None:
    page = client(root)
    key = page.get("/api/session").json()["change"]
    for path in ("/api/start?preset=linear-graphs&name=a", "/api/stop?id=0/run"):
        assert page.request(method, path, headers={"X-Change": key}).status_code == 405


@pytest.mark.parametrize("other", ["a[]=x", '{"a":1}', "=x", '"', "a\x00=b", "é=ü"])
def test_odd_cookies_of_others_hide_no_token_and_give_none(other: str, root: Path) -> None:
    page = anonymous(root)
    for cookie, status in ((f"{other}; automl-zero-8765={TOKEN}", 200), (f"{other}; automl-zero-8765={TOKEN}é", 401)):
        assert page.get("/api/runs", headers={"Cookie": cookie.encode("latin-1")}).status_code == status


def test_a_run_that_is_removed_is_forgotten(root: Path) -> None:
    page: Any = client(root)
    RunFolder.create(root / "one", small_config())
    make_hostile_run(root / "two")
    assert ids(page) == {"0/one", "0/two"}
    shutil.rmtree(root / "two")
    assert ids(page) == {"0/one"}
    assert page.get("/api/run?id=0/two").status_code == 404


def test_every_kind_of_event_is_hostile_once() -> None:
    assert len({type(each) for each in hostile_events()}) == len(hostile_events()) == 8
