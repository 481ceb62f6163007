"""Draw the picture of a run in the README: ``python scripts/figures/search_curve.py demo/1`` writes ``digits.png``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from automl_zero.program.annotate import short_text
from automl_zero.program.text import from_text
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement
from automl_zero.run.record.run_folder import read_run
from automl_zero.tasks.task_kinds import Stage

TARGET = Path(__file__).parents[2] / "docs" / "images" / "digits.png"
COLORS = ("#c44e52", "#4c72b0")


def main(folder: str) -> None:
    """Draw a finished run: the best score against the number of programs, and the program that was found."""
    events = read_run(Path(folder)).events
    final = next(event for event in events if isinstance(event, Final))
    figure, (curve, code) = plt.subplots(1, 2, figsize=(10, 4.2), width_ratios=(3, 2), layout="constrained")
    draw_curve(curve, events, final)
    code.axis("off")
    text = short_text(from_text(final.program)).strip()
    code.text(0, 1, text, family="monospace", fontsize=9, va="top", transform=code.transAxes)
    figure.savefig(TARGET, dpi=110)
    print(f"wrote {TARGET}")


def draw_curve(axes: Axes, events: Sequence[Event], final: Final) -> None:
    """Draw every improvement of the winning experiment, from the first program that learns, and the baselines."""
    steps = [event for event in events if isinstance(event, Improvement | EpochEnd)]
    of_winner = [step for step in steps if step.experiment == final.experiment]
    points = [(step.experiment_programs, _fitness(step)) for step in of_winner if _fitness(step) > 0]
    axes.step(*zip(*points, strict=True), where="post", color="black", label="evolved")
    for baseline, color in zip(final.baselines, COLORS, strict=True):
        axes.axhline(baseline.scores[Stage.SEARCH].fitness, color=color, linestyle="--", label=baseline.name)
    axes.set(xscale="log", xlabel="programs", ylabel="accuracy on the search tasks")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)


def _fitness(step: Improvement | EpochEnd) -> float:
    return step.fitness if isinstance(step, Improvement) else step.best_fitness


if __name__ == "__main__":
    mpl.use("agg")
    main(sys.argv[1])
