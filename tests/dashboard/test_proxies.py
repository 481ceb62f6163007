"""Behind nginx, which ends TLS: under another name, and below a path that it leaves or takes away."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest
from support.dashboard.proxies import HAS_PROXY, NAME, proxy
from support.dashboard.server import change, serving
from support.runs.commands import wait_until

pytestmark = pytest.mark.skipif(not HAS_PROXY, reason="nginx or openssl is not installed")
PLACES: dict[str, list[str]] = {"/": [], "/stripped/": [], "/kept/": ["--root-path", "/kept"]}


def browser(folder: Path, port: int, headers: dict[str, str]) -> httpx.Client:
    """One that finds the name of the proxy on this machine, and believes its certificate."""
    context = ssl.create_default_context(cafile=folder / "certificate.pem")
    address = f"https://127.0.0.1:{port}"
    sent = {"Host": NAME, **headers}
    hooks = {"request": [lambda request: request.extensions.update(sni_hostname=NAME)]}
    return httpx.Client(base_url=address, verify=context, headers=sent, timeout=60, trust_env=False, event_hooks=hooks)


@pytest.mark.parametrize(
    ("place", "headers", "is_allowed"),
    [
        ("/", "forwarded", False),
        ("/", "by default", True),
        ("/stripped/", "by default", False),
        ("/kept/", "forwarded", True),
    ],
)
def test_a_run_is_listed_started_and_stopped(place: str, headers: str, is_allowed: bool, tmp_path: Path) -> None:
    """By a page that says where it is from, as browsers do: without a word about the proxy, or allowed by its name."""
    page = {"Origin": f"https://{NAME}", **({} if is_allowed else {"Sec-Fetch-Site": "same-origin"})}
    options = [*PLACES[place], *(["--allow-host", NAME] if is_allowed else [])]
    with (
        serving(tmp_path, *options) as server,
        proxy(tmp_path / "nginx", server.port, headers) as before,
        browser(before.folder, before.port, page) as asking,
    ):
        assert asking.get(f"{place}api/runs").status_code == 401
        welcome = asking.get(f"{place}?token={server.token}")
        assert welcome.status_code == 303
        assert "://" not in welcome.headers["location"]
        assert ("Secure" in welcome.headers["set-cookie"]) is (headers == "forwarded")
        for path in ("", "static/app.js", "api/runs"):
            assert asking.get(place + path).status_code == 200
        asked = {"preset": "affine", "name": "one", "stop.max_seconds": "300"}
        assert change(asking, "start", asked, place).status_code == 200
        wait_until(lambda: asking.get(f"{place}api/runs").json()["runs"])
        wait_until(lambda: asking.get(f"{place}api/run?id=0/one").json()["epoch"])
        assert change(asking, "stop", {"id": "0/one"}, place).status_code == 200
        wait_until(lambda: not asking.get(f"{place}api/runs").json()["runs"][0]["running"])
        assert asking.get(f"{place}api/run?id=0/one").json()["reason"] == "interrupted"
        assert server.token not in (before.folder / "access.log").read_text()


def test_pages_of_other_sites_change_nothing_through_the_proxy(tmp_path: Path) -> None:
    with serving(tmp_path) as server, proxy(tmp_path / "nginx", server.port, "by default") as before:
        cookie = {"Cookie": f"automl-zero-{server.port}={server.token}", "Origin": "https://evil.example"}
        with browser(before.folder, before.port, {**cookie, "Sec-Fetch-Site": "cross-site"}) as asking:
            assert change(asking, "start", {"preset": "linear-graphs", "name": "one"}, "/").status_code == 403
    assert not (tmp_path / "one").exists()
