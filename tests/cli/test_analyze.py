"""The command ``analyze``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.analysis.simplify.simplify import TOLERANCE
from automl_zero.cli import main
from automl_zero.cli.analyze import TOLERANCE as DEFAULT_TOLERANCE
from automl_zero.program.text import from_text
from automl_zero.run.record.program_lookup import load_program


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_file(tmp_path)
    return tmp_path


def analyze(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["analyze", *map(str, arguments)])


def test_figure_6_is_described_as_in_the_paper() -> None:
    result = analyze("figure_6_raw", "--suite", "digits")
    assert result.exit_code == 0
    title, fitness, *_ = result.stdout.splitlines()
    assert title == "figure_6_raw: 26 instructions, 16 after simplification"
    assert fitness.endswith("(image-groups F=16 select, 25 tasks)")
    analysis = result.stdout.partition("techniques\n")[2].partition("\n\n")[0].splitlines()
    assert [line.partition(":")[0].strip() for line in analysis[::2]] == [
        "bilinear interaction",
        "gradient normalization",
        "weight averaging",
        "noise injection",
    ]
    assert "noisy_features = features - noise  " in result.stdout
    assert any(
        line.startswith("-   s5 = sin(s4) ") and "tested on tasks" in line for line in result.stdout.splitlines()
    )


def test_without_tasks_the_steps_are_exact() -> None:
    result = analyze("figure_6_raw")
    assert "26 instructions, 17 after simplification\nexact steps only" in result.stdout
    assert "tested on tasks:" not in result.stdout


def test_json_holds_all_that_is_printed() -> None:
    analysis = json.loads(analyze("figure_6_raw", "--json").stdout)
    assert from_text(analysis["raw"]) == load_program("figure_6_raw")
    assert len(from_text(analysis["program"])) == 17
    assert analysis["techniques"][0]["technique"] == "bilinear interaction"
    assert analysis["techniques"][0]["lines"] == [["predict", 2], ["predict", 4]]
    assert analysis["steps"][0] == {
        "kind": "no effect",
        "line": ["setup", 0],
        "before": "s4 = uniform(0.6, 0.2)",
        "after": None,
        "loss": None,
    }
    assert (analysis["tasks"], analysis["fitness"]) == (None, None)


def test_a_run_is_analyzed_on_its_own_select_tasks(folder: Path) -> None:
    CliRunner().invoke(main, ["run", "small.toml", "--out", "run", "--quiet", "--workers", "1"])
    before = sorted(folder.rglob("*"))
    analysis = json.loads(analyze("run", "--json").stdout)
    assert from_text(analysis["raw"]) == from_text((folder / "run" / "best" / "final.txt").read_text())
    assert analysis["tasks"] == "linear F=4 select, 10 tasks"
    assert analysis["fitness"]["program"] >= analysis["fitness"]["raw"] - DEFAULT_TOLERANCE
    assert sorted(folder.rglob("*")) == before


def test_tasks_are_named_by_their_suite() -> None:
    one, other = (analyze("linear_regression", name, "small.toml").stdout for name in ("--tasks", "--suite"))
    assert one == other
    assert "linear F=4 select, 10 tasks" in one


def test_results_are_written_where_asked_and_never_over_others(folder: Path) -> None:
    result = analyze("linear_regression", "--out", "new/deep")
    assert (folder / "new/deep/analysis.txt").read_text() == result.stdout
    assert json.loads((folder / "new/deep/analysis.json").read_text())["name"] == "linear_regression"
    again = analyze("affine_regression", "--out", "new/deep")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "new/deep/analysis.json exists and is not overwritten" in again.stderr
    assert (folder / "new/deep/analysis.txt").read_text() == result.stdout


def test_programs_for_many_classes_are_known_by_the_library_or_said_so(folder: Path) -> None:
    assert "back-propagation" in analyze("multiclass_net").stdout
    (folder / "net.txt").write_text(json.loads(analyze("multiclass_net", "--json").stdout)["raw"])
    assert "back-propagation" not in analyze("net.txt").stdout
    assert "back-propagation" in analyze("net.txt", "--multiclass").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "no library program, file or run folder 'nothing'"),
        (["linear_regression", "--suite", "nonsense"], "no suite 'nonsense'"),
        (["linear_regression", "--suite", "linear", "--data", "x.npz"], "give either --suite NAME or --data FILE.npz"),
        (["."], ". is not a run folder"),
    ],
)
def test_what_cannot_be_analyzed_is_named(arguments: list[str], message: str) -> None:
    result = analyze(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_the_tolerance_is_that_of_simplification() -> None:
    assert DEFAULT_TOLERANCE == TOLERANCE
