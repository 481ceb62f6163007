"""The live view of a run: its best program as code next to the fitness curve and the figures; it fits the screen.

A low screen shows no lines of text above; a narrow one shows neither these nor the curve.
"""

from __future__ import annotations

from statistics import median
from textwrap import wrap

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from automl_zero.program.annotate import short_text
from automl_zero.program.text import from_text
from automl_zero.run.console.cost_line import cost_line
from automl_zero.run.console.formatting import clock, short_number
from automl_zero.run.console.highlight import changes, marked
from automl_zero.run.console.progress import Progress
from automl_zero.run.console.text_chart import curve_rows
from automl_zero.run.record.events import Improvement, Scoring, Selection, Start

SIDE, CURVE_ROWS, FRAME = 34, 5, 4  # columns next to the code; rows of the curve; columns or rows of a panel's frame
WIDTH = 80  # columns that lines of text are wrapped to
LOW, NARROW = 20, 72  # rows and columns below which not everything is shown
AXES = 3  # rows of the curve's panel that are neither curve nor figures


def draw(progress: Progress, height: int, waited: float = 0.0, width: int = WIDTH) -> RenderableType:
    """Draw the view for a screen of this size, ``waited`` seconds after the latest event."""
    is_narrow = width < NARROW
    top = [headline(progress, waited), *(lines(progress) if height >= LOW and not is_narrow else [])]
    if is_narrow:
        top += wrap(", ".join(" ".join(each) for each in figures(progress, waited)), width)
    rows = height - FRAME - len(top) + 1  # within a panel; the last row of the screen is for a note
    code = _code(progress, max(rows, 1))
    body = code if is_narrow else _two_columns(code, _side(progress, rows, waited))
    return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in top), body)


def _two_columns(code: RenderableType, side: RenderableType) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(width=SIDE)
    grid.add_row(code, side)
    return grid


def _code(progress: Progress, rows: int) -> RenderableType:
    code = Text("\n", no_wrap=True, overflow="ellipsis").join(code_lines(progress, rows))
    return Panel(
        code, title=code_title(progress), title_align="left", subtitle=diff_line(progress), subtitle_align="left"
    )


def _side(progress: Progress, rows: int, waited: float) -> RenderableType:
    found = figures(progress, waited)
    curve_height = min(CURVE_ROWS, rows - len(found) - AXES)
    curve = [_curve(progress, curve_height)] if curve_height > 0 else []
    return Panel(Group(*curve, _table(found[: max(rows, 1)])), title="fitness, programs")


def headline(progress: Progress, waited: float = 0.0) -> str:
    """Return the name and the seed of the run, and what it does at the moment."""
    return f"{progress.config.name}, seed {progress.config.seed}{_activity(progress, waited)}"


def _activity(progress: Progress, waited: float) -> str:
    number = progress.improvement.experiment + 1 if progress.improvement else 1
    match progress.last:
        case Start():
            return ": measuring the cost"
        case Scoring() as event:
            return f": {scoring_text(event)}, {clock(waited)}"
    is_scored = progress.final or isinstance(progress.last, Selection)
    return f", experiment {number}: {'scoring the result' if is_scored else 'searching'}"


def scoring_text(event: Scoring) -> str:
    """Return which baseline is tuned."""
    return f"tuning baseline {event.number} of {event.count}, {event.baseline}"


def lines(progress: Progress) -> list[str]:
    """Return the expected cost and the outcomes of programs as lines of text, as far as they are known."""
    expected = cost_line(progress.estimate, progress.config) if progress.estimate else ""
    return [*wrap(expected, WIDTH), *wrap(progress.outcomes if progress.epoch else "", WIDTH)]


def code_title(progress: Progress) -> str:
    """Return the title of the panel with the code."""
    fitness = f", fitness {progress.improvement.fitness:.5f}" if progress.improvement else ""
    return f"best algorithm so far{fitness}"


def code_lines(progress: Progress, most: int) -> list[Text]:
    """Return at most ``most`` lines of the pruned best program of the experiment; new lines are marked."""
    lines, (new, _) = lines_of(progress, progress.improvement), changes_of(progress)
    shown = [marked(line, number in new) for number, line in enumerate(lines)]
    if len(shown) <= most:
        return shown
    hidden = sum(number >= most - 1 for number in new)
    note = f"# {len(lines) - most + 1} more lines" + (f", {hidden} of them new" if hidden else "")
    return [*shown[: most - 1], marked(note, is_new=False)]


def diff_line(progress: Progress) -> str | None:
    """Return how many lines differ between the best program and the previous one; None for the first one."""
    new, gone = changes_of(progress)
    return f"lines: {len(new)} new, {gone} gone" if progress.before else None


def changes_of(progress: Progress) -> tuple[frozenset[int], int]:
    """Return which lines of the best program are new, and how many of the previous one are gone."""
    if progress.before is None:
        return frozenset(), 0
    return changes(lines_of(progress, progress.before), lines_of(progress, progress.improvement))


def lines_of(progress: Progress, improvement: Improvement | None) -> list[str]:
    """Return the lines of the pruned program of an improvement; none without one."""
    if improvement is None:
        return []
    return short_text(from_text(improvement.program), progress.config.tasks.num_classes > 2).splitlines()


def figures(progress: Progress, waited: float = 0.0) -> list[tuple[str, str]]:
    """Return (name, value) of each figure in the table."""
    rows = [
        ("programs", short_number(progress.spent.programs)),
        ("per second", short_number(progress.recent_speed)),
        islands(progress),
        ("best on select", f"{progress.selection.select_fitness:.5f}" if progress.selection else "-"),
        ("time", clock(progress.seconds + waited)),
        *cluster_figures(progress),
    ]
    if progress.first_limit is None:
        return rows
    name, left = progress.first_limit
    return [*rows, ("time left", clock(max(left - waited, 0.0))), ("until", _limit(progress, name))]


def _limit(progress: Progress, name: str) -> str:
    """Return a limit of the run with its unit."""
    value = getattr(progress.config.stop, name)
    return clock(value) if name == "max_seconds" else f"{short_number(value)} {name[4:].replace('_', ' ')}"


def cluster_figures(progress: Progress) -> list[tuple[str, str]]:
    """Return (name, value) of each figure of the cluster; none if the run does not use one."""
    if (cluster := progress.cluster) is None:
        return []
    return [
        ("nodes, processes", f"{cluster.nodes}, {cluster.workers}"),
        ("epochs per second", f"{progress.epochs_per_second:.3g}"),
        ("islands recovered", str(cluster.replays)),
    ]


def islands(progress: Progress) -> tuple[str, str]:
    """Return the best fitness of up to three islands, or of the best, the median and the worst island.

    Only islands with the tasks of the first one are included, since a fitness on other tasks is not comparable.
    """
    if progress.epoch is None:
        return "islands", ""
    values, count = sorted(progress.comparable_fitness, reverse=True), len(progress.epoch.island_fitness)
    shown = values if len(values) <= 3 else [values[0], median(values), values[-1]]
    name = "islands" if len(values) == count else f"{len(values)} of {count} islands"
    return name, " ".join(f"{value:.2f}" for value in shown)


def _curve(progress: Progress, height: int) -> RenderableType:
    points = progress.curve
    if not points:
        return Text()
    (first, low), (last, high) = points[0], points[-1]
    rows = curve_rows(points, SIDE - FRAME, height)
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
