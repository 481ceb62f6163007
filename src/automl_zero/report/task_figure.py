"""The figure of a choice of tasks: examples, one task projected to the plane, and the scores of known algorithms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from automl_zero.run.console.summary import measure
from automl_zero.run.scoring.task_summary import TaskSummary, TaskView
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss

STAGE_COLORS = {Stage.SEARCH: "#b0b7c3", Stage.SELECT: "#6f8fbf", Stage.FINAL: "#1f3d7a"}


def draw_tasks(summary: TaskSummary, path: Path) -> None:
    """Draw the figure into a PNG or SVG file (by its suffix)."""
    panels = [_draw_images] if summary.images else []
    panels += [_draw_view, *([_draw_scores] if summary.scores else [])]
    figure = Figure(figsize=(4.2 * len(panels), 4.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for number, draw in enumerate(panels):
        draw(figure.add_subplot(1, len(panels), number + 1), summary)
    figure.suptitle(f"the tasks of {summary.name}")
    figure.savefig(path)


def image_grid(images: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return rows of images [images, height, width, channels] as one image, brightened, with white frames."""
    most, bright = max(map(len, images)), max(int(row.max(initial=0)) for row in images)
    rows = [(row * (255.0 / max(bright, 1))).astype(np.uint8) for row in images]
    rows = [np.pad(row, ((0, most - len(row)), (1, 1), (1, 1), (0, 0)), constant_values=255) for row in rows]
    image = np.concatenate([np.concatenate(list(row), axis=1) for row in rows])
    return image if image.shape[2] == 3 else image[:, :, 0]


def _draw_images(axes: Axes, summary: TaskSummary) -> None:
    images = [np.asarray(each) for each in summary.images.values()]
    height = images[0].shape[1] + 2
    axes.imshow(image_grid(images), cmap="gray", interpolation="nearest")
    axes.set_yticks([height * (row + 0.5) for row in range(len(images))], list(summary.images))
    axes.set(xticks=[], title="images of each class")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _draw_view(axes: Axes, summary: TaskSummary) -> None:
    view: TaskView = summary.view
    for label in [None] if summary.loss is Loss.RMSE else np.unique(view.labels):
        shown = slice(None) if label is None else view.labels == label
        axes.scatter(view.x[shown], view.y[shown], s=8, alpha=0.7, linewidths=0)
    axes.set(title="examples of the first task", xlabel=view.axes[0], ylabel=view.axes[1])
    axes.spines[["top", "right"]].set_visible(False)


def _draw_scores(axes: Axes, summary: TaskSummary) -> None:
    rows = np.arange(len(summary.scores))
    for number, (stage, color) in enumerate(STAGE_COLORS.items()):
        scores = [each.scores[stage] for each in summary.scores]
        errors = [score.standard_error or 0.0 for score in scores]
        positions = rows + 0.26 * (number - 1)
        axes.barh(positions, [score.fitness for score in scores], 0.24, xerr=errors, color=color, label=stage.value)
    axes.set_yticks(rows, [each.name.replace(" by ", "\nby ").replace(" of ", "\nof ") for each in summary.scores])
    axes.invert_yaxis()
    axes.set(title="known algorithms", xlabel=measure(summary.loss))
    axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    axes.spines[["top", "right"]].set_visible(False)
