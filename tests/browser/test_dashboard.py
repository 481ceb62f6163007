"""The page in a real browser: a run is started, watched, replayed, compared and stopped, and the server restarted.

Screenshots are kept in ``browser-artefacts``. ``make browser`` installs what is needed.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from support.runs.commands import start, wait_until
from support.runs.hostile_runs import NAMES, make_hostile_runs
from support.runs.sample_events import EPOCH, SCORING, improvement, selection
from support.runs.small_config import small_config

from automl_zero.run.record.events import Ancestor, Lineage, to_json
from automl_zero.run.record.run_folder import RunFolder, locked

pytestmark = pytest.mark.browser
SECOND = 1000  # milliseconds


def place(page: Page) -> int:
    """Of the slider."""
    return int(page.locator("#slider").input_value())


def last(page: Page) -> int:
    return int(page.locator("#slider").get_attribute("max") or "")


def test_a_run_is_started_watched_replayed_compared_and_stopped(server: Any, watched: Any) -> None:
    page: Page = watched.page
    page.goto(server.address)
    page.get_by_text("Start a run").click()
    page.locator("[name=preset]").select_option("linear-graphs")
    page.locator("[name=name]").fill("second")
    page.locator("[name=seed]").fill("2")
    page.locator("[name='stop.max_seconds']").fill("nonsense")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#refusal")).to_contain_text("max_seconds")
    watched.faults.clear()  # the browser notes the refusal
    page.locator("[name=preset]").select_option("digits")
    page.locator("[name='stop.max_seconds']").fill("300")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#curve path.a")).to_be_attached(timeout=120 * SECOND)
    before = page.locator("#curve path.a").get_attribute("d")
    program = page.locator("#program").text_content()
    expect(page.locator("#curve path.a")).not_to_have_attribute("d", before or "")
    page.wait_for_function("text => document.getElementById('program').textContent !== text", arg=program)
    expect(page.locator("#program .plus").first).to_be_visible()
    expect(page.locator("#history rect").first).to_be_attached()
    for figure in ("programs per second", "seconds of search", "train steps", "threads or processes"):
        expect(page.locator("#figures")).to_contain_text(figure)

    page.reload()
    expect(page.locator("#title")).to_have_text("second")
    expect(page.locator("#state")).to_contain_text("searching")
    drag_to_the_middle(page)
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    expect(page.locator("#position")).to_contain_text("1 of ")
    page.locator("#other").select_option("0/first")
    expect(page.locator("#curve path.b")).to_be_attached()
    expect(page.locator("#otherprogram")).to_contain_text("def Learn")
    expect(page.locator("#both th")).to_have_text(["figure", "second", "first"])
    expect(page.locator("#both")).to_contain_text("score on the final tasks")
    page.get_by_text("Settings that differ").click()
    expect(page.locator("#differing tr").filter(has_text="tasks.kind")).to_contain_text("image-groups")
    page.get_by_text("Config", exact=True).click()
    expect(page.locator("#config")).to_contain_text('name = "digits"')
    expect(page.locator("#facts")).to_contain_text("numba")
    watched.check_quiet()

    server.kill()
    expect(page.locator("#note")).to_contain_text("does not answer")
    server.start()
    expect(page.locator("#note")).to_have_text("")
    expect(page.locator("#state")).to_contain_text("searching")
    watched.faults.clear()  # a server that is gone is an error of the network
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    expect(page.locator("#state")).to_contain_text("ended: interrupted", timeout=600 * SECOND)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#again")).to_contain_text("automl-zero run ")
    page.wait_for_timeout(1.5 * SECOND)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        watched.check_accessible()
        watched.shoot(scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(SECOND / 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.check_accessible()
    watched.shoot("phone-dark")
    page.emulate_media(color_scheme="light")
    watched.shoot("phone-light")
    watched.check_quiet()


def test_runs_wait_for_their_turn_and_can_be_removed(root: Path, server: Any, watched: Any) -> None:
    page: Page = watched.page
    page.goto(server.address)
    page.get_by_text("Start a run").click()
    page.locator("[name=preset]").select_option("affine")
    page.locator("[name='stop.max_seconds']").fill("300")
    for name in ("one", "two", "three"):
        page.locator("[name=name]").fill(name)
        page.get_by_role("button", name="Start", exact=True).click()
        if name != "one":
            expect(page.locator("#waiting")).to_contain_text(name)
    expect(page.locator("#waiting li span")).to_have_text(["two", "three"])
    expect(page.locator("#title")).to_have_text("one", timeout=120 * SECOND)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#refusal")).to_contain_text("started already")
    watched.faults.clear()  # the browser notes the refusal
    page.wait_for_timeout(1.5 * SECOND)
    watched.check_accessible()
    watched.shoot("queue")
    page.get_by_role("button", name="Remove two").click()
    expect(page.locator("#waiting li span")).to_have_text(["three"])
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#queue")).to_be_hidden(timeout=120 * SECOND)
    page.locator("#runs button").filter(has_text="three").click(timeout=120 * SECOND)
    page.get_by_role("button", name="Stop", exact=True).click(timeout=120 * SECOND)
    expect(page.locator("#state")).to_contain_text("ended: interrupted", timeout=120 * SECOND)
    assert not (root / "two").exists()
    watched.check_quiet()


def test_without_its_token_the_page_says_how_it_is_opened(server: Any, anonymous: Any) -> None:
    page: Page = anonymous.page
    page.goto(server.address)
    expect(page.locator("body")).to_contain_text("?token=")
    anonymous.faults.clear()  # the browser notes the refusal
    page.goto(server.server.address)
    expect(page).to_have_url(server.address)
    expect(page.locator("#runs li")).to_have_count(1)
    assert server.server.token not in page.evaluate("document.cookie + location.href")
    page.context.clear_cookies()
    expect(page.locator("#note")).to_contain_text("this needs the token of the dashboard")


def test_a_link_on_another_site_opens_the_page(server: Any, anonymous: Any) -> None:
    page: Page = anonymous.page
    elsewhere = f"http://localhost:{server.port}/elsewhere"  # another site than 127.0.0.1
    link = f'<a href="{server.server.address}">here</a>'
    page.route(elsewhere, lambda route: route.fulfill(body=link, content_type="text/html"))
    page.goto(elsewhere)
    page.get_by_text("here").click()
    expect(page.locator("#runs li")).to_have_count(1)
    expect(page).to_have_url(server.address)


def test_a_program_that_cannot_be_analyzed_is_shown_and_said_to(root: Path, server: Any, watched: Any) -> None:
    lines = "".join(f"  v{2 + n % 10} = v{2 + (n + 3) % 10} + v{2 + n % 7}\n" for n in range(3000))
    program = f"def Setup():\ndef Predict():\n{lines}  s1 = dot(v2, v0)\ndef Learn():\n"
    RunFolder.create(root / "long", small_config())
    events = [replace(improvement(10, 0.5), program=program), EPOCH]
    (root / "long" / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in events))
    page: Page = watched.page
    page.goto(f"{server.address}#run=0/long")
    expect(page.locator("#remark")).to_contain_text("too long to be analyzed")
    expect(page.locator("#program")).to_contain_text("v5 + v2")
    watched.check_quiet()


def drag_to_the_middle(page: Page) -> None:
    """Of the slider, with the mouse."""
    page.locator("#slider").scroll_into_view_if_needed()
    box = page.locator("#slider").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    assert 0 < place(page) < last(page)


def test_the_mark_in_the_curve_is_where_the_slider_is(server: Any, watched: Any) -> None:
    page: Page = watched.page
    page.goto(f"{server.address}#run=0/first")
    expect(page.locator("#position")).to_contain_text(" of ")
    page.locator("#axis").select_option("seconds")
    places = [float(page.locator("#curve .now").get_attribute("x1") or "")]
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    places.append(float(page.locator("#curve .now").get_attribute("x1") or ""))
    assert places[0] > places[1]


def test_a_run_that_is_killed_and_resumed_is_followed_on(root: Path, server: Any, watched: Any) -> None:
    folder, page = root / "killed", watched.page
    limits = ["--set=islands.epoch_programs=2000", "--set=checkpoint.every_epochs=1", "--set=stop.max_seconds=300"]
    with start("run", "digits", *limits, "--out", folder) as run:
        page.goto(f"{server.address}#run=0/killed")
        expect(page.locator("#state")).to_contain_text("searching", timeout=120 * SECOND)
        wait_until(lambda: len(list(folder.glob("checkpoints/*"))) > 1)
        run.kill()
    expect(page.locator("#state")).to_contain_text("not running")
    expect(page.locator("#stop")).to_be_hidden()
    before = page.locator("#curve path.a").get_attribute("d")
    with start("resume", folder) as run:
        expect(page.locator("#state")).to_contain_text("searching", timeout=120 * SECOND)
        expect(page.locator("#curve path.a")).not_to_have_attribute("d", before or "")
        run.kill()
    watched.check_quiet()


def test_a_run_on_ray_is_followed_and_stopped(root: Path, server: Any, watched: Any) -> None:
    page: Page = watched.page
    settings = [
        "--set=stop.max_seconds=300",
        "--set=baselines.names=[]",
    ]  # tuning takes minutes on a busy machine
    with start("run", "digits", "--engine", "ray", *settings, "--out", root / "ray") as run:
        page.goto(f"{server.address}#run=0/ray")
        expect(page.locator("#state")).to_contain_text("searching", timeout=120 * SECOND)
        expect(page.locator("#figures")).to_contain_text("islands recovered")
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator("#state")).to_contain_text("ended: interrupted", timeout=120 * SECOND)
        run.communicate(timeout=120)
    watched.check_quiet()


def make_run_with_ancestors(folder: Path, count: int) -> None:
    """With so many, each of which differs from the one before in a constant."""
    programs = [f"def Setup():\n  s2 = 0.{n}\ndef Predict():\n  s1 = s2\ndef Learn():\n" for n in range(1, count + 1)]
    ancestors = tuple(
        Ancestor(island=0, island_programs=n, mutation="add", parent_fitness=n / 20, fitness=n / 10, program=program)
        for n, program in enumerate(programs)
    )
    events = [replace(improvement(10, 0.5), program=programs[-1]), EPOCH]
    RunFolder.create(folder, small_config())
    lineage = Lineage(seconds=3.0, experiment=0, ancestors=ancestors, effects={"add": (1, 2, 3)})
    (folder / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in [*events, lineage]))


def test_a_run_that_scores_its_baselines_says_so(root: Path, server: Any, watched: Any) -> None:
    folder, page = root / "scoring", watched.page
    RunFolder.create(folder, small_config())
    events = [improvement(10, 0.5), EPOCH, selection(0.5, is_best=True), SCORING]
    (folder / "events.jsonl").write_text("".join(f"{to_json(each)}\n" for each in events))
    with locked(folder):
        page.goto(f"{server.address}#run=0/scoring")
        expect(page.locator("#state")).to_have_text("small: scoring: baseline 1 of 2, ridge regression")
        expect(page.locator("#stop")).to_be_visible()
        watched.shoot("scoring")
    expect(page.locator("#state")).to_have_text("small: not running")
    watched.check_quiet()


def test_the_lineage_is_played_with_the_keyboard(root: Path, server: Any, watched: Any) -> None:
    make_run_with_ancestors(root / "kept", 5)
    page: Page = watched.page
    page.goto(f"{server.address}#run=0/kept")
    expect(page.locator("#position")).to_contain_text("1 of 1")
    expect(page.locator("#play")).to_be_disabled()
    page.locator("#kind").select_option("ancestor")
    expect(page.locator("#position")).to_contain_text("5 of 5")
    page.locator("#slider").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#play")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#play")).to_have_text("Pause")
    expect(page.locator("#position")).to_contain_text("3 of 5")
    expect(page.locator("#program .plus")).to_contain_text("0.3")
    expect(page.locator("#program .minus")).to_contain_text("0.2")
    expect(page.locator("#position")).to_contain_text("5 of 5")
    expect(page.locator("#play")).to_have_text("Play")
    expect(page.locator("#effects")).to_contain_text("33.3%")
    page.keyboard.press("Enter")  # again from the beginning
    expect(page.locator("#position")).to_contain_text("1 of ")
    page.keyboard.press("Enter")
    expect(page.locator("#play")).to_have_text("Play")
    watched.check_quiet()


def test_with_reduced_motion_nothing_moves_by_itself(root: Path, server: Any, watched: Any) -> None:
    make_run_with_ancestors(root / "kept", 5)
    page: Page = watched.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{server.address}#run=0/kept")
    page.locator("#kind").select_option("ancestor")
    expect(page.locator("#position")).to_contain_text("5 of 5")
    expect(page.locator("#play")).to_have_text("Next")
    for wanted in (0, 1):  # from the end, to the beginning first
        page.locator("#play").click()
        page.wait_for_timeout(SECOND)
        assert place(page) == wanted
    watched.check_quiet()


def test_an_answer_that_comes_too_late_is_not_shown(root: Path, server: Any, watched: Any) -> None:
    shutil.copytree(root / "first", root / "second")
    page: Page = watched.page
    page.goto(f"{server.address}#run=0/first")
    expect(page.locator("#position")).to_contain_text(" of ")
    held: list[Route] = []
    page.route(lambda url: "/api/run?id=0%2Fsecond" in url, lambda route: held.append(route))
    page.locator("#other").select_option("0/second")
    page.wait_for_timeout(SECOND)
    page.locator("#other").select_option("")
    assert held
    for each in held:
        each.continue_()
    page.wait_for_timeout(2 * SECOND)
    expect(page.locator("#comparison")).to_be_hidden()
    expect(page.locator("#compared")).to_be_hidden()
    expect(page.locator("#legend")).to_have_text("")
    watched.check_quiet()


def test_a_run_is_not_compared_with_itself(root: Path, server: Any, watched: Any) -> None:
    shutil.copytree(root / "first", root / "second")
    page: Page = watched.page
    page.goto(f"{server.address}#run=0/first&with=0/second")
    expect(page.locator("#compared")).to_be_visible()
    page.locator("#runs button").filter(has_text="second").click()
    expect(page.locator("#title")).to_have_text("second")
    expect(page.locator("#compared")).to_be_hidden()
    expect(page.locator("#comparison")).to_be_hidden()
    watched.check_quiet()


def test_hostile_runs_are_shown_as_text(root: Path, server: Any, watched: Any) -> None:
    make_hostile_runs(root)
    page: Page = watched.page
    page.goto(server.address)
    for name in NAMES:
        shown = name.decode(errors="replace")
        page.locator("#runs li").filter(has=page.get_by_text(shown, exact=True)).get_by_role("button").click()
        expect(page.locator("#title")).to_have_text(shown)
        expect(page.locator("#program")).to_contain_text("<script>")
        expect(page.locator("#effects")).to_contain_text("<script>")
        expect(page.locator("#scores")).to_contain_text("<script>")
        expect(page.locator("#facts")).to_contain_text("<script>")
        expect(page.locator("#config")).to_contain_text("<script>")
        expect(page.locator("#description")).to_contain_text("<script>")
        page.locator("#kind").select_option("ancestor")
        page.locator("#other").select_option(f"0/{NAMES[0].decode()}" if name != NAMES[0] else "0/first")
        expect(page.locator("#comparison")).to_be_visible()
        page.locator("#kind").select_option("improvement")
        page.locator("#other").select_option("")
        page.reload()
        expect(page.locator("#title")).to_have_text(shown)
        assert page.evaluate("document.querySelectorAll('main script, img, a').length") == 0
    assert page.title() == "AutoML-Zero"
    watched.check_accessible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    watched.shoot("hostile")
    watched.check_quiet()


@pytest.mark.parametrize(
    "address", ["#run=0/..%2f..", "#run=%00", "#run=<script>", "#run=0/first&with=/etc/passwd", "#%"]
)
def test_addresses_of_no_runs_show_none(address: str, server: Any, watched: Any) -> None:
    page: Page = watched.page
    page.goto(f"{server.address}{address}")
    expect(page.locator("#runs li")).to_have_count(1)
    page.wait_for_timeout(SECOND)
    is_known = "0/first" in address
    expect(page.locator("#run")).to_be_visible(visible=is_known)
    expect(page.locator("#comparison")).to_be_hidden()
    expect(page.locator("#note")).to_have_text("")
    assert set(watched.hosts) == {"127.0.0.1"}
