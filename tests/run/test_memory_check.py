from __future__ import annotations

from typing import Any

import pytest
from support.runs.islands import new_island
from support.runs.small_config import mixed_config, small_config

from automl_zero.config import ConfigError, load_config, preset_names
from automl_zero.run import memory_check
from automl_zero.run.checkpoint.snapshot import named_arrays
from automl_zero.run.memory_check import check_memory, island_bytes

LARGE: dict[str, dict[str, Any]] = {
    "population": {"search": {"population_size": 3000}},
    "cache": {"evaluation": {"cache_size": 100_000}},
    "sizes": {"program": {"max_sizes": [100, 100, 100]}},
    "features": {"tasks": {"num_features": 200}, "memory": {"scalars": 4, "vectors": 3, "matrices": 4}},
    "births": {"islands": {"epoch_programs": 1 << 40}},
}


@pytest.mark.parametrize("name", LARGE)
def test_the_estimate_is_about_what_an_island_takes(name: str) -> None:
    island = new_island(**LARGE[name])
    arrays = [*named_arrays(island.state, "state"), *named_arrays(island._scratch, "work")]
    taken = sum(array.nbytes for place, array in arrays if not place.endswith(".saved"))  # which is rarely touched
    assert 0.7 < island_bytes(small_config(**LARGE[name])) / taken < 1.4


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_fits_into_four_gigabytes(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "available_memory", lambda: 4 << 30)
    check_memory(load_config(preset))


def test_islands_that_do_not_fit_are_refused_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_check, "available_memory", lambda: (1 << 28) + 10_000_000)
    check_memory(small_config())
    with pytest.raises(ConfigError, match=r"the 300 islands need .* GB of memory, and 0\.0 GB are free: make search"):
        check_memory(small_config(islands={"count": 300}))
    with pytest.raises(ConfigError, match="the 6000 islands need"):
        check_memory(small_config(islands={"count": 6}, experiment={"concurrent": 1000}))


def test_groups_count_as_often_as_there_are_islands_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    config = mixed_config("linear", islands={"count": 5})
    wanted = sum(island_bytes(config.of_island(number)) for number in range(5))
    monkeypatch.setattr(memory_check, "available_memory", lambda: memory_check.RESERVED + wanted)
    check_memory(config)
    monkeypatch.setattr(memory_check, "available_memory", lambda: memory_check.RESERVED + wanted - 1)
    with pytest.raises(ConfigError, match="the 5 islands"):
        check_memory(config)
