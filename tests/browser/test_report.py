"""The page of a run in a real browser, plain or interactive: readable, used with the keyboard, asking nobody."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.runs.commands import COMMAND
from support.runs.hostile_runs import HOSTILE, hostile_events, make_hostile_run

from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.record.events import Event, Final, Improvement, Lineage, Selection, to_json

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def report(first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interactive page of a run, with an ablation."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    subprocess.run([*COMMAND, "report", first, "--ablate", "--interactive", "--out", out], check=True)
    return out


@pytest.fixture(scope="session")
def plain(report: Path, first: Path) -> Path:
    """The page that a run leaves, with the ablation that was made for the other one."""
    assert report.exists()
    out = report.parent / "plain.html"
    subprocess.run([*COMMAND, "report", first, "--out", out], check=True)
    return out


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_accessible_and_no_wider_than_the_screen(plain: Path, watched: Any, scheme: Any, width: int) -> None:
    page: Page = watched.page
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    page.goto(plain.as_uri())
    page.evaluate("document.querySelectorAll('details:not([hidden])').forEach(each => { each.open = true; })")
    watched.check_accessible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    watched.shoot(f"page-{scheme}-{width}")
    assert (watched.faults, watched.hosts) == ([], {None})  # a file has no host


def test_ancestors_are_gone_through_and_code_is_scrolled_with_the_keyboard(plain: Path, watched: Any) -> None:
    page: Page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(plain.as_uri())
    walk = page.locator(".walk")
    walk.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.walk').scrollLeft > 0")
    last = page.locator("#at").text_content() or ""
    page.locator("#step").focus()
    page.keyboard.press("Home")
    expect(page.locator("#at")).to_have_text(f"1 of {last.split()[-1]}")
    expect(page.locator(".ancestor:visible")).to_have_count(1)


def with_programs(event: Event, program: str) -> Event:
    """The event with a program in place of what is none: only of these there is a page."""
    match event:
        case Improvement() | Selection() | Final():
            return replace(event, program=program)
        case Lineage():
            return replace(event, ancestors=tuple(replace(each, program=program) for each in event.ancestors))
    return event


def test_hostile_pages_are_shown_as_text(root: Path, watched: Any) -> None:
    folder, page = root / "hostile", watched.page
    make_hostile_run(folder)
    events = [with_programs(each, to_text(library_program("linear_regression"))) for each in hostile_events()]
    (folder / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in events))
    for options in ([], ["--interactive"]):
        out = folder / f"page{len(options)}.html"
        subprocess.run([*COMMAND, "report", folder, *options, "--out", out], check=True)
        page.goto(out.as_uri())
        expect(page.locator("h1")).to_contain_text("<script>")
        page.wait_for_timeout(1000)
        assert "harmed" not in page.evaluate("document.title").replace(HOSTILE, "")
        assert page.evaluate("document.querySelectorAll('img, a').length") == 0
        assert watched.faults == []


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
