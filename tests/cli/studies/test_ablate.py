"""The command ``ablate``: what it prints, draws and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.program.library import library_program
from automl_zero.program.text import to_text


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_file(tmp_path)
    return tmp_path


def ablate(*arguments: object, program: str = "linear_regression") -> Result:
    options = [program, "--suite", "small.toml", "--trials", 4, "--seeds", 2, "--workers", 1, *arguments]
    return CliRunner().invoke(main, ["ablate", *map(str, options)])


def test_every_line_is_knocked_out_and_drawn(folder: Path) -> None:
    result = ablate("--no-techniques", "--picture", "picture.png")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1].startswith("the whole program  ")
    assert {line.split(":")[0] for line in lines[2:8]} == {
        "setup 1",
        "predict 1",
        *(f"learn {n}" for n in (1, 2, 3, 4)),
    }
    assert lines[-2].endswith(
        "of 6 changes lower the fitness significantly (95 % interval); each was tuned like the whole program"
    )
    assert lines[-1] == "picture: picture.png"
    assert (folder / "picture.png").stat().st_size > 1000


def test_groups_of_lines_are_named_by_people_who_count_from_1() -> None:
    (found,) = json.loads(ablate("--group", "step=learn:3, learn:4", "--no-lines", "--no-techniques", "--json").stdout)[
        "effects"
    ]
    assert (found["name"], found["note"]) == ("step", "v2 = v0; without v1 = v1 + v2")
    assert found["difference"]["low"] <= found["difference"]["value"] <= found["difference"]["high"]


def test_variants_made_by_hand_are_judged_as_well() -> None:
    found = json.loads(ablate("--no-lines", "--json", program="logistic_regression").stdout)
    assert {each["name"] for each in found["effects"]} >= {"with bilinear", "with noisy inputs"}
    assert found["picture"] is None


def test_a_line_that_is_knocked_out_by_hand_already_is_not_reported_twice(folder: Path) -> None:
    found = json.loads(ablate("--no-techniques", "--json", program="figure_6").stdout)["effects"]
    assert len(found) == 5 + 16 - 2  # its noise and its norm
    (folder / "copy.txt").write_text(to_text(library_program("figure_6")))
    assert len(json.loads(ablate("--no-techniques", "--json", program="copy.txt").stdout)["effects"]) == 16


def test_recognised_techniques_are_knocked_out_unless_a_group_has_their_name() -> None:
    found = json.loads(ablate("--no-lines", "--json").stdout)["effects"]
    notes = {each["name"]: each["note"] for each in found}
    assert notes == {"linear model": "s1 = 1.0", "gradient descent on squared loss": "without v1 = v1 + v2"}
    both = json.loads(ablate("--no-lines", "--json", "--group", "linear model=learn:1").stdout)["effects"]
    assert {each["name"]: each["note"] for each in both}["linear model"] == "s3 = s0"


def test_of_a_run_the_tasks_are_its_own() -> None:
    CliRunner().invoke(main, ["run", "small.toml", "--out", "run", "--quiet", "--workers", "1"])
    command = ["ablate", "run", "--trials", "2", "--seeds", "1", "--workers", "1", "--json"]
    own, same = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--suite", "small.toml"]))
    assert own.exit_code == 0
    assert own.stdout == same.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--picture", "small.toml"], "small.toml exists and is not overwritten"),
        (["--picture", "picture.jpg"], "picture.jpg: the name must end in .png or .svg"),
        (["--group", "noise"], "--group 'noise' names no lines"),
        (["--group", "noise=learn:x"], "write a name and lines, such as 'noise=predict:1,learn:10'"),
        (["--group", "noise=learn:9"], "learn has no instruction 9: it has 4"),
        (["--group", "the whole program=learn:2"], "two variants are called 'the whole program'"),
    ],
)
def test_what_is_not_possible_is_refused_before_the_work(arguments: list[str], message: str) -> None:
    result = ablate(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
