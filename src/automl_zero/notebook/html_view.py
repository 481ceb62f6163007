"""HTML of a run for notebooks, readable on light and dark backgrounds; all text of the run is escaped."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from html import escape

from automl_zero.run.console.formatting import clock, short_number
from automl_zero.run.console.live_view import changes_of, code_title, headline, lines_of
from automl_zero.run.console.outcomes import shares
from automl_zero.run.console.progress import Progress

WIDTH, HEIGHT, LEFT, LINE = 360, 120, 52, 14  # pixels of the plot, of its left margin, and of a line of labels
BLUE, NEW = "#2f7fc1", "#0f8a5f"


def view_html(progress: Progress) -> str:
    """Return name, status, curve and best program of a run as HTML, with new lines marked; at the end, its result."""
    counters = progress.epoch.counters if progress.epoch else {}
    outcomes = ", ".join(f"{label} {share:.0%}" for label, share in shares(counters, progress.config).items())
    title, code = _code(progress)
    texts = [", ".join(_status(progress)), outcomes, title]
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in texts)
    return f"<div><b>{escape(_title(progress))}</b>{curve_svg(progress.curve)}{paragraphs}{code}</div>"


def _title(progress: Progress) -> str:
    if progress.stop:
        return f"{progress.config.name}, seed {progress.config.seed}: ended by {progress.stop.reason}"
    return headline(progress)


def _code(progress: Progress) -> tuple[str, str]:
    """Return the title and the HTML of the program to show."""
    if progress.final:
        return "the result", program_html(progress.final.pruned)
    return code_title(progress), code_html(lines_of(progress, progress.improvement), changes_of(progress)[0])


def _status(progress: Progress) -> list[str]:
    programs, speed = short_number(progress.spent.programs), short_number(progress.recent_speed)
    limit = progress.first_limit if not progress.stop else None
    left = [f"{clock(limit[1])} left"] if limit else []
    return [f"{programs} programs", f"{speed} programs/s", clock(progress.seconds), *left]


def program_html(text: str) -> str:
    """Return a program as HTML, with the headers of its functions bold."""
    return code_html(text.splitlines())


def code_html(lines: Sequence[str], new: Collection[int] = ()) -> str:
    """Return lines of a program as HTML; the numbers ``new`` are those of lines to mark."""
    return f"<pre>{chr(10).join(_line(line, number in new) for number, line in enumerate(lines))}</pre>"


def _line(line: str, is_new: bool) -> str:
    if line.startswith("def "):
        return f"<b>{escape(line)}</b>"
    return f'<span style="color:{NEW};font-weight:bold">+{escape(line[1:])}</span>' if is_new else escape(line)


def curve_svg(points: Sequence[tuple[int, float]]) -> str:
    """Return the best fitness against programs (log scale) as an SVG step curve; empty without points."""
    if not points:
        return ""
    (first, low), (last, high) = points[0], points[-1]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in curve_path(points))
    labels = (
        (LEFT - 4, LINE, "end", f"{high:.4f}"), (LEFT - 4, HEIGHT - LINE, "end", f"{low:.4f}" if low < high else ""),
        (LEFT, HEIGHT - 2, "start", f"{short_number(first)} programs"),
        (WIDTH - 2, HEIGHT - 2, "end", f"{short_number(last)} (log)"),
    )  # fmt: skip
    texts = "".join(f'<text x="{x}" y="{y}" text-anchor="{end}">{text}</text>' for x, y, end, text in labels)
    description = f"best fitness {high:.4f} after {last} programs"
    line = f'<polyline fill="none" stroke="{BLUE}" stroke-width="2" points="{path}"/>'
    look = 'fill="currentColor" font-size="11" style="display:block"'
    return f'<svg width="{WIDTH}" height="{HEIGHT}" {look} role="img" aria-label="{description}">{line}{texts}</svg>'


def curve_path(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Return the corners of a step curve in pixels, scaled to the plot."""
    logs = [math.log(max(programs, 1)) for programs, _ in points]
    values = [fitness for _, fitness in points]
    wide, high = logs[-1] - logs[0] or 1.0, max(values) - min(values) or 1.0
    xs = [LEFT + (each - logs[0]) / wide * (WIDTH - LEFT - 2) for each in logs]
    ys = [2 + (max(values) - each) / high * (HEIGHT - 2 * LINE - 2) for each in values]
    steps = [(xs[0], ys[0])]
    for x, before, y in zip(xs[1:], ys, ys[1:], strict=False):
        steps += [(x, before), (x, y)]
    return steps
