"""The curves of a run: data from its history, and their drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from automl_zero.report.plot_style import COLORS, STYLE, new_figure
from automl_zero.report.run_history import RunHistory, milestones
from automl_zero.run.console.summary import short_measure
from automl_zero.tasks.splits import Stage

MAX_POINTS = 20_000  # points of all islands together: bounds the size of a page
HEIGHT = 3.9  # inches


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: its name and its points."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The data of a figure of curves.

    Attributes:
        x: the label of the x axis.
        y: the label of the y axis.
        curves: the curves.
        levels: horizontal lines, by name.
        marks: points, which are numbered from 1.
        log_x: whether the x axis is logarithmic.
        steps: whether curves are drawn as steps.
    """

    x: str
    y: str
    curves: tuple[Curve, ...]
    levels: tuple[tuple[str, float], ...] = ()
    marks: tuple[tuple[float, float], ...] = ()
    log_x: bool = False
    steps: bool = False


def course_chart(history: RunHistory) -> Chart:
    """Return the best score of the experiment against its number of programs, with its milestones and the baselines."""
    improvements, final = history.shown_experiment.improvements, history.progress.final
    points = [(float(each.experiment_programs), each.fitness) for each in improvements]
    if history.shown_experiment.latest and points:
        points.append((float(history.shown_experiment.latest.experiment_programs), points[-1][1]))
    levels = [(each.name, each.scores[Stage.SEARCH].fitness) for each in final.baselines] if final else []
    return Chart(
        x="programs",
        y=f"{short_measure(final.loss) if final else 'fitness'} on the search tasks",
        curves=(Curve("best program", tuple(points)),),
        levels=tuple(levels),
        marks=tuple((float(each.experiment_programs), each.fitness) for each in milestones(improvements)),
        log_x=True,
        steps=True,
    )


def islands_chart(history: RunHistory) -> Chart:
    """Return the best score of every island by epoch."""
    return _by_island(history, "best fitness of each island", lambda epoch: epoch.island_fitness)


def diversity_chart(history: RunHistory) -> Chart:
    """Return the number of different scores in each island's population, and of the most common one."""
    behaviours = _by_island(history, "members", lambda epoch: epoch.behaviours, "different scores, ")
    most_common_count = _by_island(history, "members", lambda epoch: epoch.most_common_count, "most common score, ")
    return Chart(behaviours.x, behaviours.y, (*behaviours.curves[:2], *most_common_count.curves[:2]))


def _by_island(history: RunHistory, label: str, values: Callable[..., Sequence[float]], prefix: str = "") -> Chart:
    epochs = [each for each in history.shown_experiment.all_epochs if values(each)]
    count = min((len(values(each)) for each in epochs), default=0)
    every = max(1, -(-count * len(epochs) // MAX_POINTS))
    shown = [*epochs[:-1:every], *epochs[-1:]]
    curves = tuple(
        Curve(f"{prefix}island {island}", tuple((float(each.epoch), float(values(each)[island])) for each in shown))
        for island in range(count)
    )
    return Chart("epoch", label, curves)


def draw(chart: Chart) -> Figure:
    """Draw a chart."""
    with rc_context(STYLE):
        figure, axes = new_figure(HEIGHT)
        draw_on(axes, chart)
    return figure


def draw_on(axes: Axes, chart: Chart) -> None:
    """Draw a chart on axes, within ``rc_context(STYLE)``."""
    for number, curve in enumerate(chart.curves):
        _draw_curve(axes, curve, COLORS[number % len(COLORS)], chart.steps)
    for number, (name, level) in enumerate(chart.levels):
        axes.axhline(level, color=COLORS[(number + 1) % len(COLORS)], linestyle="--", linewidth=1, label=name)
    for number, mark in enumerate(chart.marks, 1):
        axes.annotate(str(number), mark, xytext=(-3, 5), textcoords="offset points", ha="right", fontsize=9)
        axes.plot(*mark, "o", color=COLORS[0], markersize=4)
    axes.set(xlabel=chart.x, ylabel=chart.y)
    if chart.log_x and any(curve.points for curve in chart.curves):
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if 0 < sum(bool(curve.points) for curve in chart.curves) + len(chart.levels) <= len(COLORS) + 2:
        axes.legend(frameon=False, fontsize=8)


def _draw_curve(axes: Axes, curve: Curve, color: str, steps: bool) -> None:
    if curve.points:
        style = "steps-post" if steps else "default"
        axes.plot(*zip(*curve.points, strict=True), color=color, linewidth=1.4, drawstyle=style, label=curve.name)
