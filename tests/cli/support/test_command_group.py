"""How commands report errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.runs.invocations import invoke, refused


def test_an_unexpected_error_is_not_hidden(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("automl_zero.run.record.run_folder.check_new", broken)
    assert isinstance(invoke("run", small).exception, ValueError)


def test_a_search_that_needs_more_memory_than_there_is_says_so(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9.00 TiB")

    monkeypatch.setattr("automl_zero.run.experiment_pool.Experiment", fail)
    message = refused("run", small, "--quiet")
    assert "not enough memory (Unable to allocate 9.00 TiB): make the population, the caches or" in message
