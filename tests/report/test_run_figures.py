"""The curves of a run as data, exactly."""

from __future__ import annotations

from dataclasses import replace

from support.runs.sample_events import EPOCH, FINAL
from support.runs.small_config import small_config

from automl_zero.report.run_figures import Curve, course_chart, diversity_chart, draw, islands_chart
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.events import Event, Improvement


def history(*events: Event) -> RunHistory:
    data = RunHistory(small_config())
    for event in events:
        data.update(event)
    return data


def improvement(programs: int, fitness: float) -> Improvement:
    return Improvement(
        seconds=1.0, experiment=0, experiment_programs=programs, fitness=fitness, is_best=True, program=""
    )


def epochs(*values: tuple[int, tuple[float, float], tuple[int, ...], tuple[int, ...]]) -> list[Event]:
    return [
        replace(EPOCH, epoch=number, island_fitness=fitness, behaviours=different, most_common_count=common)
        for number, fitness, different, common in values
    ]


def test_the_course_goes_through_all_improvements_to_the_latest_epoch() -> None:
    chart = course_chart(history(improvement(10, 0.5), improvement(200, 0.75), replace(EPOCH, epoch=3), FINAL))
    assert chart.curves == (Curve("best program", ((10.0, 0.5), (200.0, 0.75), (1000.0, 0.75))),)
    assert chart.marks == ((10.0, 0.5), (200.0, 0.75))
    assert chart.levels == (("net", 0.7),)
    assert (chart.x, chart.y) == ("programs", "accuracy on the search tasks")


def test_a_run_that_goes_on_has_no_baselines_yet() -> None:
    chart = course_chart(history(improvement(10, 0.5)))
    assert (chart.levels, chart.y) == ((), "fitness on the search tasks")


def test_islands_have_a_curve_each() -> None:
    chart = islands_chart(history(*epochs((1, (0.1, 0.2), (), ()), (2, (0.3, 0.4), (), ()))))
    assert chart.curves == (Curve("island 0", ((1.0, 0.1), (2.0, 0.3))), Curve("island 1", ((1.0, 0.2), (2.0, 0.4))))


def test_of_many_islands_fewer_epochs_are_drawn_and_always_the_latest() -> None:
    fitness = tuple(number / 1000 for number in range(200))
    data = history(*(replace(EPOCH, epoch=number, island_fitness=fitness) for number in range(1, 302)))
    curves = islands_chart(data).curves
    assert len(curves) == 200
    assert [epoch for epoch, _ in curves[-1].points] == [*range(1, 301, 4), 301]
    assert {value for _, value in curves[-1].points} == {0.199}


def test_diversity_is_shown_for_two_islands() -> None:
    chart = diversity_chart(history(*epochs((1, (0.1, 0.2), (5, 6, 7), (3, 2, 1)))))
    assert [(curve.name, curve.points) for curve in chart.curves] == [
        ("different scores, island 0", ((1.0, 5.0),)),
        ("different scores, island 1", ((1.0, 6.0),)),
        ("most common score, island 0", ((1.0, 3.0),)),
        ("most common score, island 1", ((1.0, 2.0),)),
    ]


def test_runs_of_older_versions_have_no_diversity() -> None:
    assert diversity_chart(history(EPOCH)).curves == ()


def test_epochs_are_counted_in_whole_numbers() -> None:
    (axes,) = draw(islands_chart(history(*epochs((1, (0.1, 0.2), (), ()), (2, (0.3, 0.4), (), ()))))).axes
    assert all(float(tick).is_integer() for tick in axes.get_xticks())
