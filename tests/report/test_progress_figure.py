"""How an algorithm was found: which steps the picture has, what its panels tell, and that it can be drawn."""

from __future__ import annotations

from support.runs.sample_events import FINAL
from support.runs.small_config import small_config

from automl_zero.report.milestone import CodeLine, Milestone
from automl_zero.report.progress_figure import draw_progress, panel_lines, progress_figure
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.events import Improvement

PROGRAM = "def Setup():\ndef Predict():\n  s1 = s2 * s2\ndef Learn():\n"


def history(count: int) -> RunHistory:
    data = RunHistory(small_config())
    for number in range(1, count + 1):
        step = {"experiment_programs": 10**number, "fitness": number / 10, "program": PROGRAM}
        data.update(Improvement(seconds=1.0, experiment=0, is_best=True, **step))  # type: ignore[arg-type]
    data.update(FINAL)
    return data


def test_the_curve_has_a_mark_for_each_panel_of_code() -> None:
    data = progress_figure(history(8))
    assert data.title == "small, seed 0"
    assert len(data.milestones) == 5
    assert data.chart.marks == tuple((float(each.programs), each.fitness) for each in data.milestones)
    assert (data.chart.marks[0], data.chart.marks[-1]) == ((10.0, 0.1), (1e8, 0.8))
    assert data.chart.levels == (("net", 0.7),)


def test_a_panel_has_new_techniques_then_the_code_and_cuts_what_is_too_long() -> None:
    lines = (CodeLine("def Setup():", is_new=False), CodeLine(f"  s2 = {'1' * 40}", is_new=True))
    shown = list(panel_lines(Milestone(1, 0.5, ("gradient descent on logistic loss",), lines)))
    assert shown == [
        CodeLine("+ gradient descent on", is_new=True),
        CodeLine("logistic loss", is_new=True),
        CodeLine("", is_new=False),
        CodeLine("def Setup():", is_new=False),
        CodeLine(f"  s2 = {'1' * 30}…", is_new=True),
    ]


def test_the_picture_has_the_curve_and_a_panel_for_each_step() -> None:
    for count in (1, 8):
        curve, *panels = draw_progress(progress_figure(history(count))).axes
        titles = [each.get_title(loc="left") for each in panels]
        assert len(titles) == min(count, 5)
        assert titles[0] == "1: 0.1000 after 10 programs"
        assert curve.get_xscale() == "log"
