from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from small_config import small_config

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.scoring import score_program
from automl_zero.search.island import Island
from automl_zero.search.population import decode
from automl_zero.tasks.suites import Stage, build_tasks


def archipelago(config: Config, epochs: int = 0, workers: int = 2, seed: int = 5) -> Archipelago:
    made = Archipelago(config, [build_tasks(config.tasks, Stage.SEARCH, 1)] * config.islands.count, seed)
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(epochs):
            made.run_epoch(pool)
    return made


def contents(value: Any) -> list[bytes]:
    """All bytes of nested tuples of arrays."""
    return [value.tobytes()] if isinstance(value, np.ndarray) else [part for each in value for part in contents(each)]


def states(made: Archipelago) -> list[list[bytes]]:
    return [contents(island.state) for island in made.islands]


@pytest.fixture(scope="module")
def reference() -> list[list[bytes]]:
    return states(archipelago(small_config(), epochs=6, workers=1))


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_states_are_the_same_bytes_for_any_number_of_threads(workers: int, reference: list[list[bytes]]) -> None:
    assert states(archipelago(small_config(), epochs=6, workers=workers)) == reference


def test_another_seed_gives_other_states(reference: list[list[bytes]]) -> None:
    assert states(archipelago(small_config(), epochs=6, seed=6)) != reference


def test_islands_differ_from_each_other(reference: list[list[bytes]]) -> None:
    assert all(reference[0] != other for other in reference[1:])


def test_an_epoch_makes_its_programs_on_every_island() -> None:
    assert archipelago(small_config()).programs == 3 * 20
    assert archipelago(small_config(), epochs=2).programs == 3 * (20 + 2 * 50)


def test_counters_are_sums_over_the_islands() -> None:
    made = archipelago(small_config(), epochs=2)
    for name, total in made.counters.items():
        assert total == sum(island.counters[name] for island in made.islands)
    assert made.train_steps == made.counters["train_steps"] > 0
    assert "best_at" not in made.counters


def test_the_leader_is_the_island_with_the_best_program() -> None:
    made = archipelago(small_config(), epochs=1)
    made.islands[1].state.best_fitness[0] = 1.0
    assert made.leader is made.islands[1]


def test_of_equal_islands_the_first_leads() -> None:
    made = archipelago(small_config())
    for island in made.islands[1:]:
        island.state.best_fitness[0] = 1.0
    assert made.leader is made.islands[1]


def test_programs_migrate_after_every_so_many_epochs() -> None:
    alone, together = (small_config(islands={"migrants": number, "migration_epochs": 2}) for number in (0, 5))
    same = [states(archipelago(alone, epochs)) == states(archipelago(together, epochs)) for epochs in (1, 2)]
    assert same == [True, False]


def test_the_fitness_of_a_migrant_is_what_its_program_scores() -> None:
    config = small_config(islands={"migrants": 20})
    made = archipelago(config, epochs=1)
    tasks = build_tasks(config.tasks, Stage.SEARCH, 1)
    for island in made.islands:
        for slot, fitness in enumerate(island.state.population.fitness):
            assert score_program(member(island, slot), tasks, config).fitness == fitness


def member(island: Island, slot: int) -> Program:
    population = island.state.population
    return decode(population.code[slot], population.data[slot], population.size[slot], island.state.best.start)


def test_every_island_begins_with_the_initial_programs() -> None:
    config = small_config()
    made = Archipelago(config, [build_tasks(config.tasks, Stage.SEARCH, 1)] * config.islands.count, 5, [Program()])
    assert all(member(island, slot) == Program() for island in made.islands for slot in range(20))
