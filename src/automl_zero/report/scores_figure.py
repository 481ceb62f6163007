"""The figure of the scores: the evolved program and the baselines on the tasks of each stage, with 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import fill

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import stdtrit

from automl_zero.analysis.compare import LEVEL
from automl_zero.config import TasksConfig
from automl_zero.report.plot_style import COLORS, STYLE, new_figure
from automl_zero.report.run_history import RunHistory
from automl_zero.run.console.summary import measure
from automl_zero.run.record.events import Baseline, Score
from automl_zero.tasks.splits import Stage

EVOLVED = "evolved"
STAGE_COLORS = dict(zip(Stage, (COLORS[5], COLORS[2], COLORS[0]), strict=True))
NAME_WIDTH = 24  # characters in a line of a label
ROW_INCHES, FRAME_INCHES, STAGE_GAP = 0.62, 1.0, 0.24


@dataclass(frozen=True, slots=True)
class Interval:
    """The fitness of an algorithm on the tasks of a stage, with its interval; with one task, its width is 0."""

    name: str
    stage: Stage
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ScoresFigure:
    """The data of the figure: for each algorithm, the evolved one first, an interval for each stage.

    Attributes:
        label: the name of the measure.
        rows: the intervals.
        tasks: the number of tasks of each stage.
        is_median: whether the fitness is the median over the tasks; the interval then has the width of that of the
            mean.
    """

    label: str
    rows: tuple[Interval, ...]
    tasks: dict[Stage, int]
    is_median: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the algorithms, each once."""
        return tuple(dict.fromkeys(row.name for row in self.rows))

    def of_stage(self, stage: Stage) -> tuple[Interval, ...]:
        """Return the intervals of a stage, one for each algorithm."""
        return tuple(row for row in self.rows if row.stage is stage)


def scores_chart(history: RunHistory) -> ScoresFigure:
    """Return the scores of a complete run; no rows before the run is complete."""
    final, config = history.progress.final, history.progress.config
    tasks = task_counts(config.of_island(0).tasks, config.tasks)
    label, is_median = measure(final.loss) if final else "fitness", config.evaluation.combination == "median"
    algorithms = (Baseline(name=EVOLVED, setting="", scores=final.scores), *final.baselines) if final else ()
    rows = tuple(
        _interval(each.name, stage, each.scores[stage], tasks[stage]) for each in algorithms for stage in Stage
    )
    return ScoresFigure(label=label, rows=rows, tasks=tasks, is_median=is_median)


def task_counts(search: TasksConfig, others: TasksConfig) -> dict[Stage, int]:
    """Return the number of tasks of each stage; the search stage is that of the first island."""
    return {stage: stage.size(search if stage is Stage.SEARCH else others).num_tasks for stage in Stage}


def _interval(name: str, stage: Stage, score: Score, tasks: int) -> Interval:
    reach = reach_of(score.standard_error, tasks)
    return Interval(name=name, stage=stage, mean=score.fitness, low=score.fitness - reach, high=score.fitness + reach)


def reach_of(standard_error: float | None, tasks: int) -> float:
    """Return the half-width of the 95 % interval of a mean over so many tasks, by Student's t."""
    if standard_error is None or tasks < 2:
        return 0.0
    # mean +- t * standard error, with t the 0.975 quantile of Student's t distribution of n - 1 degrees of freedom
    reach = float(stdtrit(tasks - 1, (1 + LEVEL) / 2)) * standard_error
    return reach if math.isfinite(reach) else 0.0


def explanation(scores: ScoresFigure) -> str:
    """Return the explanation of the intervals for readers."""
    counts = ", ".join(f"{count} {stage}" for stage, count in scores.tasks.items())
    about = "the median, as wide as that of the mean" if scores.is_median else "the mean"
    return (
        f"The lines are 95 % intervals of {about}, by Student's t over the tasks ({counts}). All algorithms are scored "
        "on the same tasks, so a difference may be more certain than overlapping lines suggest."
    )


def draw_scores(scores: ScoresFigure) -> Figure:
    """Draw a row for each algorithm, with a point and an interval for each stage."""
    with rc_context(STYLE):
        figure, axes = new_figure(FRAME_INCHES + ROW_INCHES * max(1, len(scores.names)))
        for number, stage in enumerate(Stage):
            _draw_stage(axes, scores.of_stage(stage), (number - 1) * STAGE_GAP, stage)
        axes.set_yticks(range(len(scores.names)), list(_labels(scores)))
        axes.set_ylim(max(1, len(scores.names)) - 0.5, -0.5)  # the first on top
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", alpha=0.25)
        axes.set(xlabel=scores.label)
        if scores.rows:
            figure.legend(loc="outside upper center", ncols=len(Stage), frameon=False, fontsize=8)
            axes.get_yticklabels()[0].set_fontweight("bold")
    return figure


def _labels(scores: ScoresFigure) -> Iterator[str]:
    return (fill(name, NAME_WIDTH) for name in scores.names)


def _draw_stage(axes: Axes, rows: tuple[Interval, ...], shift: float, stage: Stage) -> None:
    if rows:
        reach = [[row.mean - row.low for row in rows], [row.high - row.mean for row in rows]]
        places, means = [number + shift for number in range(len(rows))], [row.mean for row in rows]
        axes.errorbar(
            means, places, xerr=reach, fmt="o", color=STAGE_COLORS[stage], markersize=5, capsize=3, label=stage.value
        )
