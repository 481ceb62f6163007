"""Access: without the token nothing is shown, and pages of other sites change nothing, below any path and name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from support.dashboard.client import HERE, TOKEN, anonymous, browser, change, client

PROXY = {"Host": "127.0.0.1:8765", "Origin": "https://runs.example.org"}
STATIC = Path(__file__).parents[3] / "src" / "automl_zero" / "dashboard" / "static"


def all_requests(page: TestClient) -> list[tuple[str, str]]:
    """Each route with each of its methods, each file, and what is no route."""
    routes: Any = page.app.routes  # type: ignore[attr-defined]
    found = [(method, each.path) for each in routes if isinstance(each, Route) for method in each.methods or ()]
    assert [each.path for each in routes if isinstance(each, Mount)] == ["/static"]
    found += [("GET", f"/static/{file.name}") for file in STATIC.iterdir()]
    return [*found, ("GET", "/nothing"), ("OPTIONS", "/api/start"), ("TRACE", "/"), ("GET", "/static/")]


def test_every_route_and_file_is_refused_without_the_token(tmp_path: Path) -> None:
    page = anonymous(tmp_path)
    asked = all_requests(page)
    assert {("GET", "/"), ("GET", "/api/runs"), ("POST", "/api/start"), ("GET", "/static/app.js")} < set(asked)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "automl-zero-8765=wrong"}, {"Authorization": ""}):
        answers = [page.request(*each, headers=headers) for each in asked]
        assert {each.status_code for each in answers} == {401}
        assert {each.headers["www-authenticate"] for each in answers} == {"Bearer"}
        assert all(TOKEN not in each.text + str(each.headers) for each in answers)


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/runs", "/api/nothing"])
@pytest.mark.parametrize("who", [client, anonymous])
def test_every_answer_has_a_strict_policy_and_is_not_kept(path: str, who: Any, tmp_path: Path) -> None:
    headers = who(tmp_path).get(path).headers
    assert "default-src 'none'; script-src 'self';" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
def test_a_script_sends_the_token_as_a_bearer(given: str, tmp_path: Path) -> None:
    assert anonymous(tmp_path).get("/api/runs", headers={"Authorization": given}).status_code == 200
    other = given.replace("earer", "asic")
    assert anonymous(tmp_path).get("/api/runs", headers={"Authorization": other}).status_code == 401


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address(tmp_path: Path) -> None:
    page = anonymous(tmp_path)
    for path in ("/?token=wrong", "/?token=", f"/api/runs?token={TOKEN}", f"/static/app.js?token={TOKEN}"):
        assert page.get(path).status_code == 401
    assert page.post(f"/?token={TOKEN}").status_code == 401
    for _ in range(2):  # also if the browser knows it already
        welcome = page.get(f"/?token={TOKEN}")
        assert (welcome.status_code, welcome.headers["location"]) == (303, "./")
    cookie = welcome.headers["set-cookie"]
    assert {each.strip() for each in cookie.split(";")[1:]} == {"HttpOnly", "SameSite=strict"}
    assert page.get("/api/runs").status_code == 200


def test_behind_https_the_cookie_is_for_https_alone(tmp_path: Path) -> None:
    page = anonymous(tmp_path)
    page.base_url = page.base_url.copy_with(scheme="https")
    assert "Secure" in page.get(f"/?token={TOKEN}").headers["set-cookie"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "192.168.0.7", "[::1]:8765", "[", "é"])
def test_under_any_name_only_clients_with_the_token_are_answered(host: str, tmp_path: Path) -> None:
    """A page that gives its own name to this server has neither the token nor the cookie, which is of another name."""
    headers = {"Host": host.encode("latin-1")}
    assert anonymous(tmp_path).get("/api/runs", headers=headers).status_code == 401  # type: ignore[arg-type]
    assert client(tmp_path).get("/api/runs", headers=headers).status_code == 200  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("runs.example.org", 200), ("RUNS.example.org.:443", 200), ("127.0.0.1:1", 200), ("localhost", 200),
        ("[::1]:8765", 200), ("192.168.0.7", 200), ("login1:8765", 200), ("evil.example", 421),
        ("runs.example.org.evil.example", 421), ("evil.example:runs.example.org", 421), ("", 421), ("[", 421),
    ],
)  # fmt: skip
def test_where_names_are_given_others_are_refused_with_the_remedy(host: str, status: int, tmp_path: Path) -> None:
    page = client(tmp_path, names=frozenset({"runs.example.org"}), own=frozenset({"login1"}))
    answer = page.get("/api/runs", headers={"Host": host})
    assert answer.status_code == status
    assert ("--allow-host" in answer.text) is (status == 421)


OWN = [
    {"Origin": HERE},
    {"Origin": "https://127.0.0.1:8765"},  # a proxy has ended TLS, and sends the name
    {"Host": "runs.example.org", "Origin": "https://RUNS.example.org"},
    {**PROXY, "Sec-Fetch-Site": "same-origin"},  # a proxy sends another name, but the browser knows
    {},
]
FOREIGN = [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}, {"Origin": ""}, PROXY,
    {"Origin": "http://127.0.0.1:9999", "Sec-Fetch-Site": "same-site"}, {**PROXY, "Sec-Fetch-Site": "cross-site"},
    {"Host": "", "Origin": "null"},
]  # fmt: skip


def asked_by(page: TestClient, headers: dict[str, str], key: str | None = None) -> Any:
    """Ask to stop a run that is none."""
    key = key or page.get("/api/session").json()["change"]
    return page.post("/api/stop", json={"id": "0/none"}, headers={"X-Change": key, **headers})


@pytest.mark.parametrize("headers", OWN)
def test_the_own_page_makes_changes_whatever_a_proxy_calls_it(headers: dict[str, str], tmp_path: Path) -> None:
    assert asked_by(browser(tmp_path), headers).status_code == 404


@pytest.mark.parametrize("headers", FOREIGN)
def test_nothing_is_changed_from_a_foreign_page(headers: dict[str, str], tmp_path: Path) -> None:
    answer = asked_by(browser(tmp_path), headers)
    assert answer.status_code == 403
    assert "--allow-host" in answer.text


@pytest.mark.parametrize("headers", FOREIGN)
def test_who_sends_the_token_itself_is_no_page(headers: dict[str, str], tmp_path: Path) -> None:
    assert asked_by(client(tmp_path), headers).status_code == 404


def test_a_name_that_is_allowed_is_that_of_the_page_in_front_of_a_proxy(tmp_path: Path) -> None:
    page = browser(tmp_path, names=frozenset({"runs.example.org"}))
    assert asked_by(page, PROXY).status_code == 404
    assert asked_by(page, {**PROXY, "Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("who", [browser, client])
@pytest.mark.parametrize("key", ["wrong", "é", TOKEN])
def test_without_the_key_of_the_session_nothing_is_changed(who: Any, key: str, tmp_path: Path) -> None:
    answer = who(tmp_path).post("/api/stop", json={"id": "0/none"}, headers={"X-Change": key.encode()})
    assert answer.status_code == 403
    assert "/api/session" in answer.text


@pytest.mark.parametrize("root", ["/tools/runs", "/user/a@b%20c/proxy"])
@pytest.mark.parametrize("is_left", [True, False])
def test_below_a_path_all_is_found_whether_the_proxy_leaves_it_or_not(root: str, is_left: bool, tmp_path: Path) -> None:
    page, before = anonymous(tmp_path, root=root), root if is_left else ""
    assert page.get(f"{before}/api/runs").status_code == 401
    welcome = page.get(f"{before}/?token={TOKEN}")
    assert (welcome.status_code, welcome.headers["location"]) == (303, f"{root}/")
    assert f"Path={root}/;" in welcome.headers["set-cookie"].replace('"', "")
    known = client(tmp_path, root=root)
    for path in ("/", "/api/runs", "/static/app.js"):
        assert known.get(before + path).status_code == 200
    assert known.get(f"{root}-other/").status_code == 404


def test_the_path_alone_leads_to_the_page(tmp_path: Path) -> None:
    assert anonymous(tmp_path, root="/tools").get("/tools").status_code == 401
    assert client(tmp_path, root="/tools").get("/tools").headers["location"] == "/tools/"
    assert anonymous(tmp_path, root="/tools").get(f"/tools?token={TOKEN}").headers["location"] == "/tools/"


def test_no_address_in_page_scripts_and_styles_is_absolute() -> None:
    for file in STATIC.iterdir():
        assert re.findall(r"""["'`(]/\w[^"'`)]*|https?://(?!www\.w3\.org/)""", file.read_text()) == [], file.name


def test_behind_a_link_on_another_site_the_browser_asks_again(tmp_path: Path) -> None:
    """It keeps a strict cookie back where another site has led to the page; asked by the answer, it sends it."""
    page = anonymous(tmp_path)
    assert page.get("/", headers={"Sec-Fetch-Site": "cross-site"}).headers["refresh"] == "0"
    assert "refresh" not in page.get("/", headers={"Sec-Fetch-Site": "none"}).headers


def test_a_change_by_the_own_page_is_made(tmp_path: Path) -> None:
    assert change(browser(tmp_path), "/api/remove", {"name": "x"}).json()["error"].startswith("no run of the name 'x'")
