"""How IPython shows programs and figures: as code and as pictures. Objects stay plain data, and know nothing of it."""

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
    """Figures of a run as data, by their names."""

    def _repr_html_(self) -> str:
        return "".join(f"<h4>{escape(name)}</h4>{figure_html(data)}" for name, data in self.items())


def figure_html(data: Any) -> str:
    """A figure of ``automl_zero.report``, drawn; it has a ground of its own, since its text is dark."""
    from automl_zero.report.figures import drawn
    from automl_zero.report.plot_style import svg

    return f'<div style="background:#fff;color:#1d2433;max-width:60rem">{svg(drawn(data))}</div>'


def _shown_program(program: Program) -> str:
    return program_html(to_text(program))


# By module and name, so that nothing is imported before it is shown.
TYPES: Mapping[tuple[str, str], Callable[[Any], str]] = MappingProxyType(
    {
        ("automl_zero.program.program", "Program"): _shown_program,
        ("automl_zero.report.run_figures", "Chart"): figure_html,
        ("automl_zero.report.scores_figure", "Scores"): figure_html,
        ("automl_zero.report.map_figure", "IslandMap"): figure_html,
        ("automl_zero.report.ablation_figure", "Knockouts"): figure_html,
        ("automl_zero.report.progress_figure", "ProgressFigure"): figure_html,
    }
)


def ipython_shell() -> Any:
    """The shell of IPython that this is, which notebooks have, too; None elsewhere."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def offer() -> None:
    """Tell IPython how, if this is a shell of it."""
    if (shell := ipython_shell()) is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        for (module, name), show in TYPES.items():
            formatter.for_type_by_name(module, name, show)
