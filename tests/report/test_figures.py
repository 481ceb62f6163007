"""All figures of a run: which there are, and that they can be drawn."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from support.runs.small_config import small_config

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect
from automl_zero.report.ablation_figure import AblationFigure
from automl_zero.report.figures import NAMES, drawn, figures_of, write_figures
from automl_zero.report.plot_style import svg
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.run_folder import StoreError
from automl_zero.run.run import Run

EFFECTS = (Effect("noise", "v1 stays 0", 0.5, IntervalEstimate(-0.25, -0.5, 0.125)),)


@cache
def complete() -> RunHistory:
    data = RunHistory(small_config())
    for event in Run(small_config()).iter_events():
        data.update(event)
    return data


def test_a_complete_run_has_all_figures_and_an_empty_one_none() -> None:
    assert tuple(figures_of(complete(), EFFECTS)) == NAMES
    assert "ablation" not in figures_of(complete())
    assert figures_of(RunHistory(small_config())) == {}


def test_the_knock_outs_are_those_that_are_given() -> None:
    assert figures_of(complete(), EFFECTS)["ablation"] == AblationFigure("", EFFECTS)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_drawn_in_the_colours_of_the_page_and_the_same_each_time(name: str) -> None:
    data = figures_of(complete(), EFFECTS)[name]
    picture = svg(drawn(data))
    assert picture.startswith("<svg")
    assert "currentColor" in picture
    assert "#000000" not in picture
    assert picture == svg(drawn(data))


def test_figures_are_written_as_pictures_and_never_over_others(tmp_path: Path) -> None:
    files = write_figures(complete(), tmp_path / "figures", EFFECTS)
    names = ("progress", *NAMES)
    assert sorted(file.name for file in files) == sorted(f"{name}.{end}" for name in names for end in ("png", "svg"))
    picture = matplotlib.image.imread(tmp_path / "figures" / "course.png")
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 10
    with pytest.raises(StoreError, match=r"progress.png.* exists: choose another folder"):
        write_figures(complete(), tmp_path / "figures")
