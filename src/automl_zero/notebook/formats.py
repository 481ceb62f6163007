"""HTML formatters that display programs as code and figures as pictures in IPython; the objects stay plain data."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType
from typing import Any

from automl_zero.notebook.html_view import program_html
from automl_zero.program.program import Program
from automl_zero.program.text import to_text


class Figures(dict[str, Any]):
    """The figures of a run as data, by name."""

    def _repr_html_(self) -> str:
        return "".join(f"<h4>{escape(name)}</h4>{figure_html(data)}" for name, data in self.items())


def figure_html(data: Any) -> str:
    """Draw a figure of ``automl_zero.report`` as HTML, on a white background, since its text is dark."""
    from automl_zero.report.figures import drawn
    from automl_zero.report.plot_style import svg

    return f'<div style="background:#fff;color:#1d2433;max-width:60rem">{svg(drawn(data))}</div>'


def _program_html(program: Program) -> str:
    return program_html(to_text(program))


# By module and class name, so that no module is imported before an object of it is displayed.
FORMATTERS: Mapping[tuple[str, str], Callable[[Any], str]] = MappingProxyType(
    {
        ("automl_zero.program.program", "Program"): _program_html,
        ("automl_zero.report.run_figures", "Chart"): figure_html,
        ("automl_zero.report.scores_figure", "ScoresFigure"): figure_html,
        ("automl_zero.report.map_figure", "IslandMap"): figure_html,
        ("automl_zero.report.ablation_figure", "AblationFigure"): figure_html,
        ("automl_zero.report.progress_figure", "ProgressFigure"): figure_html,
    }
)


def ipython_shell() -> Any:
    """Return the running IPython shell, as in notebooks; None elsewhere."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def register_formatters() -> None:
    """Register the formatters with IPython, if it is running."""
    if (shell := ipython_shell()) is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        for (module, name), show in FORMATTERS.items():
            formatter.for_type_by_name(module, name, show)
