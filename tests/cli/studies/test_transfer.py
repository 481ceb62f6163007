"""The command ``transfer``: what it prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.program.text import from_text
from automl_zero.run.scoring import score_cache


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(score_cache, "cache_root", lambda: tmp_path / "cache")
    small_file(tmp_path)


def transfer(*arguments: object) -> Result:
    options = ["linear_regression", "--suite", "small.toml", "--trials", 3, "--workers", 1, *arguments]
    return CliRunner().invoke(main, ["transfer", *map(str, options)])


def test_a_row_shows_for_each_target_which_is_best() -> None:
    result = transfer("--features", 3, "--features", 5)
    assert result.exit_code == 0
    first, second = (line.split() for line in result.stdout.splitlines()[1:3])
    assert (first[:3], second[:3]) == (["small", "3", "20"], ["small", "5", "20"])
    assert result.stdout.count("ridge regression 1.0000 ± 0.0000 > ") == 2
    assert result.stdout.endswith("is the best on 0 of 2\n")


def test_json_has_the_scores_and_the_program_with_the_constants_of_the_place() -> None:
    (place,) = json.loads(transfer("--examples", 30, "--json").stdout)["places"]
    assert (place["suite"], place["features"], place["examples"]) == ("small", 4, 30)
    assert place["scores"][0]["name"] == "ridge regression"
    assert place["program_is_best"] is False
    from_text(place["tuned"])


def test_a_suite_that_is_not_there_is_refused() -> None:
    result = transfer("--suite", "nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no suite 'nonsense'" in result.stderr
