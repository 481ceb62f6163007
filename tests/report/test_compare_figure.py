from pathlib import Path

import matplotlib.image
import pytest

from automl_zero.analysis.compare import Attempt
from automl_zero.report.compare_figure import draw_comparison, solved_curve


def of(solved: bool, programs: int) -> Attempt:
    return Attempt(solved, programs, 0, 0.0, 0.5)


@pytest.mark.parametrize(
    ("attempts", "curve"),
    [
        ([of(True, 30), of(True, 10), of(False, 50), of(False, 40)], ([10, 30, 50], [0.25, 0.5, 0.5])),
        ([of(False, 20)], ([20], [0.0])),
        ([of(True, 20)], ([20, 20], [1.0, 1.0])),
    ],
)
def test_the_curve_has_a_step_for_each_solved_run(
    attempts: list[Attempt], curve: tuple[list[int], list[float]]
) -> None:
    assert solved_curve(attempts) == curve


def test_a_comparison_is_drawn(tmp_path: Path) -> None:
    draw_comparison({"one": [of(True, 10), of(False, 100)], "other": [of(False, 100)]}, tmp_path / "picture.png")
    assert matplotlib.image.imread(tmp_path / "picture.png").shape[:2] == (462, 770)
