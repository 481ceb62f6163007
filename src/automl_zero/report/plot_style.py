"""Colors and style of all figures, and their SVG form, which is equal for equal figures."""

from __future__ import annotations

import io
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette, which the color-blind can distinguish
COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
)
STYLE: Any = {
    "svg.fonttype": "path",
    "svg.hashsalt": "automl-zero",  # so that equal figures are equal files
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
WIDTH = 8.2  # inches


def new_figure(height: float) -> tuple[Figure, Axes]:
    """Return a figure of that height in inches with empty axes; draw on them within ``rc_context(STYLE)``."""
    figure = empty_figure(WIDTH, height)
    return figure, figure.add_subplot()


def empty_figure(width: float, height: float) -> Figure:
    """Return a figure of that size in inches without axes."""
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def svg(figure: Figure) -> str:
    """Return a figure as an SVG element for a page; black is replaced by the text color of the page."""
    file = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :].replace("#000000", "currentColor")
