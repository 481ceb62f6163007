"""The command ``techniques``: what it prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_config
from typer.testing import CliRunner, Result

from automl_zero.cli import main

STAGE = {"num_tasks": 8, "num_train": 100, "num_valid": 50}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = small_config(tasks={"kind": "image-groups", "num_features": 8, "select": STAGE, "final": STAGE})
    (tmp_path / "small.toml").write_text(config.to_toml())


def techniques(*arguments: object) -> Result:
    options = ["--suite", "small.toml", "--trials", 4, "--seeds", 2, "--workers", 1, *arguments]
    return CliRunner().invoke(main, ["techniques", *map(str, options)])


def test_the_programs_and_the_counts_are_two_tables() -> None:
    result = techniques("two_layer_net", "logistic_regression", "--technique", "ReLU")
    assert result.exit_code == 0
    programs, counts = result.stdout.split("\n\n")[:2]
    assert "two_layer_net" in programs
    assert "logistic_regression  none" in programs
    assert counts.splitlines()[0].split("  ")[0] == "technique"
    assert "1 of 2 (9% to 91%)" in counts


def test_a_control_adds_its_counts_and_the_test() -> None:
    result = techniques("two_layer_net", "--control", "logistic_regression", "--technique", "ReLU")
    assert "p of gains" in result.stdout
    assert "0 of 1" in result.stdout


def test_json_has_every_program_and_every_count() -> None:
    found = json.loads(techniques("two_layer_net", "--technique", "ReLU", "--json").stdout)
    (run,), (count,) = found["runs"], found["counts"]
    assert run["worths"][0]["technique"] == count["technique"] == "ReLU"
    assert run["worths"][0]["gain"]["low"] <= run["worths"][0]["gain"]["value"]
    assert count["has"]["count"] == count["has"]["runs"] == 1
    assert found["control"] == []


def test_an_unknown_technique_or_program_is_refused() -> None:
    assert "there is no technique 'magic'" in techniques("two_layer_net", "--technique", "magic").stderr
    assert techniques("nowhere").exit_code == 2


def test_parts_that_recur_are_counted_like_techniques(tmp_path: Path) -> None:
    text = (
        "def Setup():\n v1 = gaussian(0, 1, n_features)\n s3 = 0.1\ndef Predict():\n s1 = dot(v0, v1)\n"
        "def Learn():\n s2 = s0 - s1\n s2 = s3 * s2\n v2 = s2 * v0\n v1 = v1 + v2\n v3 = abs(v1)\n v1 = v3 / v1"
    )
    for name in ("one.txt", "other.txt"):
        (tmp_path / name).write_text(text)
    found = json.loads(techniques("one.txt", "other.txt", "--technique", "bias", "--parts", 1, "--json").stdout)
    (count,) = found["counts"]
    assert count["technique"].startswith("self = ")
    assert count["has"]["count"] == 2
