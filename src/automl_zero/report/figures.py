"""All figures of a run as data, and their drawing as SVG for a page or as files."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from automl_zero.analysis.studies.ablate import Effect
from automl_zero.report.ablation_figure import AblationFigure, draw_ablation_figure
from automl_zero.report.map_figure import IslandMap, draw_map, island_map
from automl_zero.report.plot_style import STYLE
from automl_zero.report.progress_figure import ProgressFigure, draw_progress, progress_figure
from automl_zero.report.run_figures import Chart, course_chart, diversity_chart, draw, islands_chart
from automl_zero.report.run_history import RunHistory
from automl_zero.report.scores_figure import ScoresFigure, draw_scores, scores_chart
from automl_zero.run.record.run_folder import StoreError, named

Data = Chart | ScoresFigure | IslandMap | AblationFigure
NAMES = ("course", "scores", "islands", "migration", "diversity", "ablation")


def figures_of(history: RunHistory, effects: tuple[Effect, ...] = ()) -> dict[str, Data]:
    """Return the figures that have something to show, by their names; ``effects`` are those of an ablation."""
    course, scores, migration = course_chart(history), scores_chart(history), island_map(history)
    islands, diversity = islands_chart(history), diversity_chart(history)
    found: dict[str, Data] = {"course": course} if any(each.points for each in course.curves) else {}
    found |= {"scores": scores} if scores.rows else {}
    found |= {"islands": islands} if islands.curves else {}
    found |= {"migration": migration} if migration.epochs else {}
    found |= {"diversity": diversity} if diversity.curves else {}
    return found | ({"ablation": AblationFigure("", effects)} if effects else {})


def pictures_of(history: RunHistory, effects: tuple[Effect, ...] = ()) -> dict[str, Data | ProgressFigure]:
    """Return ``figures_of`` and, as the first, the progress figure, whose code a page shows as text instead."""
    progress = progress_figure(history)
    return ({"progress": progress} if progress.milestones else {}) | figures_of(history, effects)


def drawn(data: Data | ProgressFigure) -> Figure:
    """Draw a figure."""
    match data:
        case Chart():
            return draw(data)
        case ScoresFigure():
            return draw_scores(data)
        case IslandMap():
            return draw_map(data)
        case AblationFigure():
            return draw_ablation_figure(data)
        case ProgressFigure():
            return draw_progress(data)


def write_figures(history: RunHistory, folder: Path, effects: tuple[Effect, ...] = ()) -> list[Path]:
    """Write every figure as PNG and SVG, and return the paths.

    Raises:
        StoreError: one of the files exists already, or cannot be written.
    """
    figures = pictures_of(history, effects)
    files = [folder / f"{name}.{ending}" for name in figures for ending in ("png", "svg")]
    if taken := [str(file) for file in files if file.exists() or file.is_symlink()]:
        raise StoreError(f"{', '.join(taken)} exists: choose another folder")
    with named(folder), rc_context(STYLE):
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in figures.items():
            figure = drawn(data)
            for ending in ("png", "svg"):
                figure.savefig(folder / f"{name}.{ending}")
    return files
