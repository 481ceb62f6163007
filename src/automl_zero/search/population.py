"""The population as arrays: a ring buffer in which every child replaces the oldest member (paper, section 3.2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import OPS
from automl_zero.program.program import Instruction, Program
from automl_zero.search.conventions import NUM_COMPONENTS, ComponentStarts, Identity, Key
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import MAX_CONSTANTS, NUM_CONSTANTS, Code

COLUMNS = 4  # of program code: op, in1, in2, out


class Population(NamedTuple):
    """P programs of at most K instructions, and what is known of each.

    The names of the fields are names of arrays in checkpoints, and part of the digest of a state.

    Attributes:
        code: [P, K, 4] int16 as in ``Code``.
        data: [P, K, 3] constants.
        size: [P, 3] instructions of the component functions.
        fitness: [P], -1 where a slot is still empty.
        live: [P] instructions that pruning leaves.
        structure: [P] skeleton hash: of the pruned program without its constants; 0 where it is not needed.
        ancestor: [P] identity of the closest ancestor that was fitter than its own parent, perhaps of the member
            itself, in ``lineage_log.LineageLog``; 0 if there is none.
        oldest: [1] the slot that the next child takes.
    """

    code: NDArray[np.int16]
    data: NDArray[np.float64]
    size: NDArray[np.int64]
    fitness: NDArray[np.float64]
    live: NDArray[np.int64]
    structure: NDArray[np.uint64]
    ancestor: NDArray[np.uint64]
    oldest: NDArray[np.int64]


class Traits(NamedTuple):
    """What a population keeps of a member besides its program; the fields are those of ``Population``."""

    fitness: float
    live: int
    structure: Key
    ancestor: Identity


def new_population(count: int, capacity: tuple[int, ...]) -> Population:
    """Return empty slots for ``count`` programs of at most ``capacity`` instructions in each component function."""
    total = sum(capacity)
    return Population(
        code=np.zeros((count, total, COLUMNS), np.int16),
        data=np.zeros((count, total, MAX_CONSTANTS)),
        size=np.zeros((count, NUM_COMPONENTS), np.int64),
        fitness=np.full(count, -1.0),
        live=np.zeros(count, np.int64),
        structure=np.zeros(count, np.uint64),
        ancestor=np.zeros(count, np.uint64),
        oldest=np.zeros(1, np.int64),
    )


def fill(population: Population, programs: Sequence[Code]) -> None:
    """Copy programs to all slots of a new population, in turn and again from the first."""
    for first, program in enumerate(programs):
        slots = slice(first, None, len(programs))
        population.size[slots] = program.size
        used = np.flatnonzero(program.code.any(axis=1) | program.data.any(axis=1))  # all else is zero already
        population.code[slots, used], population.data[slots, used] = program.code[used], program.data[used]


# The four copies move the rows in use only: programs are much shorter than their capacity, and what is in the rows
# after them never matters. Columns are copied by loops, which compile to a few moves; slices would make array views.


@jit
def copy_out(population: Population, slot: int, program: Code) -> None:
    """Copy a member to a program's arrays."""
    for component in range(NUM_COMPONENTS):
        program.size[component] = population.size[slot, component]
        for row in range(program.start[component], program.start[component] + program.size[component]):
            for column in range(COLUMNS):
                program.code[row, column] = population.code[slot, row, column]
            for constant in range(MAX_CONSTANTS):
                program.data[row, constant] = population.data[slot, row, constant]


@jit
def copy_in(program: Code, population: Population, slot: int) -> None:
    """Copy a program's arrays to a slot."""
    for component in range(NUM_COMPONENTS):
        population.size[slot, component] = program.size[component]
        for row in range(program.start[component], program.start[component] + program.size[component]):
            for column in range(COLUMNS):
                population.code[slot, row, column] = program.code[row, column]
            for constant in range(MAX_CONSTANTS):
                population.data[slot, row, constant] = program.data[row, constant]


@jit
def copy_member(source: Population, source_slot: int, target: Population, slot: int, start: ComponentStarts) -> None:
    """Copy a member of one population, with its traits, to a slot of another."""
    for component in range(NUM_COMPONENTS):
        target.size[slot, component] = source.size[source_slot, component]
        for row in range(start[component], start[component] + source.size[source_slot, component]):
            for column in range(COLUMNS):
                target.code[slot, row, column] = source.code[source_slot, row, column]
            for constant in range(MAX_CONSTANTS):
                target.data[slot, row, constant] = source.data[source_slot, row, constant]
    target.fitness[slot], target.live[slot] = source.fitness[source_slot], source.live[source_slot]
    target.structure[slot], target.ancestor[slot] = source.structure[source_slot], source.ancestor[source_slot]


@jit
def copy_program(source: Code, target: Code) -> None:
    """Copy a program's arrays to others of the same capacity."""
    for component in range(NUM_COMPONENTS):
        target.size[component] = source.size[component]
        for row in range(source.start[component], source.start[component] + source.size[component]):
            for column in range(COLUMNS):
                target.code[row, column] = source.code[row, column]
            for constant in range(MAX_CONSTANTS):
                target.data[row, constant] = source.data[row, constant]


@jit
def put_member(program: Code, traits: Traits, population: Population, slot: int) -> None:
    """Make a program with its traits the member in a slot."""
    copy_in(program, population, slot)
    population.fitness[slot], population.live[slot] = traits.fitness, traits.live
    population.structure[slot], population.ancestor[slot] = traits.structure, traits.ancestor


@jit
def in_steps(fitness: float, resolution: float) -> float:
    """Return a fitness in whole steps of a resolution, or as it is if the resolution is 0."""
    # Whole steps and not differences, so that "as fit" is transitive.
    return math.floor(fitness / resolution) if resolution > 0 else fitness


@jit
def is_better(population: Population, one: int, other: int, resolution: float, parsimony: bool) -> bool:
    """Return whether a member is fitter than another, in whole steps of a resolution above 0, or as fit and shorter."""
    # In steps, better by luck counts as equal.
    gain = in_steps(population.fitness[one], resolution) - in_steps(population.fitness[other], resolution)
    return bool(gain > 0 or (gain == 0 and parsimony and population.live[one] < population.live[other]))


def decode(
    code: NDArray[np.int16], data: NDArray[np.float64], size: NDArray[np.int64], start: ComponentStarts
) -> Program:
    """Return the program in the arrays of a slot."""
    components = []
    for component in range(NUM_COMPONENTS):
        rows = range(start[component], start[component] + size[component])
        components.append(tuple(_instruction(code[row], data[row]) for row in rows))
    return Program(*components)


def _instruction(code: NDArray[np.int16], data: NDArray[np.float64]) -> Instruction:
    op, in1, in2, out = map(int, code)
    return Instruction(OPS[op].number, in1, in2, out, tuple(map(float, data[: NUM_CONSTANTS[op]])))
