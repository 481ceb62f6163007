from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.runs.small_config import small_config
from typer.testing import CliRunner

from automl_zero.cli import main
from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.run.record.events import Final
from automl_zero.run.record.run_folder import RunFolder
from automl_zero.run.run import Run

LINEAR = to_text(library_program("linear_regression"))
TITLE = "Contribution of each part"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = small_config()
    store = RunFolder.create(tmp_path / "run", config)
    for event in Run(config).iter_events():
        store.record(replace(event, program=LINEAR) if isinstance(event, Final) else event)
    return tmp_path / "run"


def invoke(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["report", *map(str, arguments)])
    return result.exit_code, result.output


def test_a_run_gets_its_page_in_its_folder_as_often_as_asked(folder: Path) -> None:
    for _ in range(2):
        assert invoke(folder) == (0, f"wrote {folder / 'report.html'}\n")
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_a_page_elsewhere_overwrites_nothing(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.html"
    assert invoke(folder, "--out", target)[0] == 0
    assert not (folder / "report.html").exists()
    code, output = invoke(folder, "--out", target)
    assert code == 2
    assert f"{target} exists and is not overwritten: choose another name or delete it" in output


def test_the_page_in_the_folder_of_the_run_is_replaced_even_if_it_is_named(folder: Path) -> None:
    for _ in range(2):
        assert invoke(folder, "--out", folder / "report.html")[0] == 0
    assert invoke(folder, "--out", folder / "config.toml")[0] == 2


def test_figures_are_written_too(folder: Path, tmp_path: Path) -> None:
    code, output = invoke(folder, "--figures", tmp_path / "figures")
    assert code == 0
    assert f"wrote {tmp_path / 'figures' / 'course.svg'}\n" in output
    assert (tmp_path / "figures" / "islands.png").exists()


def test_an_ablation_is_done_kept_and_shown_on_every_later_page(folder: Path, tmp_path: Path) -> None:
    assert invoke(folder)[0] == 0
    assert TITLE not in (folder / "report.html").read_text()
    code, output = invoke(folder, "--ablate", "--figures", tmp_path / "figures")
    assert code == 0
    assert "parts are removed, with 20 trials on each of 3 seeds: about " in output
    assert f"wrote {folder / 'ablation.json'}\n" in output
    assert (tmp_path / "figures" / "ablation.svg").exists()
    assert invoke(folder)[0] == 0
    assert TITLE in (folder / "report.html").read_text()


def test_a_run_without_a_result_has_nothing_to_take_apart(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", small_config())
    code, output = invoke(tmp_path / "run", "--ablate")
    assert code == 2
    assert "has no final program yet: let it end" in output
    assert not (tmp_path / "run" / "ablation.json").exists()


def test_an_interactive_page_has_the_library_in_itself_and_is_asked_for_each_time(folder: Path) -> None:
    assert invoke(folder, "--interactive") == (0, f"wrote {folder / 'report.html'}\n")
    assert "plotly.js" in (folder / "report.html").read_text()
    assert invoke(folder)[0] == 0
    assert "plotly.js" not in (folder / "report.html").read_text()


def test_without_plotly_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    code, output = invoke(folder, "--interactive", "--ablate")
    assert code == 2
    assert "--interactive needs Plotly" in output
    assert not (folder / "ablation.json").exists()


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    code, output = invoke(tmp_path)
    assert code == 2
    assert "is not a run folder" in output
