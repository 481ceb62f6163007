"""The figure of migration: the best fitness of each island by epoch, and the takeovers by programs of other islands.

A program has taken over an island if the best one there descends from an ancestor made on another island and, at the
epoch drawn before, the best one did not, or descended from another such ancestor.
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

MAX_COLUMNS = 160  # epochs that are drawn; of more, every second, third, ... one
MAX_ARROWS = 12  # islands up to which an arrow shows the source of a takeover
LEVELS = 12  # colors, each for equally many cells, since late gains are small
FRAME_INCHES, ROW_INCHES, MAX_INCHES, TICKS = 1.2, 0.42, 5.5, 8


@dataclass(frozen=True, slots=True)
class Takeover:
    """A takeover: at this epoch, the best of an island is new and descends from a program made on ``source``."""

    epoch: int
    island: int
    source: int


@dataclass(frozen=True, slots=True)
class IslandMap:
    """The data of the figure: ``fitness`` has a row for each island, with a value for each of the ``epochs``."""

    epochs: tuple[int, ...]
    fitness: tuple[tuple[float, ...], ...]
    takeovers: tuple[Takeover, ...]

    @property
    def levels(self) -> list[float]:
        """The ascending fitness levels between colors: quantiles, so that each color covers equally many cells."""
        values = np.array(self.fitness)
        return sorted(set(np.quantile(values, np.linspace(0, 1, LEVELS + 1)).tolist())) if values.size else []


def island_map(history: RunHistory) -> IslandMap:
    """Return the data of the experiment's epochs; empty for a single island."""
    epochs = history.shown_experiment.all_epochs
    count = min((len(each.island_fitness) for each in epochs), default=0)
    every = max(1, -(-len(epochs) // MAX_COLUMNS))
    shown = [*epochs[:-1:every], *epochs[-1:]] if count > 1 else []
    rows = tuple(tuple(each.island_fitness[island] for each in shown) for island in range(count if shown else 0))
    found = (each for before, now in pairwise(shown) for each in _takeovers(before, now, count))
    return IslandMap(tuple(each.epoch for each in shown), rows, tuple(found))


def _takeovers(before: EpochEnd, now: EpochEnd, count: int) -> Iterator[Takeover]:
    for island, (one, other) in enumerate(zip(before.immigrants, now.immigrants, strict=False)):
        if other and other != one and island < count and 0 <= other[0] < count:
            yield Takeover(now.epoch, island, other[0])


def draw_map(data: IslandMap) -> Figure:
    """Draw a row for each island and a column for each epoch, with arrows or points at takeovers."""
    rows = len(data.fitness)
    with rc_context(STYLE):
        figure, axes = new_figure(min(FRAME_INCHES + ROW_INCHES * rows, MAX_INCHES))
        if data.epochs:
            _draw_cells(figure, axes, data)
        columns = {epoch: column for column, epoch in enumerate(data.epochs)}
        for each in data.takeovers:
            _draw_takeover(axes, columns[each.epoch], each, rows <= MAX_ARROWS)
        axes.set(xlabel="epoch", ylabel="island")
        if rows <= MAX_ARROWS:
            axes.set_yticks(range(rows))
    return figure


def _draw_cells(figure: Figure, axes: Axes, data: IslandMap) -> None:
    levels = data.levels
    norm = BoundaryNorm(levels, 256) if len(levels) > 1 else None
    image = axes.imshow(data.fitness, aspect="auto", interpolation="nearest", cmap="viridis", norm=norm)
    ticks = sorted(set(np.linspace(0, len(data.epochs) - 1, TICKS).astype(int).tolist()))
    axes.set_xticks(ticks, [str(data.epochs[tick]) for tick in ticks])
    if norm:
        bar = figure.colorbar(image, spacing="uniform", ticks=levels[:: max(1, len(levels) // 4)], format="%.4f")
        bar.set_label("best fitness", fontsize=8)


def _draw_takeover(axes: Axes, column: int, each: Takeover, has_arrow: bool) -> None:
    axes.plot(column, each.island, "o", color=COLORS[1], markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    if has_arrow:
        style = {"arrowstyle": "-|>", "color": COLORS[1], "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (column, each.island), (column, each.source), arrowprops=style)


def explanation(data: IslandMap) -> str:
    """Return the explanation of the figure for readers."""
    count = len(data.takeovers)
    if not count:
        return "The best fitness of each island, each colour on as many cells."
    times = "once" if count == 1 else f"{count:,} times"
    begin = ", and arrows begin at its island" if len(data.fitness) <= MAX_ARROWS else ""
    return (
        "The best fitness of each island, each colour on as many cells. Points: the best of an island is new, and "
        f"descends from a program made on another island{begin}. That happened {times} among the epochs that are drawn."
    )
