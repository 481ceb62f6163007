"""Draw how a run found its algorithm: ``python docs/progress.py RUN OUT.png``, after figure 6 of the paper.

The best score against the number of programs, the largest steps marked; below, the code after each of these steps, with
what is new since the one before in green, and the techniques that are recognised in it for the first time.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from automl_zero.analysis.difference import Mark, of_lines
from automl_zero.report.page import Milestone, tell, told_milestones
from automl_zero.report.run_figures import course_chart
from automl_zero.report.story import Story

STEPS, WIDTH = 5, 26  # panels of code, and their width in characters
CURVE_INCHES, LINE_INCHES = 4.6, 0.18
PLAIN, NEW = "#1d2433", "#00704f"


def main(folder: str, picture: str) -> None:
    """Draw a run folder into a PNG or SVG file, by its ending."""
    story = tell(Path(folder))
    told = told_milestones(story)
    if not told:
        sys.exit(f"{folder} has no program yet: let the run go on")
    steps = largest(told)
    befores = ["", *(step.code for step in steps[:-1])]
    panels = [list(_lines(step, before)) for step, before in zip(steps, befores, strict=True)]
    rows = max(map(len, panels))
    figure = plt.figure(figsize=(15, CURVE_INCHES + LINE_INCHES * rows), layout="constrained")
    grid = figure.add_gridspec(2, len(steps), height_ratios=(CURVE_INCHES, LINE_INCHES * rows))
    draw_curve(figure.add_subplot(grid[0, :]), story, steps)
    for number, (step, lines) in enumerate(zip(steps, panels, strict=True)):
        draw_code(figure.add_subplot(grid[1, number]), f"{number + 1}: {_told(step)}", lines, rows)
    figure.savefig(picture, dpi=110)
    print(f"wrote {picture}")


def largest(told: list[Milestone]) -> list[Milestone]:
    """The first, the last and those with the largest gains between; each with what is new since the one before."""
    inner = sorted(range(1, len(told) - 1), key=lambda place: told[place - 1].fitness - told[place].fitness)
    places = sorted({0, len(told) - 1, *inner[: STEPS - 2]})
    starts = [-1, *places[:-1]]
    return [
        replace(told[place], techniques=tuple(name for each in told[start + 1 : place + 1] for name in each.techniques))
        for start, place in zip(starts, places, strict=True)
    ]


def draw_curve(axes: Axes, story: Story, steps: list[Milestone]) -> None:
    """The best score, the baselines, and the numbers of the panels below."""
    chart = course_chart(story)
    axes.step(*zip(*chart.curves[0].points, strict=True), where="post", color=PLAIN, label="evolved")
    for number, (name, level) in enumerate(chart.levels):
        axes.axhline(level, color=f"C{number}", linestyle="--", label=name)
    for number, step in enumerate(steps, 1):
        place = step.programs, step.fitness
        axes.plot(*place, "o", color=NEW)
        axes.annotate(str(number), place, xytext=(-4, 8), textcoords="offset points", ha="right", fontsize=13)
    config = story.progress.config
    axes.set(xscale="log", xlabel=chart.x, ylabel=chart.y, title=f"{config.name}, seed {config.seed}")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)


def draw_code(axes: Axes, title: str, lines: list[tuple[str, str]], rows: int) -> None:
    """A panel with room for so many rows: what was new, and the code."""
    axes.axis("off")
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold")
    for row, (text, color) in enumerate(lines):
        at = (0, 1 - row / rows)
        axes.text(*at, text, family="monospace", fontsize=8, va="top", color=color, transform=axes.transAxes)


def _told(step: Milestone) -> str:
    return f"{step.fitness:.4f} after {step.programs:,} programs"


def _lines(step: Milestone, before: str) -> Iterator[tuple[str, str]]:
    """Of a panel, each with its colour."""
    for name in step.techniques:
        yield from ((line, NEW) for line in fill(f"+ {name}", WIDTH).splitlines())
    yield "", PLAIN
    for line in of_lines(before.splitlines(), step.code.splitlines()):
        if line.mark is not Mark.REMOVED:
            yield line.text, NEW if line.mark is Mark.ADDED else PLAIN


if __name__ == "__main__":
    mpl.use("agg")
    main(*sys.argv[1:])
