"""Interactive figures: the data of the static figures, as plain traces and layouts for plotly.js.

Everything that comes from a run is escaped, since plotly.js interprets HTML tags in texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from textwrap import fill
from typing import Any

from matplotlib import colormaps
from matplotlib.colors import to_hex

from automl_zero.config import ConfigError
from automl_zero.report.ablation_figure import CERTAIN, NAME_WIDTH, TICKS, UNCERTAIN, AblationFigure
from automl_zero.report.figures import Data
from automl_zero.report.map_figure import MAX_ARROWS, IslandMap, Takeover
from automl_zero.report.plot_style import COLORS
from automl_zero.report.run_figures import Chart, Curve
from automl_zero.report.scores_figure import STAGE_COLORS, STAGE_GAP, Interval, ScoresFigure
from automl_zero.tasks.splits import Stage

MAX_LINES = 36  # lines of code in the hover text of a point
ROW, FRAME, HEIGHT = 38, 110, 400  # heights in pixels: of a row, of what surrounds the rows, and of a figure of curves

Plain = dict[str, Any]


def library() -> str:
    """Return the source of plotly.js.

    Raises:
        ConfigError: plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise ConfigError(
            "--interactive needs Plotly, which is not installed: pip install 'automl-zero[interactive]'"
        ) from None
    return str(get_plotlyjs())


def plotted(data: Data, notes: Sequence[str] = ()) -> Plain:
    """Return a figure for plotly.js: ``data``, its traces, and ``layout``; ``notes`` are hover texts of marks."""
    match data:
        case Chart():
            return _plot_chart(data, notes)
        case ScoresFigure():
            return _plot_scores(data)
        case IslandMap():
            return _plot_map(data)
        case AblationFigure():
            return _plot_ablation(data)


def symlog(value: float) -> float:
    """Return the position on the symmetric-log axis of an ablation: linear within [-1, 1], logarithmic outside."""
    return value if abs(value) <= 1 else math.copysign(1 + math.log10(abs(value)), value)


def _plot_chart(chart: Chart, notes: Sequence[str]) -> Plain:
    curves = [curve for curve in chart.curves if curve.points]
    texts = _mark_texts(chart, notes)
    at = dict(zip(chart.marks, texts, strict=True))
    traces = [_curve(chart, curve, COLORS[number % len(COLORS)], at) for number, curve in enumerate(curves)]
    places = [x for curve in curves for x, _ in curve.points]
    for number, (name, level) in enumerate(chart.levels, 1):
        ends = [min(places), max(places)] if places else [0, 1]
        line = {"color": COLORS[number % len(COLORS)], "dash": "dash", "width": 1}
        lines = _lines(f"{name}: {_number(level)}", ends, [level] * 2, line, [])
        traces.append(lines | {"hoverinfo": "skip"})  # else its ends would cover the hover text of a milestone there
    if chart.marks:
        traces.append(_marks(chart, texts))
    x = {"title": {"text": _text(chart.x)}, "type": "log" if chart.log_x else "linear"}
    return {"data": traces, "layout": _layout(x, {"title": {"text": _text(chart.y)}}, HEIGHT)}


def _curve(chart: Chart, curve: Curve, color: str, at_marks: Mapping[tuple[float, float], str]) -> Plain:
    """Return the trace of a curve; at a mark, it has the mark's hover text, as the mouse may hit either."""
    texts = [at_marks.get((x, y), f"{_text(curve.name)}: {_number(y)}{_place(chart, x)}") for x, y in curve.points]
    line = {"color": color, "width": 1.8, "shape": "hv" if chart.steps else "linear"}
    x, y = (list(each) for each in zip(*curve.points, strict=True))
    return _lines(curve.name, x, y, line, texts)


def _lines(name: str, x: Sequence[float], y: Sequence[float], line: Plain, texts: Sequence[str]) -> Plain:
    trace = {"type": "scatter", "mode": "lines", "name": _text(name), "x": list(x), "y": list(y), "line": line}
    return trace | {"hoverinfo": "text", "hovertext": list(texts)}


def _mark_texts(chart: Chart, notes: Sequence[str]) -> list[str]:
    return [
        f"{number}: {_number(y)}{_place(chart, x)}{_code(note)}"
        for number, ((x, y), note) in enumerate(zip(chart.marks, notes or [""] * len(chart.marks), strict=True), 1)
    ]


def _marks(chart: Chart, texts: Sequence[str]) -> Plain:
    x, y = (list(each) for each in zip(*chart.marks, strict=True))
    numbers = [str(number) for number in range(1, len(x) + 1)]
    return _points("milestones", x, y, COLORS[0], texts) | {
        "mode": "markers+text", "text": numbers, "textposition": "top center",
    }  # fmt: skip


def _place(chart: Chart, x: float) -> str:
    return f"<br>{_text(chart.x)}: {x:,.0f}"


def _points(name: str, x: Sequence[float], y: Sequence[float], color: str, texts: Sequence[str]) -> Plain:
    marker = {"color": color, "size": 8}
    trace = {"type": "scatter", "mode": "markers", "name": name, "x": list(x), "y": list(y), "marker": marker}
    return trace | {"hoverinfo": "text", "hovertext": list(texts)}


def _code(note: str) -> str:
    lines = note.splitlines()
    shown = [*lines[:MAX_LINES], *(["..."] if len(lines) > MAX_LINES else [])]
    return "".join(f"<br>{_text(line)}" for line in ("", *shown)) if shown else ""


def _plot_scores(scores: ScoresFigure) -> Plain:
    traces = [_stage(scores.of_stage(stage), stage, STAGE_GAP * (number - 1)) for number, stage in enumerate(Stage)]
    names = [f"<b>{_text(name)}</b>" if not row else _text(name) for row, name in enumerate(scores.names)]
    layout = _layout({"title": {"text": _text(scores.label)}}, _rows(names), FRAME + 2 * ROW * len(names))
    return {"data": traces, "layout": layout}


def _stage(rows: Sequence[Interval], stage: Stage, shift: float) -> Plain:
    texts = [f"{_text(row.name)}, {stage.value}: {row.mean:.4f} ({row.low:.4f} to {row.high:.4f})" for row in rows]
    places = [row + shift for row in range(len(rows))]
    trace = _points(stage.value, [row.mean for row in rows], places, STAGE_COLORS[stage], texts)
    return trace | {"error_x": _reach([(row.low, row.mean, row.high) for row in rows])}


def _reach(intervals: Sequence[tuple[float, float, float]]) -> Plain:
    """Return the error bars of intervals (low, value, high)."""
    above = [max(high - value, 0.0) for _, value, high in intervals]
    below = [max(value - low, 0.0) for low, value, _ in intervals]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.2, "width": 3}


def _plot_map(data: IslandMap) -> Plain:
    columns = {epoch: column for column, epoch in enumerate(data.epochs)}
    cells = [
        [f"island {island}, epoch {epoch}: {_number(value)}" for epoch, value in zip(data.epochs, row, strict=True)]
        for island, row in enumerate(data.fitness)
    ]
    heat = {
        "type": "heatmap", "z": [list(row) for row in data.fitness], "hoverinfo": "text", "hovertext": cells,
        "colorscale": list(_scale(data.levels)), "colorbar": {"title": {"text": "best fitness", "side": "right"}},
    }  # fmt: skip
    moved = [
        f"epoch {each.epoch}: the best of island {each.island} comes from island {each.source}"
        for each in data.takeovers
    ]
    places = [columns[each.epoch] for each in data.takeovers], [each.island for each in data.takeovers]
    taken = _points("take-overs", *places, COLORS[1], moved)
    few = len(data.fitness) <= MAX_ARROWS
    every = max(1, len(columns) // 8)
    x = {"title": {"text": "epoch"}, **_ticks(list(columns.values())[::every], map(str, data.epochs[::every]))}
    y = {"title": {"text": "island"}, "autorange": "reversed"} | ({"dtick": 1} if few else {})
    layout = _layout(x, y, min(FRAME + ROW * len(data.fitness), 600)) | {"showlegend": False}
    arrows = [_arrow(columns[each.epoch], each) for each in data.takeovers if few]
    return {"data": [heat, *([taken] if moved else [])], "layout": layout | {"annotations": arrows}}


def _scale(levels: Sequence[float]) -> Iterator[list[Any]]:
    """Yield a color scale with one color between each two levels, positions as fractions of the range."""
    count, reach = len(levels) - 1, levels[-1] - levels[0]
    if count < 1:
        yield from ([share, to_hex(colormaps["viridis"](0.5))] for share in (0, 1))
    for number in range(count):
        color = to_hex(colormaps["viridis"](number / max(count - 1, 1)))
        yield from ([(level - levels[0]) / reach, color] for level in levels[number : number + 2])


def _arrow(column: int, each: Takeover) -> Plain:
    ends = {"x": column, "y": each.island, "ax": column, "ay": each.source, "xref": "x", "yref": "y"}
    return ends | {"axref": "x", "ayref": "y", "text": "", "arrowcolor": COLORS[1], "arrowhead": 2, "arrowwidth": 1.2}


def _plot_ablation(data: AblationFigure) -> Plain:
    points = [
        [100 * each for each in (row.difference.low, row.difference.value, row.difference.high)] for row in data.effects
    ]
    names = ["<br>".join(map(_text, fill(each.name, NAME_WIDTH).splitlines())) for each in data.effects]
    texts = [
        f"{_text(each.name)}: {value:+.2f} points ({low:+.2f} to {high:+.2f})<br>{_text(each.note)}"
        for each, (low, value, high) in zip(data.effects, points, strict=True)
    ]
    ends = [(symlog(low), symlog(value), symlog(high)) for low, value, high in points]
    bars = {
        "type": "bar", "orientation": "h", "x": [value for _, value, _ in ends], "y": list(range(len(ends))),
        "marker": {"color": [CERTAIN if each.is_certain else UNCERTAIN for each in data.effects]},
        "error_x": _reach(ends), "hoverinfo": "text", "hovertext": texts, "showlegend": False,
    }  # fmt: skip
    title = {"text": "change of the fitness, in points, with its 95 % interval"}
    x = {"title": title, **_ticks([symlog(tick) for tick in TICKS], map(str, TICKS))}
    return {"data": [bars], "layout": _layout(x, _rows(names), FRAME + ROW * len(names))}


def _rows(names: Sequence[str]) -> Plain:
    """Return an axis of names, the first on top."""
    return {"autorange": "reversed", "zeroline": False, **_ticks(range(len(names)), names)}


def _ticks(places: Sequence[float], texts: Iterator[str] | Sequence[str]) -> Plain:
    return {"tickangle": 0, "tickmode": "array", "tickvals": list(places), "ticktext": list(texts)}


def _layout(x: Plain, y: Plain, height: int) -> Plain:
    """Return a layout without colors of text and lines: the page sets them by its theme."""
    return {
        "xaxis": {"automargin": True, **x},
        "yaxis": {"automargin": True, **y},
        "height": height,
        "margin": {"l": 60, "r": 20, "t": 30, "b": 50},
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "font": {"family": "ui-monospace, monospace", "size": 11}, "namelength": -1},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }


def _number(value: float) -> str:
    """Format a fitness or a count."""
    return f"{value:,.0f}" if value.is_integer() else f"{value:.4f}"


def _text(words: str) -> str:
    return escape(words, quote=False)
