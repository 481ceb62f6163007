"""The figure of a comparison: the fraction of runs that have reached the target, against the programs they made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from automl_zero.analysis.compare import Attempt
from automl_zero.system.atomic_write import replacing

NAME_WIDTH = 60  # characters in a line of the legend


def solved_curve(attempts: Sequence[Attempt]) -> tuple[list[int], list[float]]:
    """Return numbers of programs, and the fraction of runs solved after each.

    The curve has a step for each solved run, and ends where the longest run ended.
    """
    solved = sorted(each.programs for each in attempts if each.solved)
    shares = [(number + 1) / len(attempts) for number in range(len(solved))]
    last = max(each.programs for each in attempts)
    return [*solved, last], [*shares, shares[-1] if shares else 0.0]


def draw_comparison(attempts: Mapping[str, Sequence[Attempt]], path: Path) -> None:
    """Draw the curve of every variant into a PNG or SVG file (by its suffix), which is overwritten."""
    figure = Figure(figsize=(7, 4.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for name, runs in attempts.items():
        programs, shares = solved_curve(runs)
        axes.step(
            [programs[0], *programs], [0.0, *shares], where="post", label=fill(f"{name} ({len(runs)} runs)", NAME_WIDTH)
        )
    axes.set(xscale="log", ylim=(-0.02, 1.02), xlabel="programs", ylabel="share of runs that reached the target")
    axes.legend(frameon=False, loc="upper left", fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    with replacing(path) as file:
        figure.savefig(file, format=path.suffix.removeprefix("."))
