"""The intervals of the scores: exactly the textbook's, and drawn for every algorithm and stage."""

from __future__ import annotations

import pytest
from support.runs.sample_events import FINAL
from support.runs.small_config import mixed_config, small_config

from automl_zero.report.run_history import RunHistory
from automl_zero.report.scores_figure import Interval, draw_scores, explanation, reach_of, scores_chart
from automl_zero.tasks.splits import Stage

T_9 = 2.2621571628  # of the table of Student's t: 95 %, 9 degrees of freedom


def history(**changes: dict[str, object]) -> RunHistory:
    data = RunHistory(small_config(**changes))
    data.update(FINAL)
    return data


@pytest.mark.parametrize(
    ("error", "tasks", "reach"),
    [(0.01, 10, 0.01 * T_9), (0.5, 2, 0.5 * 12.7062047362), (0.0, 10, 0.0), (None, 10, 0.0), (0.01, 1, 0.0)],
)
def test_an_interval_is_that_of_students_t(error: float | None, tasks: int, reach: float) -> None:
    assert reach_of(error, tasks) == pytest.approx(reach, rel=1e-9)


def test_every_algorithm_has_an_interval_for_each_stage() -> None:
    scores = scores_chart(history())
    assert scores.names == ("evolved", "net")
    assert scores.rows[3] == Interval(
        "net", Stage.SEARCH, 0.7, pytest.approx(0.7 - 0.01 * T_9), pytest.approx(0.7 + 0.01 * T_9)
    )
    assert scores.of_stage(Stage.FINAL)[1] == Interval("net", Stage.FINAL, 0.5, 0.5, 0.5)
    assert (scores.label, scores.tasks) == ("accuracy", dict.fromkeys(Stage, 10))


def test_the_search_tasks_are_those_of_the_first_island() -> None:
    data = RunHistory(
        mixed_config("image-groups", tasks={"search": {"num_tasks": 7, "num_train": 20, "num_valid": 10}})
    )
    assert scores_chart(data).tasks[Stage.SEARCH] == 7


@pytest.mark.parametrize(
    ("combination", "about"),
    [("mean", "of the mean, by"), ("median", "of the median, as wide as that of the mean, by")],
)
def test_the_page_says_which_intervals_they_are(combination: str, about: str) -> None:
    data = explanation(scores_chart(history(evaluation={"combination": combination})))
    assert f"95 % intervals {about} Student's t over the tasks (10 search, 10 select, 10 final)" in data


def test_a_run_that_is_not_complete_has_no_scores() -> None:
    scores = scores_chart(RunHistory(small_config()))
    assert (scores.rows, scores.names) == ((), ())
    assert draw_scores(scores).get_axes()[0].get_xlabel() == "fitness"


def test_an_algorithm_has_a_row_and_a_stage_a_name_in_the_legend() -> None:
    figure = draw_scores(scores_chart(history()))
    (axes,) = figure.get_axes()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["evolved", "net"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["search", "select", "final"]
    assert axes.get_ylim() == (1.5, -0.5)  # the evolved program on top, and room for the intervals of all stages
