"""The page behind nginx, in a browser: by TLS under a name, and below a path of which it knows nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support.dashboard.proxies import HAS_PROXY, HEADERS, proxy

pytestmark = pytest.mark.browser
SECOND = 1000  # milliseconds


@pytest.mark.parametrize("place", ["", "stripped/"])
@pytest.mark.parametrize("headers", HEADERS)
def test_a_run_is_started_and_stopped(place: str, headers: str, server: Any, anonymous: Any, tmp_path: Path) -> None:
    assert HAS_PROXY, "nginx is not installed: run 'make browser'"
    with proxy(tmp_path / "nginx", server.port, headers) as before:
        page, address = anonymous.page, f"https://127.0.0.1:{before.port}/{place}"
        page.goto(f"{address}?token={server.server.token}")
        expect(page).to_have_url(address)
        expect(page.locator("#runs li")).to_have_count(1)
        page.get_by_text("Start a run").click()
        page.locator("[name=preset]").select_option("affine")
        page.locator("[name=name]").fill("second")
        page.locator("[name='stop.max_seconds']").fill("300")
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator("#curve path.a")).to_be_attached(timeout=120 * SECOND)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#state")).to_contain_text("ended: interrupted", timeout=120 * SECOND)
        anonymous.check_quiet()
