"""The page in a real browser: a run is started, watched, replayed, compared and stopped, and the server restarted.

Screenshots are kept in ``browser-artefacts``. ``make browser`` installs what is needed.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from commands import COMMAND, wait_until
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.browser
ARTEFACTS = Path("browser-artefacts")
FREQUENT = 20_000  # milliseconds that something on the page may take


class Server:
    """The command, on a free port; it can be killed and started again."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.root = root
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([*COMMAND, "dashboard", str(self.root), "--port", str(self.port)])
        wait_until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "runs").mkdir()
    subprocess.run([*COMMAND, "run", "linear-graphs", "--quiet", "--out", tmp_path / "runs" / "first"], check=True)
    server = Server(tmp_path / "runs")
    yield server
    server.kill()


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is not installed: run 'make browser'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 1000})
        browser.close()


def shoot(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def check_accessible(page: Page) -> None:
    """By axe, whose script comes as a file: the policy of the page lets no other one in."""
    import axe_playwright_python

    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text())
    found = page.evaluate("axe.run()")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_a_run_is_started_watched_replayed_compared_and_stopped(server: Server, page: Page) -> None:
    page.set_default_timeout(FREQUENT)
    expect.set_options(timeout=FREQUENT)
    faults: list[str] = []
    hosts: set[str | None] = set()
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))

    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_text("Start a run").click()
    page.locator("[name=preset]").select_option("linear-graphs")
    page.locator("[name=name]").fill("second")
    page.locator("[name=seed]").fill("2")
    page.locator("[name='stop.max_seconds']").fill("nonsense")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#refusal")).to_contain_text("max_seconds")
    faults.clear()  # the browser notes the refusal
    page.locator("[name=preset]").select_option("digits")
    page.locator("[name='stop.max_seconds']").fill("300")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#curve path.a")).to_be_attached(timeout=120_000)
    before = page.locator("#curve path.a").get_attribute("d")
    program = page.locator("#program").text_content()
    expect(page.locator("#curve path.a")).not_to_have_attribute("d", before or "")
    page.wait_for_function("text => document.getElementById('program').textContent !== text", arg=program)

    page.reload()
    expect(page.locator("#title")).to_have_text("second")
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    expect(page.locator("#moment")).to_contain_text("1 of ")
    page.locator("#other").select_option("0/first")
    expect(page.locator("#curve path.b")).to_be_attached()
    expect(page.locator("#otherprogram")).to_contain_text("def Learn")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        check_accessible(page)
        shoot(page, scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "phone")
    assert faults == []

    server.kill()
    expect(page.locator("#note")).to_contain_text("does not answer")
    server.start()
    expect(page.locator("#note")).to_have_text("")
    faults.clear()  # a server that is gone is an error of the network
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#state")).to_contain_text("ended: interrupted", timeout=240_000)
    expect(page.locator("#result")).to_be_visible()
    time.sleep(1.5)
    assert (faults, hosts) == ([], {"127.0.0.1"})
