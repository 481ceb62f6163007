"""Programs go into the arrays of a population and come out as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.programs.strategies import programs

from automl_zero.program.library import LIBRARY, library_program
from automl_zero.program.program import Program
from automl_zero.search.population import Population, copy_in, copy_out, copy_program, decode, new_population
from automl_zero.vm.lower import Code, encode, new_code

CAPACITY = (6, 6, 6)


def decoded(program: Code) -> Program:
    return decode(program.code, program.data, program.size, program.start)


def member(population: Population, slot: int, start: np.ndarray) -> Program:
    return decode(population.code[slot], population.data[slot], population.size[slot], start)


def same(one: Program, other: Program) -> bool:
    """Equal, the signs of zeros included."""
    return repr(one) == repr(other)


@given(programs())
def test_a_program_survives_its_encoding(program: Program) -> None:
    assert same(decoded(encode(program)), program)
    assert same(decoded(encode(program, CAPACITY)), program)


@pytest.mark.parametrize("name", LIBRARY)
def test_known_programs_survive_their_encoding(name: str) -> None:
    assert decoded(encode(library_program(name))) == library_program(name)


@given(st.lists(programs(), min_size=4, max_size=4), st.permutations(range(4)))
def test_members_do_not_touch_each_other(some: list[Program], order: list[int]) -> None:
    population, start = new_population(4, CAPACITY), new_code(CAPACITY).start
    for slot in order:
        copy_in(encode(some[slot], CAPACITY), population, slot)
    assert all(same(member(population, slot, start), some[slot]) for slot in range(4))


@given(programs(), programs())
def test_a_program_takes_the_place_of_another_without_a_trace(first: Program, second: Program) -> None:
    population, start = new_population(1, CAPACITY), new_code(CAPACITY).start
    copy_in(encode(first, CAPACITY), population, 0)
    copy_in(encode(second, CAPACITY), population, 0)
    assert same(member(population, 0, start), second)
    program = encode(first, CAPACITY)
    copy_out(population, 0, program)
    assert same(decoded(program), second)


@given(programs(), programs())
def test_copying_leaves_the_source_as_it_was(source: Program, before: Program) -> None:
    original, copy = encode(source, CAPACITY), encode(before, CAPACITY)
    copy_program(original, copy)
    assert same(decoded(copy), source)
    copy.code[:], copy.data[:], copy.size[:] = 1, 1, 1
    assert same(decoded(original), source)


def test_a_new_population_is_empty() -> None:
    population = new_population(3, CAPACITY)
    assert population.fitness.tolist() == [-1.0] * 3
    assert population.oldest.tolist() == [0]
    assert not population.size.any()
