from __future__ import annotations

from pathlib import Path

import matplotlib.image
import pytest

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect
from automl_zero.report.ablation_figure import draw_ablation

EFFECTS = [
    Effect("learn 10: v1 = uniform(0.0024, 0.67, n_features)", "", 0.1, IntervalEstimate(-0.4, -0.5, -0.3)),
    Effect("noise", "", 0.5, IntervalEstimate(0.001, -0.002, 0.003)),
]


@pytest.mark.parametrize("count", [1, 2])
def test_an_ablation_is_drawn_with_a_bar_for_each_effect(tmp_path: Path, count: int) -> None:
    draw_ablation("some program", EFFECTS[:count], tmp_path / "picture.png")
    height, width = matplotlib.image.imread(tmp_path / "picture.png").shape[:2]
    assert (height, width) == (pytest.approx(110 * (1.3 + 0.34 * count), abs=1), 880)


def test_the_names_are_in_the_drawing(tmp_path: Path) -> None:
    draw_ablation("some program", EFFECTS, tmp_path / "picture.svg")
    text = (tmp_path / "picture.svg").read_text()
    assert all(each in text for each in ("some program", "noise", "learn 10"))
