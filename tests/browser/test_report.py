"""The interactive page of a run in a real browser: its figures are drawn, tell more under the mouse, and ask nobody."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import COMMAND
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def report(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run, with an ablation."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    subprocess.run([*COMMAND, "report", first, "--ablate", "--interactive", "--out", out], check=True)
    return out


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_interactive_page_is_drawn_and_asks_nobody(report: Path, watched: Any, scheme: Any) -> None:
    page: Page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())
    expect(page.locator(".chart .main-svg").first).to_be_visible()
    assert page.locator(".chart").count() == page.locator(".chart .plot-container").count() > 3
    ink = page.evaluate("getComputedStyle(document.querySelector('.chart .xtick text')).fill")
    assert ink == {"light": "rgb(29, 36, 51)", "dark": "rgb(231, 234, 240)"}[scheme]
    course = page.locator("[aria-labelledby=course]")
    course.locator(".points path.point").last.hover(force=True)
    expect(course.locator(".hoverlayer")).to_contain_text("def Predict")
    watched.shoot(f"report-{scheme}")
    assert (watched.faults, watched.hosts) == ([], {None})  # a file has no host


def test_figures_change_with_the_colours_of_the_system(report: Path, watched: Any) -> None:
    page: Page = watched.page
    page.emulate_media(color_scheme="light")
    page.goto(report.as_uri())
    text = page.locator(".chart .xtick text").first
    expect(text).to_have_css("fill", "rgb(29, 36, 51)")
    page.emulate_media(color_scheme="dark")
    expect(text).to_have_css("fill", "rgb(231, 234, 240)")


def test_an_interactive_page_is_accessible(report: Path, watched: Any) -> None:
    watched.page.goto(report.as_uri())
    expect(watched.page.locator(".chart .main-svg").first).to_be_visible()
    watched.check_accessible()
