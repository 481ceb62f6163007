"""The config of a search follows its budget."""

from __future__ import annotations

import pytest

from automl_zero.estimators.search_budget import SearchBudget, search_config


@pytest.mark.parametrize("preset", ["table", "digits", "linear", "cifar10"])
@pytest.mark.parametrize("max_programs", [1, 100, 10_000, None])
def test_every_preset_searches_in_steps_that_fit_the_budget(preset: str, max_programs: int | None) -> None:
    config = search_config(SearchBudget(max_programs=max_programs, preset=preset))
    assert 2 <= config.islands.epoch_programs <= 250
    assert config.memory.matrices >= 4


def test_overrides_have_the_last_word() -> None:
    assert search_config(SearchBudget(overrides=["memory.matrices=2"])).memory.matrices == 2
