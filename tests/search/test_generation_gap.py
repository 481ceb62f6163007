"""Minimal Generation Gap: the fittest of a family survives, and one that is fit or rare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.program.library import library_program
from automl_zero.program.program import Instruction, Program
from automl_zero.search.generation_gap import replace_parents, skeleton_hash
from automl_zero.search.population import Population, copy_in, copy_member, decode, new_population
from automl_zero.search.state import Settings
from automl_zero.vm.evaluation_arrays import EvaluationBudget
from automl_zero.vm.lower import encode, lower, new_code, new_lowered

CAPACITY = (6, 6, 6)
START = new_code(CAPACITY).start
LINEAR = library_program("linear_regression")
NO_BUDGET = EvaluationBudget(0, 0, 0, 0, (0, 0))
SETTINGS = Settings(
    tournament_size=2,
    multiclass=False,
    median=False,
    max_abs_error=100.0,
    max_cost=0.0,
    fingerprint=NO_BUDGET,
    hurdle=NO_BUDGET,
    hurdle_quantile=0.75,
    screening_tasks=0,
    only_last_epoch=False,
    reject_unlearnable=False,
    fitness_resolution=0.0,
    parsimony=False,
    max_attempts=1,
    neutral_share=0.0,
    graph_share=0.0,
    children=3,
    rarity=0.4,
    forget_after=0,
    evaluations=1,
)


def population_of(fitness: list[float], structure: list[int]) -> Population:
    """Members that are known by their number of instructions in Setup and by a constant."""
    made = new_population(len(fitness), CAPACITY)
    for slot, value in enumerate(fitness):
        copy_in(encode(named(slot), CAPACITY), made, slot)
        made.fitness[slot], made.structure[slot], made.live[slot] = value, structure[slot], slot
    return made


def named(number: int) -> Program:
    return Program(setup=(Instruction(56, out=1, data=(float(number),)),) * (number % 6 + 1))


def names(population: Population) -> list[int]:
    """The numbers of the members, of which all parts must agree."""
    found = []
    for slot in range(len(population.fitness)):
        member = decode(population.code[slot], population.data[slot], population.size[slot], START)
        number = int(member.setup[0].data[0])
        assert member == named(number)
        found.append(number)
    return found


def survivors(
    family: list[float],
    structure: list[int],
    members: list[int],
    rarity: float,
    slots: tuple[int, int] = (0, 1),
    **settings: float,
) -> list[int]:
    """The numbers of those of a family that replace its parents; members have these skeletons."""
    population = population_of([0.0] * len(members), members)
    relatives, chosen = population_of(family, structure), SETTINGS._replace(rarity=rarity, **settings)
    replace_parents(population, slots, relatives, len(family), chosen, START)
    assert [population.fitness[slot] for slot in slots] == [family[names(population)[slot]] for slot in slots]
    assert [population.structure[slot] for slot in slots] == [structure[names(population)[slot]] for slot in slots]
    others = [slot for slot in range(len(members)) if slot not in slots]
    assert [names(population)[slot] for slot in others] == others
    return [names(population)[slot] for slot in slots]


@pytest.mark.parametrize(
    ("family", "structure", "members", "rarity", "expected"),
    [
        ([0.1, 0.9, 0.5, 0.3, 0.4], [1, 2, 3, 4, 5], [4, 5, 6, 7], 0.0, [1, 2]),  # fitness alone
        ([0.1, 0.2, 0.3, 0.9, 0.4], [1, 2, 3, 4, 5], [4, 5, 6, 7], 0.0, [3, 4]),  # both parents
        ([0.1, 0.9, 0.5, 0.3, 0.4], [1, 2, 6, 4, 6], [4, 5, 6, 6], 1.0, [1, 0]),  # rarity alone
        ([0.5, 0.9, 0.8, 0.3, 0.4], [1, 2, 6, 4, 6], [4, 5, 6, 6], 0.4, [1, 0]),  # 0.3 + 0.4 over 0.48 + 0.4 / 3
        ([0.1, 0.9, 0.8, 0.1, 0.1], [1, 2, 6, 4, 6], [4, 5, 6, 6], 0.4, [1, 2]),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [1, 1, 1, 1, 1], [1, 1, 1, 1], 0.4, [0, 1]),  # of equals, the first ones
        ([0.0, 0.0, 0.0], [1, 1, 1], [1, 1], 0.4, [0, 1]),
        ([0.2, 0.2, 0.9], [3, 2, 4], [2, 2, 3], 1.0, [2, 1]),  # the second parent leaves, so its structure is free
        ([0.2, 0.2, 0.9], [9, 2, 9], [9, 2, 9], 1.0, [2, 1]),  # what the fittest brings counts
    ],
)
def test_the_fittest_and_one_that_is_fit_or_rare_survive(
    family: list[float], structure: list[int], members: list[int], rarity: float, expected: list[int]
) -> None:
    assert survivors(family, structure, members, rarity) == expected


@given(
    st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]), st.integers(1, 4)), min_size=3, max_size=8),
    st.lists(st.integers(1, 4), min_size=3, max_size=6),
    st.sampled_from([0.0, 0.3, 0.4, 1.0]),
    st.permutations(range(3)),
)
def test_whoever_survives_is_no_worse_than_the_others(
    family: list[tuple[float, int]], members: list[int], rarity: float, slots: list[int]
) -> None:
    fitness, structure = ([each[place] for each in family] for place in (0, 1))
    best, other = survivors(fitness, structure, members, rarity, (slots[0], slots[1]))  # type: ignore[arg-type]
    assert fitness[best] == max(fitness)
    around = list(members)
    around[slots[0]] = structure[best]  # type: ignore[call-overload]
    del around[slots[1]]
    merits = [
        (1 - rarity) * value + rarity / (around.count(form) + 1)  # type: ignore[arg-type, operator]
        for value, form in zip(fitness, structure, strict=True)
    ]
    assert merits[other] == max(merit for number, merit in enumerate(merits) if number != best)


def test_in_steps_the_shorter_of_equals_is_the_fittest() -> None:
    family, structure = [0.49, 0.44, 0.41, 0.40], [1, 2, 3, 4]  # number n has n live instructions
    assert survivors(family[::-1], structure, [5, 6], 0.0)[0] == 3
    assert survivors(family[::-1], structure, [5, 6], 0.0, fitness_resolution=0.1)[0] == 0
    assert (
        survivors([0.39, *family[::-1]], [7, *structure], [5, 6], 0.0, fitness_resolution=0.1, parsimony=True)[0] == 1
    )


def test_with_parsimony_what_is_as_fit_as_a_shorter_member_is_not_rare() -> None:
    """Number 4 has a skeleton of its own; members 2 and 3 have its fitness and are shorter."""
    family, structure, members = [0.9, 0.2, 0.2, 0.2, 0.0], [1, 9, 9, 9, 2], [5, 6, 9, 7]
    assert survivors(family, structure, members, 1.0) == [0, 4]
    assert survivors(family, structure, members, 1.0, parsimony=True) == [0, 1]
    family[4] = 0.04  # as fit only in steps
    assert survivors(family, structure, members, 1.0, parsimony=True) == [0, 4]
    assert survivors(family, structure, members, 1.0, parsimony=True, fitness_resolution=0.1) == [0, 1]


def test_no_member_survives_twice() -> None:
    assert survivors([0.9, 0.1, 0.2], [1, 2, 3], [1, 2], 0.0) == [0, 2]


@given(programs(), programs())
def test_a_member_is_copied_to_another_population_without_a_trace(one: Program, other: Program) -> None:
    source, target = new_population(3, CAPACITY), new_population(2, CAPACITY)
    copy_in(encode(one, CAPACITY), source, 2)
    copy_in(encode(other, CAPACITY), target, 1)
    source.fitness[2], source.live[2], source.structure[2], source.ancestor[2] = 0.25, 7, 99, 12
    copy_member(source, 2, target, 1, START)
    assert repr(decode(target.code[1], target.data[1], target.size[1], START)) == repr(one)
    assert (target.fitness[1], target.live[1], target.structure[1], target.ancestor[1]) == (0.25, 7, 99, 12)
    assert not target.size[0].any()


def test_what_stands_behind_a_member_is_not_copied() -> None:
    """So that a population depends on its members alone, and not on who was where before."""
    source, target = new_population(1, CAPACITY), new_population(1, CAPACITY)
    source.code[:], source.data[:] = 5, 5
    copy_in(encode(LINEAR, CAPACITY), source, 0)
    copy_member(source, 0, target, 0, START)
    assert np.count_nonzero(target.code[0].any(axis=1) | target.data[0].any(axis=1)) == len(LINEAR)


# Structure --------------------------------------------------------------------------------------------------------


def structure(program: Program) -> int:
    lowered = new_lowered(len(program))
    lower(encode(program), False, lowered)
    return int(skeleton_hash(lowered))


def test_programs_that_differ_in_constants_and_names_have_one_structure() -> None:
    other_constant = replace(LINEAR, setup=(replace(LINEAR.setup[0], data=(7.0,)),))
    dead = replace(LINEAR, setup=(*LINEAR.setup, Instruction(56, out=3, data=(0.5,))))
    assert structure(LINEAR) == structure(other_constant) == structure(dead) != 0


@pytest.mark.parametrize("component", ["setup", "predict", "learn"])
def test_any_other_change_is_one_of_structure(component: str) -> None:
    instructions = getattr(LINEAR, component)
    shorter = replace(LINEAR, **{component: instructions[:-1]})
    moved = replace(LINEAR, setup=(), learn=(*LINEAR.setup, *LINEAR.learn))
    assert len({structure(LINEAR), structure(shorter), structure(moved)}) == 3
