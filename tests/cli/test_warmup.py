"""The command ``warmup``: what it compiles, and what it prints meanwhile."""

from __future__ import annotations

import pytest
from support.runs.invocations import invoke, refused

from automl_zero.run.islands import warmup


def test_each_part_is_printed_with_its_number_and_seconds() -> None:
    result = invoke("warmup", "--dtype", "float32", "--only", "evaluation")
    assert result.exit_code == 0
    assert result.stdout == "compiled, or loaded from the cache: 2 parts\n"
    first, second = result.stderr.splitlines()
    assert first.startswith("1 of 2: evaluation in float32, 8 tasks side by side ... ")
    assert second.startswith("2 of 2: evaluation in float32, 16 tasks side by side ... ")
    assert second.endswith(" s")


def test_by_default_every_part_is_compiled_in_every_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    parts = {name: lambda config, _, lanes: compiled.append(f"{config.dtype} {lanes}") for name in warmup.PARTS}
    monkeypatch.setattr(warmup, "PARTS", parts)
    assert invoke("warmup").stdout == "compiled, or loaded from the cache: 12 parts\n"
    assert set(compiled) == {"float32 8", "float32 16", "float64 4", "float64 8"}


def test_an_unknown_part_is_refused() -> None:
    assert "no part 'everything' of the engine: use evaluation, search, training" in refused(
        "warmup", "--only", "everything"
    )
