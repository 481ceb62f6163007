"""What a notebook shows: the curve as steps, what is new in the program, and the time that is left."""

from __future__ import annotations

from dataclasses import replace

from support.runs.sample_events import EPOCH, FINAL, improvement
from support.runs.small_config import small_config

from automl_zero.notebook.html_view import (
    HEIGHT,
    LEFT,
    LINE,
    WIDTH,
    code_html,
    curve_path,
    curve_svg,
    program_html,
    view_html,
)
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Stop

STOP = Stop(seconds=4.0, reason="stop.max_seconds", experiments=1, programs=1000, train_steps=5000)
PROGRAM = "def Setup():\n  s2 = 0.5\ndef Predict():\n  s1 = s2 * s2\ndef Learn():\n"


def test_the_curve_goes_in_steps_over_a_logarithmic_axis() -> None:
    right, bottom = WIDTH - 2, HEIGHT - 2 * LINE
    middle, half = (LEFT + right) / 2, (bottom + 2) / 2
    expected = [(LEFT, bottom), (middle, bottom), (middle, half), (right, half), (right, 2)]
    path = curve_path([(10, 0.25), (100, 0.5), (1000, 0.75)])
    assert [(round(x, 9), round(y, 9)) for x, y in path] == expected
    assert curve_path([(0, 0.5)]) == [(LEFT, 2)]


def test_the_axes_show_where_the_curve_begins_and_ends() -> None:
    shown = curve_svg([(10, 0.25), (20_000, 0.75)])
    assert all(f">{text}</text>" in shown for text in ("0.7500", "0.2500", "10 programs", "20k (log)"))
    assert 'aria-label="best fitness 0.7500 after 20000 programs"' in shown
    assert curve_svg([]) == ""


def test_lines_that_are_new_are_marked_and_headers_never_are() -> None:
    shown = code_html(["def Setup():", "  s2 = 0.5", "  s3 = <"], {0, 1})
    assert shown.startswith("<pre><b>def Setup():</b>\n<span")
    assert ">+ s2 = 0.5</span>\n  s3 = &lt;</pre>" in shown


def test_a_view_shows_what_is_new_and_how_long_it_will_take() -> None:
    progress = Progress(small_config(stop={"max_programs": None, "max_seconds": 62.0}))
    progress.update(replace(improvement(10, 0.25), program=PROGRAM))
    progress.update(replace(improvement(20, 0.5), program=PROGRAM.replace("s2 * s2", "s2 + s2")))
    progress.update(EPOCH)
    shown = view_html(progress)
    assert "1:00 left" in shown
    assert "small, seed 0, experiment 1: searching" in shown
    assert "  s2 = 0.5\n" in shown
    assert ">+ s1 = s2 + s2</span>" in shown
    progress.update(FINAL)
    assert "<p>the result</p>" + program_html(FINAL.pruned) in view_html(progress)
    progress.update(STOP)
    shown = view_html(progress)
    assert "small, seed 0: ended by stop.max_seconds" in shown
    assert "left" not in shown
