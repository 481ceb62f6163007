"""The command ``tune``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.program.text import from_text, to_text

COUPLED = """def Setup():
  v3 = gaussian(0.0, 1.0, n_features)
def Predict():
  s1 = dot(v1, v0)
def Learn():
  s3 = s0 - s1
  s4 = norm(v3)
  s3 = s4 * s3
  v2 = s3 * v0
  v1 = v1 + v2
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_file(tmp_path)
    return tmp_path


def tune(*arguments: object, program: str = "linear_regression", trials: int = 8) -> Result:
    options = [program, "--suite", "small.toml", "--trials", trials, "--workers", 1, *arguments]
    return CliRunner().invoke(main, ["tune", *map(str, options)])


def test_a_program_is_tuned_judged_and_written(folder: Path) -> None:
    result = tune("--out", "tuned.txt")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["line", "constant", "before", "after"]
    assert lines[1].startswith("setup 1  value     0.01")
    assert "on the select tasks, after 8 trials: 0." in result.stdout
    assert lines[-1] == "written to tuned.txt"
    written = (folder / "tuned.txt").read_text()
    assert written in result.stdout
    assert to_text(from_text(written)) == written


def test_json_has_the_program_the_trials_and_the_final_score() -> None:
    once, again = (tune("--json", "--seed", 3) for _ in range(2))
    assert once.stdout == again.stdout
    found = json.loads(once.stdout)
    assert len(found["trials"]) == 8
    assert found["trials"][0]["values"] == [0.01]
    assert found["constants"][0]["line"] == ["setup", 0]
    assert set(found["final"]) == {"before", "after", "difference"}
    from_text(found["program"])


def test_an_expression_gives_way_to_a_constant(folder: Path) -> None:
    (folder / "coupled.txt").write_text(COUPLED)
    result = tune("--decouple", program="coupled.txt", trials=30)
    assert result.stdout.splitlines()[1].startswith("s3 = s4 * s3  s4   0.")
    assert result.stdout.splitlines()[1].endswith("  kept")
    assert "norm" not in result.stdout
    plain = json.loads(tune("--decouple", "--json", program="coupled.txt").stdout)
    assert [each["scalar"] for each in plain["replacements"]] == ["s4"]


def test_without_anything_to_decouple_it_is_only_tuned() -> None:
    assert tune("--decouple").stdout.splitlines()[0].split() == ["line", "constant", "before", "after"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "small.toml"], "small.toml exists and is not overwritten"),
        (["--out", "no/where.txt"], "there is no folder no: make it first"),
        (["--set", "tasks.num_features=0"], "tasks.num_features"),
    ],
)
def test_what_is_not_possible_is_refused_before_the_work(arguments: list[str], message: str) -> None:
    result = tune(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_of_a_run_the_tasks_are_its_own_unless_others_are_named() -> None:
    CliRunner().invoke(main, ["run", "small.toml", "--out", "run", "--quiet", "--workers", "1"])
    command = ["tune", "run", "--trials", "3", "--workers", "1"]
    own, same = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--tasks", "small.toml"]))
    assert own.exit_code == 0
    assert own.stdout == same.stdout
    assert CliRunner().invoke(main, [*command, "--tasks", "digits"]).stdout != own.stdout


def test_without_tasks_a_program_that_no_run_found_is_refused() -> None:
    result = CliRunner().invoke(main, ["tune", "linear_regression"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "on which tasks? linear_regression is not a run, whose tasks could be used: give --suite NAME" in result.stderr
    )


def test_a_program_that_is_not_there_is_refused() -> None:
    result = tune(program="nonsense")
    assert result.exit_code == 2
    assert "no library program, file or run folder 'nonsense'" in result.stderr
