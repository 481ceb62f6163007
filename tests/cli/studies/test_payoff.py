"""The command ``payoff``: what it prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.runs.small_config import small_config
from typer.testing import CliRunner, Result

from automl_zero.cli import main
from automl_zero.program.text import from_text

STAGE = {"num_tasks": 8, "num_train": 100, "num_valid": 50}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = small_config(tasks={"kind": "image-groups", "num_features": 8, "select": STAGE, "final": STAGE})
    (tmp_path / "small.toml").write_text(config.to_toml())


def payoff(*arguments: object) -> Result:
    options = ["small.toml", "--trials", 4, "--seeds", 2, "--workers", 1, *arguments]
    return CliRunner().invoke(main, ["payoff", *map(str, options)])


def test_each_form_has_a_line_and_the_most_gain_is_first() -> None:
    result = payoff("--technique", "learning rate decay", "--technique", "bilinear interaction")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split("  ")[0] == "technique"
    assert sum(line.startswith("learning rate decay") for line in lines) == 4
    assert sum(line.startswith("bilinear interaction") for line in lines) == 1
    assert lines[-1].startswith("of 2 techniques, ")
    assert "pay here: " in lines[-1]


def test_json_has_intervals_verdicts_and_programs_that_can_be_read() -> None:
    found = json.loads(payoff("--technique", "noisy ReLU", "--json").stdout)
    assert found["suite"] == "small"
    assert {each["form"] for each in found["payoffs"]} == {"the floor is noise", "noise is added before it"}
    gains = [each["gain"]["value"] for each in found["payoffs"]]
    assert gains == sorted(gains, reverse=True)
    for each in found["payoffs"]:
        assert each["gain"]["low"] <= each["gain"]["value"] <= each["gain"]["high"]
        assert each["verdict"] in ("pays", "costs", "undecided")
        assert from_text(each["program"])


def test_an_unknown_technique_or_suite_is_refused() -> None:
    result = payoff("--technique", "magic")
    assert result.exit_code == 2
    assert "no form of the technique 'magic' is known" in result.stderr
    assert "no suite 'nowhere'" in CliRunner().invoke(main, ["payoff", "nowhere"]).stderr
