"""Take the screenshot of the dashboard in the docs.

``python scripts/figures/dashboard.py RUNS docs/images/dashboard.png``, where ``RUNS/digits`` is a finished run. This
needs Chromium.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from automl_zero.dashboard.server.access import Access, new_token
from automl_zero.dashboard.server.app import Dashboard, make_app

PORT = 8766


def main(runs: str, picture: str) -> None:
    """Serve the folder of runs, open the run ``digits``, and save a screenshot."""
    access = Access(new_token())
    app = make_app(Dashboard([Path(runs)]), access)
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="warning", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"http://127.0.0.1:{PORT}/?token={access.token}")
        page.goto(f"http://127.0.0.1:{PORT}/#run=0/digits")
        page.locator("#techniques li").first.wait_for()
        page.screenshot(path=picture)
        browser.close()
    server.should_exit = True


if __name__ == "__main__":
    main(*sys.argv[1:])
