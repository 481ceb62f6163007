"""The ablation of a run, done and kept: it is read back equal, or refused, and belongs to one program alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.runs.sample_events import FINAL
from support.runs.small_config import small_config

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablate import Effect
from automl_zero.analysis.studies.head_to_head import TuningBudget
from automl_zero.program.library import library_program
from automl_zero.program.text import to_text
from automl_zero.report.ablation_cache import (
    NAME,
    CachedAblation,
    ablation_variants,
    expected_seconds,
    load_ablation,
    measure_ablation,
    save_ablation,
)
from automl_zero.run.record.run_folder import StoreError

FOUND = replace(FINAL, program=to_text(library_program("linear_regression")))
EFFECT = Effect("learn 1: s2 = 0.1", "without it", 0.25, IntervalEstimate(-0.5, -0.625, -0.375))
CACHED = CachedAblation(1, FOUND.program, 20, 3, 0.75, (EFFECT,))


def test_parts_are_the_techniques_and_the_lines_and_no_program_comes_twice() -> None:
    variants = ablation_variants(FOUND, multiclass=False)
    names = [each.name for each in variants]
    assert "linear model" in names
    assert any(name.startswith("learn 1: ") for name in names)
    assert len(variants) == len({each.name for each in variants})
    assert len(variants) >= len({each.program for each in variants}) > 5


def test_an_ablation_is_that_of_the_final_program() -> None:
    variants = ablation_variants(FOUND, multiclass=False)[:2]
    progress: list[int] = []
    kept = measure_ablation(FOUND, variants, small_config(), TuningBudget(4, 2), progress.append)
    assert (kept.program, kept.trials, kept.seeds) == (FOUND.program, 4, 2)
    assert {each.name for each in kept.effects} == {each.name for each in variants}
    assert 2 * 4 < sum(progress) <= 2 * 3 * 4  # what has no constants is scored once
    assert kept == measure_ablation(FOUND, variants, small_config(), TuningBudget(4, 2))


def test_what_it_takes_grows_with_its_budget() -> None:
    few = expected_seconds(FOUND, 1, small_config(), TuningBudget(1, 1))
    assert 0 < few < expected_seconds(FOUND, 100, small_config(), TuningBudget(1000, 10))


def test_what_was_kept_is_read_back_equal_and_replaces_what_was_before(tmp_path: Path) -> None:
    assert load_ablation(tmp_path, FOUND) is None
    for kept in (CACHED, replace(CACHED, fitness=0.5, effects=())):
        assert save_ablation(tmp_path, kept) == tmp_path / NAME
        assert load_ablation(tmp_path, FOUND) == kept
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_an_ablation_of_another_program_is_ignored(tmp_path: Path) -> None:
    save_ablation(tmp_path, CACHED)
    assert load_ablation(tmp_path, replace(FOUND, program=FOUND.program + "  s3 = 0.5\n")) is None
    assert load_ablation(tmp_path, None) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": None},
        {"fitness": float("nan")},
        {"fitness": "much"},
        {"program": 5},
        {"effects": [{"name": "x"}]},
        {"effects": [{"name": "x", "note": "", "fitness": 0.0, "difference": {"value": 0, "low": -1e999, "high": 0}}]},
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    plain = json.loads(save_ablation(tmp_path, CACHED).read_bytes())
    (tmp_path / NAME).write_text(json.dumps(plain | changes))
    with pytest.raises(StoreError, match=r"ablation.json is not an ablation of format 1: make it again"):
        load_ablation(tmp_path, FOUND)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{" * 100_000])
def test_what_is_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(StoreError, match="remove it"):
        load_ablation(tmp_path, FOUND)


def test_a_file_without_its_format_is_refused(tmp_path: Path) -> None:
    plain = json.loads(save_ablation(tmp_path, CACHED).read_bytes())
    del plain["format"]
    (tmp_path / NAME).write_text(json.dumps(plain))
    with pytest.raises(StoreError, match="format 1"):
        load_ablation(tmp_path, FOUND)
