"""The picture of migration: the best fitness of each island epoch by epoch, and where another one's program took over.

A program has taken over an island when the best one there descends from an ancestor that was born elsewhere, and that
was not so, or of another ancestor, at the epoch that is drawn before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

from automl_zero.report.plot_style import COLORS, STYLE, new_figure
from automl_zero.report.run_history import RunHistory
from automl_zero.run.record.events import EpochEnd

MOST_COLUMNS = 160  # epochs that are drawn; of more, every second, third, ... one
MOST_ARROWS = 12  # islands up to which an arrow tells where from
LEVELS = 12  # colours, each of as many cells: most of what is gained late is little
FRAME_INCHES, ROW_INCHES, MOST_INCHES, TICKS = 1.2, 0.42, 5.5, 8


@dataclass(frozen=True, slots=True)
class TakeOver:
    """At this epoch, the best of an island was new, and descended from a program that was born on ``source``."""

    epoch: int
    island: int
    source: int


@dataclass(frozen=True, slots=True)
class IslandMap:
    """A figure as data: ``fitness`` has a row for each island, in it a value for each of the ``epochs``."""

    epochs: tuple[int, ...]
    fitness: tuple[tuple[float, ...], ...]
    take_overs: tuple[TakeOver, ...]

    @property
    def levels(self) -> list[float]:
        """Fitness at which the colour changes, ascending: as far as can be, each colour has as many cells."""
        values = np.array(self.fitness)
        return sorted(set(np.quantile(values, np.linspace(0, 1, LEVELS + 1)).tolist())) if values.size else []


def island_map(story: RunHistory) -> IslandMap:
    """What the epochs of the experiment tell; nothing of a single island."""
    told = story.course.all_epochs
    count = min((len(each.island_fitness) for each in told), default=0)
    every = max(1, -(-len(told) // MOST_COLUMNS))
    shown = [*told[:-1:every], *told[-1:]] if count > 1 else []
    rows = tuple(tuple(each.island_fitness[island] for each in shown) for island in range(count if shown else 0))
    found = (each for before, now in pairwise(shown) for each in _take_overs(before, now, count))
    return IslandMap(tuple(each.epoch for each in shown), rows, tuple(found))


def _take_overs(before: EpochEnd, now: EpochEnd, count: int) -> Iterator[TakeOver]:
    for island, (one, other) in enumerate(zip(before.immigrants, now.immigrants, strict=False)):
        if other and other != one and island < count and 0 <= other[0] < count:
            yield TakeOver(now.epoch, island, other[0])


def draw_map(told: IslandMap) -> Figure:
    """Draw a row for each island and a column for each epoch, with arrows or points where programs took over."""
    rows = len(told.fitness)
    with rc_context(STYLE):
        figure, axes = new_figure(min(FRAME_INCHES + ROW_INCHES * rows, MOST_INCHES))
        if told.epochs:
            _draw_cells(figure, axes, told)
        columns = {epoch: column for column, epoch in enumerate(told.epochs)}
        for each in told.take_overs:
            _draw_take_over(axes, columns[each.epoch], each, rows <= MOST_ARROWS)
        axes.set(xlabel="epoch", ylabel="island")
        if rows <= MOST_ARROWS:
            axes.set_yticks(range(rows))
    return figure


def _draw_cells(figure: Figure, axes: Axes, told: IslandMap) -> None:
    levels = told.levels
    norm = BoundaryNorm(levels, 256) if len(levels) > 1 else None
    image = axes.imshow(told.fitness, aspect="auto", interpolation="nearest", cmap="viridis", norm=norm)
    ticks = sorted(set(np.linspace(0, len(told.epochs) - 1, TICKS).astype(int).tolist()))
    axes.set_xticks(ticks, [str(told.epochs[tick]) for tick in ticks])
    if norm:
        bar = figure.colorbar(image, spacing="uniform", ticks=levels[:: max(1, len(levels) // 4)], format="%.4f")
        bar.set_label("best fitness", fontsize=8)


def _draw_take_over(axes: Axes, column: int, each: TakeOver, has_arrow: bool) -> None:
    axes.plot(column, each.island, "o", color=COLORS[1], markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    if has_arrow:
        style = {"arrowstyle": "-|>", "color": COLORS[1], "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (column, each.island), (column, each.source), arrowprops=style)


def explanation(told: IslandMap) -> str:
    """What is to be seen, for people."""
    count = len(told.take_overs)
    if not count:
        return "The best fitness of each island, each colour on as many cells."
    times = "once" if count == 1 else f"{count:,} times"
    begin = ", and arrows begin at its island" if len(told.fitness) <= MOST_ARROWS else ""
    return (
        "The best fitness of each island, each colour on as many cells. Points: the best of an island is new, and "
        f"comes from a program that was born on another{begin}. That happened {times} among the epochs that are drawn."
    )
