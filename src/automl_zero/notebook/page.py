"""What a notebook shows of a run, as HTML; whatever comes from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from automl_zero.run.fates import shares
from automl_zero.run.progress import Progress
from automl_zero.run.wording import short_number

WIDTH, HEIGHT = 320, 100  # of the curve, in pixels


def view_html(progress: Progress) -> str:
    """The name of a run, its figures, its curve and its best program so far."""
    counters = progress.epoch.counters if progress.epoch else {}
    fates = ", ".join(f"{label} {share:.0%}" for label, share in shares(counters, progress.config).items())
    speed = f"{short_number(progress.recent_speed)} programs/s"
    best = f"best fitness {progress.improvement.fitness:.5f}" if progress.improvement else "no program yet"
    figures = f"<p>{escape(f'{best}, {speed}')}</p><p>{escape(fates)}</p>"
    name = escape(f"{progress.config.name}, seed {progress.config.seed}")
    return f"<div><b>{name}</b>{figures}{curve_svg(progress.curve)}{program_html(progress.best_program or '')}</div>"


def program_html(text: str) -> str:
    """A program with the headers of its functions bold."""
    lines = (f"<b>{escape(line)}</b>" if line.startswith("def ") else escape(line) for line in text.splitlines())
    return f"<pre>{chr(10).join(lines)}</pre>"


def curve_svg(points: Sequence[tuple[int, float]]) -> str:
    """The best fitness, from 0 to 1, against programs, as steps."""
    most = max([1, *(programs for programs, _ in points)])
    path: list[str] = []
    before: float | None = None
    for programs, fitness in points:
        x, y = programs / most * WIDTH, (1 - min(max(fitness, 0.0), 1.0)) * HEIGHT
        path += [f"{x:.1f},{before:.1f}"] if before is not None else []
        path.append(f"{x:.1f},{y:.1f}")
        before = y
    line = f'<polyline fill="none" stroke="#0072b2" stroke-width="2" points="{" ".join(path)}"/>'
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="best fitness">{line}</svg>'
