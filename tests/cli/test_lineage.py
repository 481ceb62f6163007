"""The command ``lineage``: what it prints of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_config
from typer.testing import CliRunner, Result

from automl_zero.analysis.lineage import MAX_SHOWN
from automl_zero.cli import main


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that begins with nothing and solves its tasks in a few hundred programs."""
    folder = tmp_path_factory.mktemp("lineage")
    config = small_config(
        program={"initial": "empty"},
        mutation={"graph_share": 1, "max_attempts": 100},
        search={"method": "minimal-generation-gap", "children": 10, "population_size": 20},
    )
    (folder / "small.toml").write_text(config.to_toml())
    command("run", folder / "small.toml", "--out", folder / "run", "--quiet", "--workers", 1)
    return folder / "run"


def events(run: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]


def without_lineage(run: Path, folder: Path, most: int | None = None) -> Path:
    """The run as an older version would have kept it, or as it was when it was going on."""
    (folder / "old").mkdir()
    (folder / "old" / "config.toml").write_text((run / "config.toml").read_text())
    kept = [json.dumps(each) for each in events(run) if each["event"] != "lineage"][:most]
    (folder / "old" / "events.jsonl").write_text("".join(f"{each}\n" for each in kept))
    return folder / "old"


def test_every_ancestor_is_shown_with_what_it_changed(run: Path) -> None:
    (event,) = (each for each in events(run) if each["event"] == "lineage")
    result = command("lineage", run, "--all")
    assert result.exit_code == 0
    title, *blocks = result.stdout.rstrip("\n").split("\n\n")
    assert title.endswith(f"experiment 0: ancestors that improved on a parent: {len(event['ancestors'])}")
    assert len(blocks) == len(event["ancestors"]) > 0
    assert all(block.startswith("program ") and "\n+ " in block for block in blocks[:1])
    assert "= dot(v0, v1)" in result.stdout


def test_json_holds_the_same(run: Path) -> None:
    story = json.loads(command("lineage", run, "--json").stdout)
    (event,) = (each for each in events(run) if each["event"] == "lineage")
    assert story["is_lineage"]
    assert story["count"] == len(event["ancestors"])
    assert len(story["changes"]) == min(MAX_SHOWN, story["count"])
    assert story["changes"][-1]["fitness"] == max(each["fitness"] for each in story["changes"])


def test_analyze_shows_when_the_techniques_came(run: Path, tmp_path: Path) -> None:
    heading = "techniques in the order of their appearance\n  "
    assert heading in command("analyze", run).stdout
    assert json.loads(command("analyze", run, "--json").stdout)["lineage"]["is_lineage"]
    assert heading not in command("analyze", without_lineage(run, tmp_path)).stdout


def test_a_run_without_a_lineage_shows_its_improvements_and_says_so(run: Path, tmp_path: Path) -> None:
    result = command("lineage", without_lineage(run, tmp_path))
    assert (
        "has no lineage: the run has not ended, or is of an older version\nimprovements of experiment 0, "
        in result.stdout
    )
    assert " of island" not in result.stdout


def test_what_was_left_out_is_said(run: Path, tmp_path: Path) -> None:
    old = without_lineage(run, tmp_path)
    lines = events(old)
    (first, *_) = (each for each in lines if each["event"] == "improvement")
    more = [first | {"fitness": 0.001 * number, "experiment_programs": number} for number in range(1, MAX_SHOWN + 4)]
    (old / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in [lines[0], *more]))
    assert command("lineage", old).stdout.endswith("\n\n3 with smaller gains were left out: --all shows them\n")
    assert "left out" not in command("lineage", old, "--all").stdout


@pytest.mark.parametrize(("place", "message"), [(".", "is not a run folder"), ("old", "old has no program yet")])
def test_what_has_no_program_is_refused(
    place: str, message: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_lineage(run, tmp_path, most=1)
    monkeypatch.chdir(tmp_path)
    result = command("lineage", place)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
