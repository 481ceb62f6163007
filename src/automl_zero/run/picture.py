"""The picture of a run: its best algorithm as code beside the fitness curve and the figures, from 80 columns on."""

from __future__ import annotations

from statistics import median
from textwrap import wrap

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from automl_zero.program.text import from_text
from automl_zero.run.announcement import announcement
from automl_zero.run.chart import curve_rows
from automl_zero.run.events import Scoring, Selection, Start
from automl_zero.run.progress import Progress
from automl_zero.run.reading import short_text
from automl_zero.run.wording import clock, short_number

SIDE, CURVE_ROWS, FRAME = 34, 5, 4  # columns beside the code; rows of the curve; columns or rows of a panel's frame
WIDTH = 80  # columns that lines of text are wrapped to


def draw(progress: Progress, height: int, waited: float = 0.0) -> RenderableType:
    """The picture for a screen of that many rows, some seconds after the latest event; it takes all columns."""
    top = [headline(progress, waited), *lines(progress)]
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(width=SIDE)
    most = height - FRAME - len(top) + 1
    code = Syntax("\n".join(code_lines(progress, most)), "python", theme="ansi_dark", background_color="default")
    side = Group(_curve(progress), _table(figures(progress, waited)))
    grid.add_row(Panel(code, title=code_title(progress), title_align="left"), Panel(side, title="fitness, programs"))
    return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in top), grid)


def headline(progress: Progress, waited: float = 0.0) -> str:
    """Which run this is, and what it does at the moment."""
    return f"{progress.config.name}, seed {progress.config.seed}{_doing(progress, waited)}"


def _doing(progress: Progress, waited: float) -> str:
    number = progress.improvement.experiment + 1 if progress.improvement else 1
    match progress.last:
        case Start():
            return ": measuring the cost"
        case Scoring() as event:
            return f": {scoring(event)}, {clock(waited)}"
    is_scored = progress.final or isinstance(progress.last, Selection)
    return f", experiment {number}: {'scoring the result' if is_scored else 'searching'}"


def scoring(event: Scoring) -> str:
    """What happens while nothing else is told."""
    return f"tuning baseline {event.number} of {event.count}, {event.baseline}"


def lines(progress: Progress) -> list[str]:
    """What the run was expected to cost, and what became of its programs, as far as known."""
    expected = announcement(progress.estimate, progress.config) if progress.estimate else ""
    return [*wrap(expected, WIDTH), *wrap(progress.fates if progress.epoch else "", WIDTH)]


def code_title(progress: Progress) -> str:
    """What the code beside the curve is."""
    fitness = f", fitness {progress.improvement.fitness:.5f}" if progress.improvement else ""
    return f"best algorithm so far{fitness}"


def code_lines(progress: Progress, most: int) -> list[str]:
    """The best program of the experiment without what has no effect, cut to a number of lines."""
    if progress.improvement is None:
        return []
    program, multiclass = from_text(progress.improvement.program), progress.config.tasks.num_classes > 2
    lines = short_text(program, multiclass).splitlines()
    return lines if len(lines) <= most else [*lines[: most - 1], f"# {len(lines) - most + 1} more lines"]


def figures(progress: Progress, waited: float = 0.0) -> list[tuple[str, str]]:
    """(name, value) of everything that is neither drawn nor told in lines."""
    left = progress.seconds_left
    rows = [
        ("programs", short_number(progress.spent.programs)),
        ("per second", short_number(progress.recent_speed)),
        islands(progress),
        ("best on select", f"{progress.selection.select_fitness:.5f}" if progress.selection else "-"),
        ("time", clock(progress.seconds + waited)),
        *cluster_figures(progress),
    ]
    return rows if left is None else [*rows, ("time left", clock(max(left - waited, 0.0)))]


def cluster_figures(progress: Progress) -> list[tuple[str, str]]:
    """(name, value) of the cluster, if the run goes on one."""
    if (cluster := progress.cluster) is None:
        return []
    return [
        ("nodes, processes", f"{cluster.nodes}, {cluster.workers}"),
        ("epochs per second", f"{progress.epochs_per_second:.3g}"),
        ("islands made again", str(cluster.replays)),
    ]


def islands(progress: Progress) -> tuple[str, str]:
    """The best fitness of each island if there is room, else of the best, the middle and the worst one.

    Where islands differ in tasks, these are the ones that have the first one's: no others can be compared with it.
    """
    if progress.epoch is None:
        return "islands", ""
    values, count = sorted(progress.comparable_fitness, reverse=True), len(progress.epoch.island_fitness)
    shown = values if len(values) <= 3 else [values[0], median(values), values[-1]]
    name = "islands" if len(values) == count else f"{len(values)} of {count} islands"
    return name, " ".join(f"{value:.2f}" for value in shown)


def _curve(progress: Progress) -> RenderableType:
    points = progress.curve
    if not points:
        return Text()
    (first, low), (last, high) = points[0], points[-1]
    rows = curve_rows(points, SIDE - FRAME, CURVE_ROWS)
    ends = f"{short_number(first)} programs"
    axis = ends + f"{short_number(last)} (log)".rjust(SIDE - FRAME - len(ends))
    return Text("\n".join((f"{high:.5f}", *rows, f"{low:.5f}", axis)))


def _table(rows: list[tuple[str, str]]) -> RenderableType:
    table = Table.grid("name", "value", padding=(0, 2))
    for column in table.columns:
        column.no_wrap = True
    for name, value in rows:
        table.add_row(name, value)
    return table
