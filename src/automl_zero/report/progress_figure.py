"""The figure of the progress of a run, after figure 6 of the paper: the curve, and the code at its milestones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import fill
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from automl_zero.report.milestone import CodeLine, Milestone, annotated_milestones
from automl_zero.report.plot_style import STYLE, empty_figure
from automl_zero.report.run_figures import Chart, course_chart, draw_on
from automl_zero.report.run_history import RunHistory

STEPS, NAME_WIDTH, CODE_WIDTH = 5, 26, 38  # number of panels; characters in a line of a technique, and of code
WIDTH, CURVE_INCHES, LINE_INCHES = 15.0, 4.6, 0.18
PLAIN, NEW = "#1d2433", "#00704f"
TITLE: Any = {"loc": "left", "fontsize": 9.5, "fontweight": "bold"}
CODE: Any = {"family": "monospace", "fontsize": 8, "va": "top"}


@dataclass(frozen=True, slots=True)
class ProgressFigure:
    """The data of the figure: the curve with a mark for each milestone, whose code stands below."""

    title: str
    chart: Chart
    milestones: tuple[Milestone, ...]


def progress_figure(history: RunHistory) -> ProgressFigure:
    """Return the data: the first, the last and the largest steps of the experiment that is shown."""
    milestones, config = tuple(annotated_milestones(history, STEPS)), history.progress.config
    marks = tuple((float(each.programs), each.fitness) for each in milestones)
    return ProgressFigure(f"{config.name}, seed {config.seed}", replace(course_chart(history), marks=marks), milestones)


def draw_progress(data: ProgressFigure) -> Figure:
    """Draw the curve, and below it a panel of code for each milestone, with new lines in green."""
    panels = [list(panel_lines(each)) for each in data.milestones]
    rows = max(map(len, panels), default=1)
    heights = CURVE_INCHES, LINE_INCHES * rows
    with rc_context(STYLE):
        figure = empty_figure(WIDTH, sum(heights))
        grid = figure.add_gridspec(2, max(1, len(panels)), height_ratios=heights)
        curve = figure.add_subplot(grid[0, :])
        curve.set_title(data.title)
        draw_on(curve, data.chart)
        for number, (each, lines) in enumerate(zip(data.milestones, panels, strict=True)):
            title = f"{number + 1}: {each.fitness:.4f} after {each.programs:,} programs"
            _draw_panel(figure.add_subplot(grid[1, number]), title, lines, rows)
    return figure


def panel_lines(milestone: Milestone) -> Iterator[CodeLine]:
    """Yield the lines of a panel: the new techniques, and the code, whose long lines are cut."""
    for name in milestone.techniques:
        yield from (CodeLine(line, is_new=True) for line in fill(f"+ {name}", NAME_WIDTH).splitlines())
    yield CodeLine("", is_new=False)
    for each in milestone.lines:
        is_long = len(each.text) > CODE_WIDTH
        yield CodeLine(f"{each.text[: CODE_WIDTH - 1]}…", each.is_new) if is_long else each


def _draw_panel(axes: Axes, title: str, lines: list[CodeLine], rows: int) -> None:
    axes.axis("off")
    axes.set_title(title, **TITLE)
    for row, line in enumerate(lines):
        axes.text(0, 1 - row / rows, line.text, color=NEW if line.is_new else PLAIN, transform=axes.transAxes, **CODE)
