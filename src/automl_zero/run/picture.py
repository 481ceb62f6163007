"""The picture of a run: its best algorithm as code beside the fitness curve and the figures, from 80 columns on."""

from __future__ import annotations

from statistics import median

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from automl_zero.program.text import from_text
from automl_zero.run.chart import curve_rows
from automl_zero.run.events import Selection
from automl_zero.run.progress import Progress
from automl_zero.run.reading import short_text

SIDE, CURVE_ROWS, FRAME = 34, 5, 4  # columns beside the code; rows of the curve; columns or rows of a panel's frame
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def draw(progress: Progress, height: int) -> RenderableType:
    """The picture for a screen of that many rows; it takes all columns there are."""
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1)
    grid.add_column(width=SIDE)
    code = Syntax(
        "\n".join(code_lines(progress, height - FRAME)), "python", theme="ansi_dark", background_color="default"
    )
    side = Group(_curve(progress), _table(figures(progress)))
    grid.add_row(Panel(code, title=code_title(progress), title_align="left"), Panel(side, title="fitness, programs"))
    return Group(Text(headline(progress), no_wrap=True, overflow="ellipsis"), grid)


def headline(progress: Progress) -> str:
    """Which run this is, and what it does at the moment."""
    experiment = progress.improvement.experiment + 1 if progress.improvement else 1
    doing = "scoring the result" if isinstance(progress.last, Selection) or progress.final else "searching"
    return f"{progress.config.name}, seed {progress.config.seed}, experiment {experiment}: {doing}"


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


def figures(progress: Progress) -> list[tuple[str, str]]:
    """(name, value) of everything that is not drawn."""
    shares, left = progress.shares, progress.seconds_left
    rows = [
        ("programs", short_number(progress.spent.programs)),
        ("per second", short_number(progress.recent_speed)),
        ("evaluated", f"{shares['evaluated']:.1%}"),
        ("same code", f"{shares['cache_hits']:.1%}"),
        ("same behaviour", f"{shares['fingerprint_hits']:.1%}"),
        ("refused", f"{shares['over_cost'] + shares['cannot_learn']:.1%}"),  # too costly, or unable to learn
        ("below hurdle", f"{shares['below_hurdle']:.1%}"),
        ("pruned code", f"{shares['pruned']:.1%}"),
        ("islands", islands(progress)),
        ("best on select", f"{progress.selection.select_fitness:.5f}" if progress.selection else "-"),
        ("time", clock(progress.seconds)),
    ]
    return rows if left is None else [*rows, ("time left", clock(left))]


def islands(progress: Progress) -> str:
    """The best fitness of each island if there is room, else of the best, the middle and the worst one."""
    values = sorted(progress.epoch.island_fitness if progress.epoch else (), reverse=True)
    shown = values if len(values) <= 3 else [values[0], median(values), values[-1]]
    return " ".join(f"{value:.2f}" for value in shown)


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short_number(value: float) -> str:
    """Three digits and a unit, such as 1.24M."""
    size, unit = next(((size, unit) for size, unit in UNITS if value >= 0.9995 * size), (1.0, ""))
    return f"{value / size:.3g}{unit}" if unit else f"{value:.0f}"


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
