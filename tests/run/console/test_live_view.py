from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console
from support.runs.sample_events import EPOCH, ESTIMATE, SCORING, after, improvement, selection
from support.runs.small_config import mixed_config, small_config

from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.console.live_view import code_lines, diff_line, draw, figures, headline, islands, lines
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import Cluster, Event, Start

START = Start(version="1", name="small", seed=0, workers=2, time="")
FIGURE_6 = replace(improvement(900, 0.5), program=to_text(library_program("figure_6_raw")))
FIRST = replace(FIGURE_6, program=to_text(library_program("linear_regression")), fitness=0.25, experiment_programs=100)
MANY = (START, ESTIMATE, FIRST, FIGURE_6, EPOCH, EPOCH)
ON_CLUSTER = replace(EPOCH, seconds=4.0, cluster=Cluster(nodes=3, workers=12, replays=2))


def test_the_figures_show_speed_islands_and_time() -> None:
    assert figures(after(EPOCH, replace(EPOCH, seconds=3.0, programs=1500), selection(0.25, is_best=True))) == [
        ("programs", "1.5k"),
        ("per second", "500"),
        ("islands", "0.50 0.25"),
        ("best on select", "0.25000"),
        ("time", "0:03"),
        ("time left", "0:00"),
        ("until", "600 programs"),
    ]


@pytest.mark.parametrize(
    ("stop", "until"),
    [
        ({"max_programs": 3000, "max_seconds": 60.0}, "3k programs"),
        ({"max_programs": 3000, "max_seconds": 5.0}, "0:05"),
        ({"max_programs": None, "max_train_steps": 7000}, "7k train steps"),
        ({"max_programs": None, "max_experiments": 1}, None),
    ],
)
def test_the_limit_that_ends_the_run_first_is_reported(stop: dict[str, float | None], until: str | None) -> None:
    config = small_config(stop=stop, experiment={"max_programs": 5000})
    assert dict(figures(after(EPOCH, config=config))).get("until") == until


def test_on_a_cluster_the_figures_show_what_it_is() -> None:
    assert figures(after(EPOCH, ON_CLUSTER))[-5:-2] == [
        ("nodes, processes", "3, 12"),
        ("epochs per second", "0.5"),
        ("islands recovered", "2"),
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
    lines = code(FIGURE_6)
    assert len(lines) == 3 + len(library_program("figure_6_pruned"))
    assert code(FIGURE_6, most=8) == [*lines[:7], f"# {len(lines) - 7} more lines"]
    assert code() == []


def test_what_an_improvement_brings_is_marked_and_what_it_drops_counted() -> None:
    more = replace(FIRST, program=FIRST.program + "  v1 = v1 + v0\n")
    assert [line for line in code(FIRST, more) if line.startswith("+")] == ["+ v1 = v1 + v0"]
    assert diff_line(after(FIRST, more)) == "lines: 1 new, 0 gone"
    assert diff_line(after(more, FIRST)) == "lines: 0 new, 1 gone"
    assert code(FIRST, more, most=4)[-1].endswith(" more lines, 1 of them new")


@pytest.mark.parametrize("events", [(), (FIRST,), (FIRST, replace(FIGURE_6, experiment=1))], ids=len)
def test_the_first_program_of_an_experiment_is_not_compared(events: tuple[Event, ...]) -> None:
    assert diff_line(after(*events)) is None
    assert not any(line.startswith("+") for line in code(*events))


@pytest.mark.parametrize(
    ("events", "doing"),
    [
        ((), ", experiment 1: searching"),
        ((START,), ": measuring the cost"),
        ((EPOCH,), ", experiment 1: searching"),
        ((selection(0.1, is_best=False),), ", experiment 1: scoring the result"),
        ((SCORING,), ": tuning baseline 1 of 2, ridge regression, 0:07"),
    ],
    ids=["nothing yet", "a start", "an epoch", "a selection", "a baseline"],
)
def test_the_headline_reports_what_the_run_does(events: tuple[Event, ...], doing: str) -> None:
    assert headline(after(*events), waited=7.5) == f"small, seed 0{doing}"


def test_the_clock_goes_on_while_nothing_is_reported() -> None:
    rows = dict(figures(after(EPOCH, config=small_config(stop={"max_programs": None, "max_seconds": 60.0})), 7.5))
    assert (rows["time"], rows["time left"]) == ("0:09", "0:50")


def test_the_expected_cost_and_the_outcomes_are_lines_of_the_width() -> None:
    found = lines(after(ESTIMATE, EPOCH))
    assert found[0].startswith("expected: ")
    assert found[1].startswith("of the programs, 50.0% evaluated, ")
    assert all(len(line) <= 80 for line in found)
    assert lines(after()) == []


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("height", [10, 16, 24, 50])
@pytest.mark.parametrize("events", [(), (FIGURE_6,), MANY, (*MANY, ON_CLUSTER)], ids=len)
@pytest.mark.parametrize("name", ["small", "数字" * 30, "🦊" * 60])
def test_the_picture_fits_the_screen(events: tuple[Event, ...], width: int, height: int, name: str) -> None:
    config = small_config().model_copy(update={"name": name})
    lines = drawn(after(*events, config=config), width, height)
    assert len(lines) <= height - 1
    assert all(cell_len(line) <= width for line in lines)


def test_a_narrow_screen_shows_the_figures_in_a_line() -> None:
    text = " ".join(drawn(after(FIGURE_6, EPOCH), 60, 24))
    assert "programs 1k, per second 0, islands 0.50 0.25" in text
    assert "█" not in text


def test_the_picture_holds_code_curve_and_figures() -> None:
    text = "\n".join(drawn(after(FIRST, FIGURE_6, EPOCH), 80, 24))
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


def code(*events: Event, most: int = 100) -> list[str]:
    return [line.plain for line in code_lines(after(*events), most)]


def drawn(progress: Progress, width: int, height: int) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, record=True)
    console.print(draw(progress, height, width=width))
    return console.export_text().splitlines()
