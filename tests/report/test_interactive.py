"""Figures for plotly.js: their data exactly, that the library knows every part of them, and that all text is text."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import plotly.graph_objects
import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect
from automl_zero.config import ConfigError
from automl_zero.report.ablation_figure import CERTAIN, UNCERTAIN, AblationFigure
from automl_zero.report.figures import NAMES, figures_of
from automl_zero.report.interactive import MAX_LINES, library, plotted, symlog
from automl_zero.report.map_figure import IslandMap, Takeover
from automl_zero.report.run_figures import Chart, Curve
from automl_zero.report.run_history import RunHistory
from automl_zero.report.scores_figure import Interval, ScoresFigure
from automl_zero.run.run import Run
from automl_zero.tasks.splits import Stage

HOSTILE = "<b>x</b>&"
TAME = "&lt;b&gt;x&lt;/b&gt;&amp;"
EFFECTS = (
    Effect("noise", "v1 stays 0", 0.5, IntervalEstimate(-0.1, -1.0, 0.005)),
    Effect("rate", "without it", 0.25, IntervalEstimate(-0.25, -0.5, -0.125)),
)
CHART = Chart(
    "programs",
    "accuracy",
    (Curve("best", ((10.0, 0.5), (100.0, 0.625), (1000.0, 0.75))), Curve("none", ())),
    levels=(("net", 0.7),),
    marks=((10.0, 0.5), (1000.0, 0.75)),
    log_x=True,
    steps=True,
)


@cache
def complete() -> RunHistory:
    data = RunHistory(small_config())
    for event in Run(small_config()).iter_events():
        data.update(event)
    return data


@pytest.mark.parametrize("name", NAMES)
def test_plotly_knows_every_part_of_every_figure(name: str) -> None:
    data = figures_of(complete(), EFFECTS)[name]
    plot = plotted(data, ["code"] * len(data.marks) if isinstance(data, Chart) else [])
    assert plotly.graph_objects.Figure(plot).data
    assert json.loads(json.dumps(plot, allow_nan=False)) == plot


def test_a_chart_has_its_curves_levels_and_marks() -> None:
    curve, level, marks = plotted(CHART, ["a = 1\nb = 2", ""])["data"]
    assert (curve["x"], curve["y"]) == ([10.0, 100.0, 1000.0], [0.5, 0.625, 0.75])
    assert curve["line"]["shape"] == "hv"
    assert curve["hovertext"] == [
        "1: 0.5000<br>programs: 10<br><br>a = 1<br>b = 2",
        "best: 0.6250<br>programs: 100",
        "2: 0.7500<br>programs: 1,000",
    ]
    assert (level["name"], level["x"], level["y"]) == ("net: 0.7000", [10.0, 1000.0], [0.7, 0.7])
    assert (marks["x"], marks["y"], marks["text"]) == ([10.0, 1000.0], [0.5, 0.75], ["1", "2"])
    assert marks["hovertext"] == [
        "1: 0.5000<br>programs: 10<br><br>a = 1<br>b = 2",
        "2: 0.7500<br>programs: 1,000",
    ]


def test_axes_are_those_of_the_chart() -> None:
    layout = plotted(CHART)["layout"]
    assert (layout["xaxis"]["title"], layout["xaxis"]["type"]) == ({"text": "programs"}, "log")
    assert layout["yaxis"]["title"] == {"text": "accuracy"}
    assert plotted(Chart("epoch", "members", ()))["layout"]["xaxis"]["type"] == "linear"


def test_of_long_code_the_begin_is_shown() -> None:
    note = "\n".join(f"line {number}" for number in range(MAX_LINES + 1))
    data = plotted(CHART, [note, ""])["data"][-1]["hovertext"][0]
    assert data.endswith(f"<br>line {MAX_LINES - 1}<br>...")


def test_scores_are_points_with_their_intervals_stage_by_stage() -> None:
    rows = tuple(
        Interval(name, stage, mean, mean - 0.125, mean + 0.25)
        for name, mean in (("evolved", 0.5), ("net", 0.25))
        for stage in Stage
    )
    plot = plotted(ScoresFigure("accuracy", rows, dict.fromkeys(Stage, 10)))
    assert [trace["name"] for trace in plot["data"]] == ["search", "select", "final"]
    final = plot["data"][2]
    assert (final["x"], final["y"]) == ([0.5, 0.25], [0.24, 1.24])
    assert (final["error_x"]["arrayminus"], final["error_x"]["array"]) == ([0.125] * 2, [0.25] * 2)
    assert final["hovertext"][1] == "net, final: 0.2500 (0.1250 to 0.5000)"
    assert plot["layout"]["yaxis"]["ticktext"] == ["<b>evolved</b>", "net"]


def test_a_map_has_a_cell_for_each_island_and_epoch_and_a_point_where_a_program_took_over() -> None:
    data = IslandMap((1, 5), ((0.25, 0.5), (0.125, 0.75)), (Takeover(5, 1, 0),))
    plot = plotted(data)
    heat, taken = plot["data"]
    assert heat["z"] == [[0.25, 0.5], [0.125, 0.75]]
    assert heat["hovertext"][1] == ["island 1, epoch 1: 0.1250", "island 1, epoch 5: 0.7500"]
    assert (taken["x"], taken["y"]) == ([1], [1])
    assert taken["hovertext"] == ["epoch 5: the best of island 1 comes from island 0"]
    (arrow,) = plot["layout"]["annotations"]
    assert (arrow["x"], arrow["y"], arrow["ax"], arrow["ay"]) == (1, 1, 1, 0)
    assert plot["layout"]["xaxis"]["ticktext"] == ["1", "5"]


def test_colours_change_at_the_levels_of_the_map() -> None:
    data = IslandMap((1, 2), ((0.0, 0.5), (0.5, 1.0)), ())
    shares = [share for share, _ in plotted(data)["data"][0]["colorscale"]]
    assert [shares[0], *shares[1::2]] == data.levels
    assert shares[1:-1:2] == shares[2::2]


def test_a_map_of_equal_cells_has_one_colour() -> None:
    heat, *none = plotted(IslandMap((1, 2), ((0.5, 0.5), (0.5, 0.5)), ()))["data"]
    assert none == []
    assert len({color for _, color in heat["colorscale"]}) == 1


def test_effects_are_bars_on_an_axis_that_shows_small_and_large() -> None:
    plot = plotted(AblationFigure("", EFFECTS))
    (bars,) = plot["data"]
    assert bars["x"] == [-2.0, symlog(-25)]
    assert bars["marker"]["color"] == [UNCERTAIN, CERTAIN]
    assert (bars["error_x"]["arrayminus"][0], bars["error_x"]["array"][0]) == (1.0, 2.5)
    assert bars["hovertext"][0] == "noise: -10.00 points (-100.00 to +0.50)<br>v1 stays 0"
    axis = plot["layout"]["xaxis"]
    assert dict(zip(axis["ticktext"], axis["tickvals"], strict=True))["-100"] == -3.0


@pytest.mark.parametrize(("value", "place"), [(0, 0), (0.5, 0.5), (-1, -1), (10, 2), (-100, -3)])
def test_the_axis_of_effects_is_linear_near_0_and_logarithmic_outside(value: float, place: float) -> None:
    assert symlog(value) == place


def texts(value: Any) -> list[str]:
    """All texts in plain data."""
    if isinstance(value, dict):
        return texts(list(value.values()))
    return [text for each in value for text in texts(each)] if isinstance(value, list) else [str(value)]


@pytest.mark.parametrize(
    "data",
    [
        Chart(HOSTILE, HOSTILE, (Curve(HOSTILE, ((1.0, 0.5),)),), ((HOSTILE, 0.5),), ((1.0, 0.5),)),
        ScoresFigure(
            HOSTILE, tuple(Interval(HOSTILE, stage, 0.5, 0.5, 0.5) for stage in Stage), dict.fromkeys(Stage, 1)
        ),
        AblationFigure(HOSTILE, (Effect(HOSTILE, HOSTILE, 0.5, IntervalEstimate(0.0, 0.0, 0.0)),)),
    ],
)
def test_whatever_comes_from_a_run_is_text(data: Any) -> None:
    found = texts(plotted(data, [HOSTILE]))
    assert not any(HOSTILE in each for each in found)
    assert any(TAME in each for each in found)


def test_the_library_is_one_script() -> None:
    source = library()
    assert "plotly.js" in source[:100]
    assert "</script" not in source
    assert "\r" not in source


def test_without_plotly_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    with pytest.raises(ConfigError, match=r"pip install 'automl-zero\[interactive\]'"):
        library()
