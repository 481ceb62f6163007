from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.runs.small_config import MIXED, mixed_config, small_config

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.migration import plan_migration
from automl_zero.run.islands.thread_engine import ThreadEngine, ThreadIslands
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.search.population import decode


def archipelago(config: Config, epochs: int = 0, workers: int = 2, seed: int = 5) -> Archipelago:
    made = Archipelago(config, search_tasks(config, 0), seed, engine=ThreadEngine(workers))
    for _ in range(epochs):
        made.run_epoch()
    return made


def islands_of(made: Archipelago) -> list[Island]:
    assert isinstance(made.islands, ThreadIslands)
    return made.islands.all


def contents(value: Any) -> list[bytes]:
    """All bytes of nested tuples of arrays."""
    return [value.tobytes()] if isinstance(value, np.ndarray) else [part for each in value for part in contents(each)]


def states(made: Archipelago) -> list[list[bytes]]:
    return [contents(island.state) for island in islands_of(made)]


@pytest.fixture(scope="module")
def reference() -> list[list[bytes]]:
    return states(archipelago(small_config(), epochs=6, workers=1))


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_states_are_the_same_bytes_for_any_number_of_threads(workers: int, reference: list[list[bytes]]) -> None:
    assert states(archipelago(small_config(), epochs=6, workers=workers)) == reference


def test_families_and_graphs_are_the_same_bytes_for_any_number_of_threads() -> None:
    search = {"method": "minimal-generation-gap", "children": 25}
    config = small_config(mutation={"graph_share": 1, "max_attempts": 20}, search=search)
    one, two = (states(archipelago(config, epochs=4, workers=workers)) for workers in (1, 2))
    assert one == two


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
        assert total == sum(island.counters[name] for island in islands_of(made))
    assert made.train_steps == made.counters["train_steps"] > 0
    assert "best_at" not in made.counters


def test_the_leader_is_the_island_with_the_best_program() -> None:
    made = archipelago(small_config(), epochs=1)
    islands_of(made)[1].state.best_fitness[0] = 1.0
    assert made.leader == 1


def test_of_equal_islands_the_first_leads() -> None:
    made = archipelago(small_config())
    for island in islands_of(made)[1:]:
        island.state.best_fitness[0] = 1.0
    assert made.leader == 1


def test_programs_migrate_after_every_so_many_epochs() -> None:
    alone, together = (small_config(islands={"migrants": number, "migration_epochs": 2}) for number in (0, 5))
    same = [states(archipelago(alone, epochs)) == states(archipelago(together, epochs)) for epochs in (1, 2)]
    assert same == [True, False]


def test_the_fitness_of_a_migrant_is_what_its_program_scores() -> None:
    config = small_config(islands={"migrants": 20})
    made = archipelago(config, epochs=1)
    check_scores(made, config)


def check_scores(made: Archipelago, config: Config) -> None:
    """Every member has the fitness that it has when it is run by itself on the tasks of its island."""
    for island, tasks in zip(islands_of(made), search_tasks(config, 0), strict=True):
        for slot, fitness in enumerate(island.state.population.fitness):
            assert score_program(member(island, slot), tasks, config).fitness == fitness


def member(island: Island, slot: int) -> Program:
    population = island.state.population
    return decode(population.code[slot], population.data[slot], population.size[slot], island.state.best.start)


def test_every_island_begins_with_the_initial_programs() -> None:
    config = small_config()
    made = Archipelago(config, search_tasks(config, 0), 5, [Program()])
    assert all(member(island, slot) == Program() for island in islands_of(made) for slot in range(20))


# Islands in groups ------------------------------------------------------------------------------------------------

mixed = pytest.mark.parametrize("kind", MIXED)
ALIKE: dict[str, list[dict[str, Any]]] = {
    "one empty group": [{}],
    "empty groups": [{}, {}],
    "equal tasks": [{"tasks": {"num_features": 4}}, {"mutation": {"prob": 0.5}}, {"program": {"setup_ops": [1]}}],
}


@mixed
def test_states_of_unlike_islands_are_the_same_bytes_for_any_number_of_threads(kind: str) -> None:
    one, two, eight = (states(archipelago(mixed_config(kind), epochs=4, workers=workers)) for workers in (1, 2, 8))
    assert one == two == eight


@mixed
def test_every_island_has_the_settings_and_tasks_of_its_group(kind: str) -> None:
    config = mixed_config(kind)
    made = archipelago(config)
    assert made.tasks[0] is made.tasks[2] is not made.tasks[1] is made.tasks[3]
    for number, (island, tasks) in enumerate(zip(islands_of(made), made.tasks, strict=True)):
        chosen = config.of_island(number).tasks
        assert (tasks.num_features, tasks.num_epochs) == (chosen.num_features, chosen.num_epochs)
        assert (len(tasks), tasks.num_train_examples) == (chosen.search.num_tasks, chosen.search.num_train)
        assert island.counters["programs"] == 20


@mixed
def test_a_migrant_from_other_tasks_has_the_fitness_of_the_tasks_it_has_come_to(kind: str) -> None:
    config = mixed_config(kind, islands={"migrants": 20})
    made = archipelago(config, epochs=1)
    check_scores(made, config)
    there = [
        score_program(member(islands_of(made)[i], slot), made.tasks[i - 1], config) for i, slot in arrivals(config, 1)
    ]
    here = [islands_of(made)[i].state.population.fitness[slot] for i, slot in arrivals(config, 1)]
    assert sum(one.fitness != other for one, other in zip(there, here, strict=True)) > 5


def arrivals(config: Config, epoch: int) -> list[tuple[int, int]]:
    """(island, slot) of all migrants from other tasks, of the seed that ``archipelago`` takes."""
    settings = config.islands
    plan = plan_migration(5, epoch, settings.count, config.search.population_size, settings.migrants)
    return [
        (island, int(slot))
        for island in range(settings.count)
        for slot, source in zip(plan.target_slot[island], plan.source_island[island], strict=True)
        if config.of_island(island).tasks != config.of_island(int(source)).tasks
    ]


@mixed
def test_migrants_from_other_tasks_count_as_programs_and_no_others_do(kind: str) -> None:
    config = mixed_config(kind)
    made = archipelago(config, epochs=2)
    came = [island for epoch in (1, 2) for island, _ in arrivals(config, epoch)]
    assert 0 < len(came) < 2 * 4 * 5
    for number, island in enumerate(islands_of(made)):
        assert island.counters["programs"] == 20 + 2 * 50 + came.count(number)


@pytest.mark.parametrize("groups", ALIKE.values(), ids=ALIKE)
def test_between_islands_of_equal_tasks_fitness_travels(groups: list[dict[str, Any]]) -> None:
    config = small_config(islands={"groups": groups, "migrants": 20})
    made = archipelago(config, epochs=3)
    assert [island.counters["programs"] for island in islands_of(made)] == [20 + 3 * 50] * 3
    check_scores(made, config)


@pytest.mark.parametrize("groups", [[{}], [{}, {}]], ids=str)
def test_empty_groups_change_nothing(groups: list[dict[str, Any]], reference: list[list[bytes]]) -> None:
    assert states(archipelago(small_config(islands={"groups": groups}), epochs=6)) == reference


@mixed
def test_migrants_take_the_age_of_the_slots_they_come_to(kind: str) -> None:
    config = mixed_config(kind)
    made = archipelago(config, epochs=3)
    assert [int(island.state.population.oldest[0]) for island in islands_of(made)] == [(20 + 3 * 50) % 20] * 4


def test_a_migrant_that_is_better_on_the_tasks_it_has_come_to_is_their_best() -> None:
    config = mixed_config("linear", islands={"migrants": 20})
    made = archipelago(config, epochs=5)
    for island in islands_of(made):
        assert island.best_fitness >= island.state.population.fitness.max()
    for island, tasks in zip(islands_of(made), made.tasks, strict=True):
        assert score_program(island.best, tasks, config).fitness == island.best_fitness


def test_the_leader_is_among_the_islands_of_the_first_tasks() -> None:
    made = archipelago(mixed_config("linear"))
    for number, fitness in enumerate((0.9, 0.99, 0.95, 0.999)):
        islands_of(made)[number].state.best_fitness[0] = fitness
    assert made.leader == 2


def test_ops_and_mutations_of_a_group_are_those_of_its_islands_alone() -> None:
    groups = [{"program": {"setup_ops": ["scalar_sum"]}}, {"mutation": {"prob": 0.25}}]
    islands = islands_of(archipelago(small_config(islands={"groups": groups})))
    assert [island.space.num_ops[0] for island in islands] == [1, 6, 1]
    assert [island.space.mutation_prob[0] for island in islands] == [0.9, 0.25, 0.9]
