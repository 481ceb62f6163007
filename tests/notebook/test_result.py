"""The result of a run as HTML."""

from __future__ import annotations

from support.runs.small_config import small_config

from automl_zero.notebook.html_view import view_html
from automl_zero.notebook.result import result_of
from automl_zero.run.console.progress import Progress
from automl_zero.run.run import Run

HOSTILE = "<script>alert(1)</script>"


def test_names_are_escaped() -> None:
    config = small_config().model_copy(update={"name": HOSTILE})
    pages = [view_html(Progress(config)), result_of(config, list(Run(config).iter_events()))._repr_html_()]
    assert all("<script>" not in page and "&lt;script&gt;" in page for page in pages)
