"""The command ``compare``: what it does, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_file
from typer.testing import CliRunner, Result

from automl_zero.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_file(tmp_path)
    return tmp_path


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments), "--out", "out", "--workers", "1"])


def test_variants_are_run_with_every_seed_and_summed_up(folder: Path) -> None:
    result = compare("small.toml", "small.toml search.method=random-search", "--seeds", 2)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1].startswith("small.toml  ")
    assert "0 of 2 (0% to 0%)" in lines[1]
    assert lines[2].startswith("small.toml search.method=random-search")
    assert lines[-1] == "picture: out/comparison.png"
    assert (folder / "out" / "comparison.png").stat().st_size > 1000
    runs = [path.parent.name for path in sorted(folder.glob("out/*/*/report.txt"))]
    assert runs == ["seed-1", "seed-2", "seed-1", "seed-2"]


def test_variants_with_long_names_are_numbered_in_the_table() -> None:
    long = "small.toml search.tournament_size=3 search.population_size=10"
    lines = compare("small.toml", long, "--seeds", 1).stdout.splitlines()
    assert lines[:3] == ["1: small.toml", f"2: {long}", ""]
    assert [line.split("  ")[0] for line in lines[4:6]] == ["1", "2"]
    assert max(map(len, lines[3:6])) < 160


def test_what_is_complete_is_not_run_again_and_more_seeds_are_added(folder: Path) -> None:
    once = json.loads(compare("small.toml", "--seeds", 2, "--json").stdout)
    events = folder / "out" / "small.toml" / "seed-1" / "events.jsonl"
    before = events.stat().st_mtime_ns
    again = compare("small.toml", "--seeds", 3, "--json")
    assert events.stat().st_mtime_ns == before
    assert again.stderr == "out/small.toml/seed-3\n"
    runs = [each["variants"][0]["runs"] for each in (once, json.loads(again.stdout))]
    assert runs == [2, 3]


def test_a_target_that_is_reached_counts() -> None:
    (summary,) = json.loads(compare("small.toml", "--set", "stop.target_fitness=0.01", "--seeds", 2, "--json").stdout)[
        "variants"
    ]
    assert (summary["solved"], summary["success_rate"]["value"]) == (2, 1)
    assert summary["programs"]["value"] > 0


def test_json_has_null_for_what_was_not_reached() -> None:
    (summary,) = json.loads(compare("small.toml", "--seeds", 1, "--json").stdout)["variants"]
    assert summary["programs"] == {"value": None, "low": None, "high": None}


def test_runs_of_other_settings_and_unfinished_ones_are_refused(folder: Path) -> None:
    compare("small.toml", "--seeds", 1)
    other = compare("small.toml", "--seeds", 1, "--set", "search.tournament_size=3")
    assert other.exit_code == 2
    assert "out/small.toml/seed-1 holds a run of other settings" in other.stderr
    events = folder / "out" / "small.toml" / "seed-1" / "events.jsonl"
    events.write_text("".join(events.read_text().splitlines(keepends=True)[:-1]))
    unfinished = compare("small.toml", "--seeds", 1)
    assert (unfinished.exit_code, unfinished.stdout) == (2, "")
    assert "is not complete: remove it, and compare again" in unfinished.stderr


def test_a_fault_in_any_variant_is_found_before_anything_is_run(folder: Path) -> None:
    result = compare("small.toml", "nonsense")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no preset or file 'nonsense'" in result.stderr
    assert not (folder / "out").exists()
