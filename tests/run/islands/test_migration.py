from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl_zero.run.islands.migration import MigrationPlan, migrate, plan_migration, slots_to_rescore
from automl_zero.search.population import Population, new_population

ARRAYS = ("target_slot", "source_island", "source_slot")


@st.composite
def plans(draw: st.DrawFn) -> tuple[MigrationPlan, int, int]:
    """A plan with its numbers of islands and members."""
    islands, members = draw(st.integers(1, 5)), draw(st.integers(2, 9))
    migrants = draw(st.integers(0, members))
    seed, epoch = draw(st.integers(0, 2**63 - 1)), draw(st.integers(1, 1000))
    return plan_migration(seed, epoch, islands, members, migrants), islands, members


def populations(islands: int, members: int) -> list[Population]:
    """Populations in which every member is one of its kind."""
    made = [new_population(members, (2, 1, 1)) for _ in range(islands)]
    for number, population in enumerate(made):
        for slot in range(members):
            name = number * members + slot
            population.code[slot], population.data[slot], population.size[slot] = name, name / 7, name
            population.fitness[slot], population.live[slot], population.structure[slot] = name / 1000, name, name
            population.ancestor[slot] = name
        population.oldest[0] = number
    return made


@given(plans())
def test_targets_are_distinct_members_of_each_island(drawn: tuple[MigrationPlan, int, int]) -> None:
    plan, islands, members = drawn
    assert len(plan.target_slot) == islands
    for slots in plan.target_slot:
        assert len(set(slots.tolist())) == len(slots)
        assert all(0 <= slot < members for slot in slots)


@given(plans())
def test_every_target_has_a_source(drawn: tuple[MigrationPlan, int, int]) -> None:
    plan, islands, members = drawn
    assert plan.source_island.shape == plan.source_slot.shape == plan.target_slot.shape
    assert ((plan.source_island >= 0) & (plan.source_island < islands)).all()
    assert ((plan.source_slot >= 0) & (plan.source_slot < members)).all()


@given(plans())
def test_every_migrant_is_a_copy_of_its_source_as_it_was_before(drawn: tuple[MigrationPlan, int, int]) -> None:
    plan, islands, members = drawn
    before, after = populations(islands, members), populations(islands, members)
    migrate(plan, after)
    expected = populations(islands, members)
    for island, slots in enumerate(plan.target_slot):
        for slot, source, source_slot in zip(slots, plan.source_island[island], plan.source_slot[island], strict=True):
            for name in ("code", "data", "size", "fitness", "live", "structure", "ancestor"):
                getattr(expected[island], name)[slot] = getattr(before[source], name)[source_slot]
    for one, other in zip(expected, after, strict=True):
        assert [array.tobytes() for array in one] == [array.tobytes() for array in other]


@given(plans(), st.data())
def test_the_fittest_member_stays_where_it_is_if_it_is_to_be_kept(
    drawn: tuple[MigrationPlan, int, int], data: st.DataObject
) -> None:
    plan, islands, members = drawn
    kept, plain = populations(islands, members), populations(islands, members)
    fittest = [data.draw(st.integers(0, members - 1)) for _ in range(islands)]
    for number, slot in enumerate(fittest):
        kept[number].fitness[slot] = plain[number].fitness[slot] = 1.0
    before = [population.code[slot].tobytes() for population, slot in zip(kept, fittest, strict=True)]
    migrate(plan, kept, keep_fittest=True)
    migrate(plan, plain)
    for number, slot in enumerate(fittest):
        assert kept[number].code[slot].tobytes() == before[number]
        others = [each for each in range(members) if each != slot]
        assert kept[number].code[others].tobytes() == plain[number].code[others].tobytes()


@given(plans(), st.integers(1, 3))
def test_the_slots_to_rescore_are_those_of_migrants_from_other_tasks(
    drawn: tuple[MigrationPlan, int, int], num_habitats: int
) -> None:
    plan, islands, _ = drawn
    habitats = [f"habitat {island % num_habitats}" for island in range(islands)]
    habitats = [next(same for same in habitats if same == each) for each in habitats]  # one object for each
    for island, slots in enumerate(slots_to_rescore(plan, habitats)):
        rows = zip(plan.target_slot[island].tolist(), plan.source_island[island].tolist(), strict=True)
        assert slots == [slot for slot, source in rows if source % num_habitats != island % num_habitats]


def test_the_same_seed_and_epoch_give_the_same_plan() -> None:
    one, other = plan_migration(7, 3, 4, 10, 5), plan_migration(7, 3, 4, 10, 5)
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


@pytest.mark.parametrize("changed", [{"seed": 8}, {"epoch": 4}], ids=str)
def test_another_seed_or_epoch_gives_another_plan(changed: dict[str, int]) -> None:
    arguments = {"seed": 7, "epoch": 3, "num_islands": 4, "population_size": 10, "migrants": 5}
    one, other = plan_migration(**arguments), plan_migration(**{**arguments, **changed})
    assert not any(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


def test_sources_are_even_over_all_members_of_all_islands() -> None:
    counts = np.zeros((4, 25))
    for epoch in range(1, 201):
        plan = plan_migration(1, epoch, 4, 25, 20)
        np.add.at(counts, (plan.source_island, plan.source_slot), 1)
    expected = 200 * 4 * 20 / counts.size
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_targets_are_even_over_all_members() -> None:
    counts = np.zeros(25)
    for epoch in range(1, 201):
        np.add.at(counts, plan_migration(1, epoch, 4, 25, 5).target_slot, 1)
    expected = 200 * 4 * 5 / counts.size
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
