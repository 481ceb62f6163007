"""Programs and figures are shown as such by IPython, and by nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from support.runs.small_config import small_config, small_file

from automl_zero.notebook.formats import FORMATTERS, figure_html, register_formatters
from automl_zero.notebook.result import result_of
from automl_zero.program.library import library_program
from automl_zero.report.figures import pictures_of
from automl_zero.report.run_history import RunHistory
from automl_zero.run.run import Run


class FakeShell:
    """As IPython's."""

    def __init__(self) -> None:
        self.display_formatter: Any = self
        self.formatters = {"text/html": self}
        self.known: dict[tuple[str, str], Any] = {}

    def get_ipython(self) -> FakeShell:
        return self

    def for_type_by_name(self, module: str, name: str, function: Any) -> None:
        self.known[module, name] = function


def test_formatters_are_registered_for_classes_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = FakeShell()
    monkeypatch.setitem(sys.modules, "IPython", shell)
    register_formatters()
    assert shell.known == FORMATTERS
    for module, name in FORMATTERS:
        assert isinstance(getattr(import_module(module), name), type)
    program = shell.known["automl_zero.program.program", "Program"](library_program("linear_regression"))
    assert "<b>def Predict():</b>\n  s1 = dot(v1, v0)" in program


def test_without_a_shell_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    register_formatters()


def test_every_figure_of_a_result_has_a_class_that_is_shown() -> None:
    config = small_config()
    events = list(Run(config).iter_events())
    figures = result_of(config, events).figures
    history = RunHistory(config)
    for event in events:
        history.update(event)
    assert figures == pictures_of(history)
    assert {(type(each).__module__, type(each).__name__) for each in figures.values()} <= set(FORMATTERS)
    assert figure_html(figures["course"]) in figures._repr_html_()


def test_ipython_displays_html(tmp_path: Path) -> None:
    code = f"""if True:
        from IPython.core.interactiveshell import InteractiveShell
        from automl_zero import Search
        shell = InteractiveShell.instance()
        found = Search({str(small_file(tmp_path))!r}).run()
        print(shell.display_formatter.format(found)[0]["text/html"])"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "<svg" in done.stdout
