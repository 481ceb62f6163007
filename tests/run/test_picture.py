from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from sample_events import EPOCH, after, improvement, selection

from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.events import Event
from automl_zero.run.picture import clock, code_lines, draw, figures, headline, islands, short_number
from automl_zero.run.progress import Progress

FIGURE_6 = replace(improvement(900, 0.5), program=to_text(library_program("figure_6_raw")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.6, "1k"),
        (1000, "1k"),
        (1234, "1.23k"),
        (123_456, "123k"),
        (999_600, "1M"),
        (2.284e6, "2.28M"),
        (1e12, "1e+03G"),
    ],
)
def test_numbers_have_three_digits_and_a_unit(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (9.9, "0:09"), (61, "1:01"), (3599, "59:59"), (3600, "1:00:00"), (90061, "25:01:01")],
)
def test_the_clock_has_hours_when_there_are_any(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_figures_tell_speed_shares_islands_and_time() -> None:
    assert figures(after(EPOCH, replace(EPOCH, seconds=3.0, programs=1500), selection(0.25, record=True))) == [
        ("programs", "1.5k"),
        ("per second", "500"),
        ("evaluated", "50.0%"),
        ("same code", "25.0%"),
        ("same behaviour", "20.0%"),
        ("refused", "4.0%"),
        ("below hurdle", "1.0%"),
        ("pruned code", "75.0%"),
        ("islands", "0.50 0.25"),
        ("best on select", "0.25000"),
        ("time", "0:03"),
        ("time left", "0:00"),
    ]


@pytest.mark.parametrize(
    ("fitness", "text"),
    [((), ""), ((0.25, 0.5, 0.75), "0.75 0.50 0.25"), ((0.1, 0.2, 0.3, 0.9), "0.90 0.25 0.10")],
)
def test_many_islands_are_the_best_the_middle_and_the_worst(fitness: tuple[float, ...], text: str) -> None:
    assert islands(after(replace(EPOCH, island_fitness=fitness))) == text


def test_the_code_is_pruned_and_cut_to_the_screen() -> None:
    lines = code_lines(after(FIGURE_6), most=100)
    assert len(lines) == 3 + len(library_program("figure_6_pruned"))
    assert code_lines(after(FIGURE_6), most=8) == [*lines[:7], f"# {len(lines) - 7} more lines"]
    assert code_lines(after(), most=8) == []


@pytest.mark.parametrize(
    ("events", "doing"),
    [((), "searching"), ((EPOCH,), "searching"), ((selection(0.1, record=False),), "scoring the result")],
    ids=["nothing yet", "an epoch", "a selection"],
)
def test_the_headline_tells_what_the_run_does(events: tuple[Event, ...], doing: str) -> None:
    assert headline(after(*events)) == f"small, seed 0, experiment 1: {doing}"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("height", [24, 50])
@pytest.mark.parametrize("events", [(), (FIGURE_6,), (FIGURE_6, EPOCH, EPOCH)], ids=["none", "first", "more"])
def test_the_picture_fits_the_screen(events: tuple[Event, ...], width: int, height: int) -> None:
    lines = drawn(after(*events), width, height)
    assert len(lines) <= height - 1
    assert all(len(line) <= width for line in lines)


def test_the_picture_holds_code_curve_and_figures() -> None:
    text = "\n".join(drawn(after(improvement(100, 0.25), FIGURE_6, EPOCH), 80, 24))
    for part in ("best algorithm so far, fitness 0.50000", "m1 = outer(v1, v0)", "█", "1k (log)", "same behaviour"):
        assert part in text


def test_the_picture_of_a_complete_run_fits_too(complete: Progress) -> None:
    assert len(drawn(complete, 80, 24)) <= 23


def drawn(progress: Progress, width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, record=True)
    console.print(draw(progress, height))
    return console.export_text().splitlines()
