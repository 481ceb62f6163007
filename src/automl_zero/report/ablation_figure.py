"""The figure of an ablation: the change of fitness without each part of the program, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from automl_zero.analysis.studies.ablate import Effect

CERTAIN, UNCERTAIN = "#1f3d7a", "#b0b7c3"
NAME_WIDTH = 44  # characters in a line of a label
TICKS = (-100, -30, -10, -3, -1, 0, 1, 3, 10, 30, 100)
BAR_INCHES, FRAME_INCHES = 0.34, 1.3


@dataclass(frozen=True, slots=True)
class AblationFigure:
    """The data of the figure: a title, and the effects of all changes."""

    title: str
    effects: tuple[Effect, ...]


def draw_ablation(title: str, effects: Sequence[Effect], path: Path) -> None:
    """Draw a bar for each effect, in points of fitness, into a PNG or SVG file (by its suffix)."""
    draw_ablation_figure(AblationFigure(title, tuple(effects))).savefig(path)


def draw_ablation_figure(data: AblationFigure) -> Figure:
    """Draw a bar for each effect, in points of fitness."""
    effects = data.effects
    figure = Figure(figsize=(8, FRAME_INCHES + BAR_INCHES * len(effects)), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = range(len(effects))
    values = [100 * each.difference.value for each in effects]
    colors = [CERTAIN if each.is_certain else UNCERTAIN for each in effects]
    axes.barh(rows, values, color=colors, height=0.7)
    axes.errorbar(values, rows, xerr=_reach(effects), fmt="none", ecolor="black", elinewidth=1, capsize=2)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(rows, [fill(each.name, NAME_WIDTH) for each in effects])
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)  # a linear axis would hide small effects
    axes.set_xticks(_ticks(axes.get_xlim()))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(y=0.5 / len(effects))
    axes.set(title=data.title, xlabel="change of the fitness, in points, with its 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _ticks(limits: Sequence[float]) -> list[int]:
    return [tick for tick in TICKS if limits[0] <= tick <= limits[1]]


def _reach(effects: Sequence[Effect]) -> list[list[float]]:
    """Return the lengths of the error bars below and above each value."""
    below = [100 * max(each.difference.value - each.difference.low, 0.0) for each in effects]
    above = [100 * max(each.difference.high - each.difference.value, 0.0) for each in effects]
    return [below, above]
