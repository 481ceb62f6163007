from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from support.data.table_file import of_kind
from support.runs.small_config import STAGE, small_config

from automl_zero.config.task_kind_facts import KINDS
from automl_zero.report.task_figure import draw_tasks, image_grid
from automl_zero.run.scoring.task_summary import summarize_tasks
from automl_zero.tasks.task_kinds import Stage


@pytest.mark.parametrize("names", [[], ["linear", "net"]])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn(kind: str, names: list[str], tmp_path: Path) -> None:
    sizes = {stage.value: STAGE for stage in Stage}
    summary = summarize_tasks(small_config(tasks={**sizes, **of_kind(kind)}, baselines={"trials": 1}), names)
    draw_tasks(summary, tmp_path / "summary.png")
    panels = 1 + bool(summary.images) + bool(names)
    picture = matplotlib.image.imread(tmp_path / "summary.png")
    assert picture.shape[:2] == (462, 462 * panels)
    assert np.unique(picture.reshape(-1, picture.shape[2]), axis=0).shape[0] > 10


@pytest.mark.parametrize("channels", [1, 3])
def test_a_mosaic_has_a_row_for_each_class_and_is_as_bright_as_can_be(channels: int) -> None:
    images = [np.full((count, 4, 5, channels), 8 * count, np.uint8) for count in (2, 1)]
    found = image_grid(images)
    assert found.shape == ((2 * 6, 2 * 7) if channels == 1 else (2 * 6, 2 * 7, 3))
    assert (found[1:5, 1:6] == 255).all()
    assert (found[7:11, 1:6] == 127).all()
    assert (found[6:, 7:] == 255).all() or (found[7:11, 8:13] == 0).all()


def test_what_is_black_stays_black() -> None:
    assert (image_grid([np.zeros((1, 2, 2, 1), np.uint8)])[1:3, 1:3] == 0).all()
