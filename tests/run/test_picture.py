from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from sample_events import EPOCH, ESTIMATE, SCORING, after, improvement, selection
from small_config import mixed_config, small_config

from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.events import Cluster, Event, Start
from automl_zero.run.picture import code_lines, draw, figures, headline, islands, lines
from automl_zero.run.progress import Progress

START = Start(version="1", name="small", seed=0, workers=2, time="")
FIGURE_6 = replace(improvement(900, 0.5), program=to_text(library_program("figure_6_raw")))
MANY = (START, ESTIMATE, FIGURE_6, EPOCH, EPOCH)


def test_the_figures_tell_speed_islands_and_time() -> None:
    assert figures(after(EPOCH, replace(EPOCH, seconds=3.0, programs=1500), selection(0.25, record=True))) == [
        ("programs", "1.5k"),
        ("per second", "500"),
        ("islands", "0.50 0.25"),
        ("best on select", "0.25000"),
        ("time", "0:03"),
        ("time left", "0:00"),
    ]


def test_on_a_cluster_the_figures_tell_what_it_is() -> None:
    on_cluster = replace(EPOCH, seconds=4.0, cluster=Cluster(nodes=3, workers=12, replays=2))
    assert figures(after(EPOCH, on_cluster))[-4:-1] == [
        ("nodes, processes", "3, 12"),
        ("epochs per second", "0.5"),
        ("islands made again", "2"),
    ]


@pytest.mark.parametrize(
    ("fitness", "text"),
    [((), ""), ((0.25, 0.5, 0.75), "0.75 0.50 0.25"), ((0.1, 0.2, 0.3, 0.9), "0.90 0.25 0.10")],
)
def test_many_islands_are_the_best_the_middle_and_the_worst(fitness: tuple[float, ...], text: str) -> None:
    assert islands(after(replace(EPOCH, island_fitness=fitness))) == ("islands", text)


def test_islands_with_other_tasks_are_left_out_since_their_fitness_says_something_else() -> None:
    progress = after(replace(EPOCH, island_fitness=(0.25, 0.9, 0.5, 0.8)), config=mixed_config("linear"))
    assert islands(progress) == ("2 of 4 islands", "0.50 0.25")


def test_the_code_is_pruned_and_cut_to_the_screen() -> None:
    lines = code_lines(after(FIGURE_6), most=100)
    assert len(lines) == 3 + len(library_program("figure_6_pruned"))
    assert code_lines(after(FIGURE_6), most=8) == [*lines[:7], f"# {len(lines) - 7} more lines"]
    assert code_lines(after(), most=8) == []


@pytest.mark.parametrize(
    ("events", "doing"),
    [
        ((), ", experiment 1: searching"),
        ((START,), ": measuring the cost"),
        ((EPOCH,), ", experiment 1: searching"),
        ((selection(0.1, record=False),), ", experiment 1: scoring the result"),
        ((SCORING,), ": tuning baseline 1 of 2, ridge regression, 0:07"),
    ],
    ids=["nothing yet", "a start", "an epoch", "a selection", "a baseline"],
)
def test_the_headline_tells_what_the_run_does(events: tuple[Event, ...], doing: str) -> None:
    assert headline(after(*events), waited=7.5) == f"small, seed 0{doing}"


def test_the_clock_goes_on_while_nothing_is_told() -> None:
    rows = dict(figures(after(EPOCH, config=small_config(stop={"max_programs": None, "max_seconds": 60.0})), 7.5))
    assert (rows["time"], rows["time left"]) == ("0:09", "0:50")


def test_the_expected_cost_and_the_fates_are_lines_of_the_width() -> None:
    found = lines(after(ESTIMATE, EPOCH))
    assert found[0].startswith("expected: ")
    assert found[1].startswith("of the programs, 50.0% evaluated, ")
    assert all(len(line) <= 80 for line in found)
    assert lines(after()) == []


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("height", [24, 50])
@pytest.mark.parametrize("events", [(), (FIGURE_6,), MANY], ids=["none", "first", "many"])
def test_the_picture_fits_the_screen(events: tuple[Event, ...], width: int, height: int) -> None:
    lines = drawn(after(*events), width, height)
    assert len(lines) <= height - 1
    assert all(len(line) <= width for line in lines)


def test_the_picture_holds_code_curve_and_figures() -> None:
    text = "\n".join(drawn(after(improvement(100, 0.25), FIGURE_6, EPOCH), 80, 24))
    for part in (
        "best algorithm so far, fitness 0.50000",
        "m1 = outer(v1, v0)",
        "█",
        "1k (log)",
        "20.0% known behaviour",
    ):
        assert part in text


def test_the_picture_of_a_complete_run_fits_too(complete: Progress) -> None:
    assert len(drawn(complete, 80, 24)) <= 23


def drawn(progress: Progress, width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, record=True)
    console.print(draw(progress, height))
    return console.export_text().splitlines()
