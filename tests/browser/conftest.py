"""A dashboard of the command, a page of chromium that notes what goes wrong in it, and where its pictures are kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from support.dashboard.client import TOKEN
from support.dashboard.server import Server
from support.runs.commands import COMMAND

from automl_zero.dashboard.server.access import VARIABLE

ARTEFACTS = Path("browser-artefacts")
FREQUENT = 20_000  # milliseconds that something on the page may take
expect.set_options(timeout=FREQUENT)


class Served:
    """The dashboard, with a token of its own, so that it is the same page when it was killed and started again."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root, self.arguments, self.port = root, arguments, 0
        self.start()
        self.port = self.server.port

    def start(self) -> None:
        self.server = Server(self.root, *self.arguments, port=self.port, env={**os.environ, VARIABLE: TOKEN})
        self.server.token = TOKEN
        self.address = self.server.url

    def kill(self) -> None:
        self.server.kill()


@dataclass
class Watched:
    """A page, its errors, and the hosts that it asked."""

    page: Page
    faults: list[str] = field(default_factory=list)
    hosts: set[str | None] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(FREQUENT)
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.faults.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    def shoot(self, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    def check_accessible(self) -> None:
        """By axe, whose script comes as a file: the policy of the page lets no other one in."""
        import axe_playwright_python

        self.page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text())
        found = self.page.evaluate("axe.run()")["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []

    def check_quiet(self) -> None:
        """No error so far, and nobody asked but this machine."""
        assert (self.faults, self.hosts) == ([], {"127.0.0.1"})


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run."""
    folder = tmp_path_factory.mktemp("runs") / "first"
    subprocess.run([*COMMAND, "run", "linear-graphs", "--quiet", "--out", folder], check=True)
    return folder


@pytest.fixture
def root(first: Path, tmp_path: Path) -> Path:
    """A folder for runs, with one in it."""
    shutil.copytree(first, tmp_path / "runs" / "first")
    return tmp_path / "runs"


@pytest.fixture
def server(root: Path) -> Iterator[Served]:
    server = Served(root, "--max-runs", "1")
    yield server
    server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("chromium is not installed: run 'make browser'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def anonymous(browser: Browser) -> Iterator[Watched]:
    """A page of a browser that has never known a token."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, ignore_https_errors=True)
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def watched(anonymous: Watched, server: Served) -> Watched:
    """One that has opened the address with its token."""
    anonymous.page.goto(server.server.address)
    expect(anonymous.page).to_have_url(server.address)
    anonymous.page.goto("about:blank")  # another part of the same page would not be loaded again
    return anonymous
