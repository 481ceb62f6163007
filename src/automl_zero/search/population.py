"""The population as arrays: a ring in which every child takes the place of the oldest member."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.program.ops import OPS
from automl_zero.program.program import Instruction, Program
from automl_zero.vm.jit import jit
from automl_zero.vm.lower import MAX_CONSTANTS, NUM_CONSTANTS, Code

COLUMNS = 4  # of program code: op, in1, in2, out


class Population(NamedTuple):
    """P programs of at most K instructions, and their scores.

    Attributes:
        code: [P, K, 4] int16 as in ``Code``; ``data``: [P, K, 3] float64; ``size``: [P, 3].
        fitness: [P], -1 where a slot is still empty; ``live``: [P] instructions that pruning leaves.
        structure: [P] hash of the pruned program without its constants.
        ancestor: [P] the closest ancestor that was fitter than its own parent, perhaps the member itself, by its
            identity in ``lineage_log.LineageLog``; 0 if there is none.
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


def new_population(count: int, capacity: tuple[int, ...]) -> Population:
    """Empty slots for ``count`` programs of at most ``capacity`` instructions in each component function."""
    total = sum(capacity)
    return Population(
        np.zeros((count, total, 4), np.int16),
        np.zeros((count, total, MAX_CONSTANTS)),
        np.zeros((count, 3), np.int64),
        np.full(count, -1.0),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint64),
        np.zeros(count, np.uint64),
        np.zeros(1, np.int64),
    )


def fill(population: Population, programs: Sequence[Code]) -> None:
    """Copy programs to all empty slots, one after the other and again from the first, from Python."""
    for first, program in enumerate(programs):
        slots = slice(first, None, len(programs))
        population.size[slots] = program.size
        used = np.flatnonzero(program.code.any(axis=1) | program.data.any(axis=1))  # all else is zero already
        population.code[slots, used], population.data[slots, used] = program.code[used], program.data[used]


@jit
def copy_out(population: Population, slot: int, program: Code) -> None:
    """Copy a member to a program's arrays."""
    for component in range(3):
        program.size[component] = population.size[slot, component]
        for row in range(program.start[component], program.start[component] + program.size[component]):
            for column in range(COLUMNS):
                program.code[row, column] = population.code[slot, row, column]
            for constant in range(MAX_CONSTANTS):
                program.data[row, constant] = population.data[slot, row, constant]


@jit
def copy_in(program: Code, population: Population, slot: int) -> None:
    """Copy a program's arrays to a slot."""
    for component in range(3):
        population.size[slot, component] = program.size[component]
        for row in range(program.start[component], program.start[component] + program.size[component]):
            for column in range(COLUMNS):
                population.code[slot, row, column] = program.code[row, column]
            for constant in range(MAX_CONSTANTS):
                population.data[slot, row, constant] = program.data[row, constant]


@jit
def copy_member(source: Population, place: int, target: Population, slot: int, start: Any) -> None:
    """Copy a member of one population, and what is known of it, to a slot of another; ``start`` as in ``Code``."""
    for component in range(3):
        target.size[slot, component] = source.size[place, component]
        for row in range(start[component], start[component] + source.size[place, component]):
            for column in range(COLUMNS):
                target.code[slot, row, column] = source.code[place, row, column]
            for constant in range(MAX_CONSTANTS):
                target.data[slot, row, constant] = source.data[place, row, constant]
    target.fitness[slot], target.live[slot] = source.fitness[place], source.live[place]
    target.structure[slot], target.ancestor[slot] = source.structure[place], source.ancestor[place]


@jit
def copy_program(source: Code, target: Code) -> None:
    """Copy a program's arrays to others of the same capacity."""
    for component in range(3):
        target.size[component] = source.size[component]
        for row in range(source.start[component], source.start[component] + source.size[component]):
            for column in range(COLUMNS):
                target.code[row, column] = source.code[row, column]
            for constant in range(MAX_CONSTANTS):
                target.data[row, constant] = source.data[row, constant]


@jit
def is_better(population: Population, one: int, other: int, resolution: float, parsimony: bool) -> bool:
    """Whether one member is fitter than another, in whole steps of a resolution above 0, or as fit and shorter."""
    gain = population.fitness[one] - population.fitness[other]
    if resolution > 0:
        gain = math.floor(population.fitness[one] / resolution) - math.floor(population.fitness[other] / resolution)
    return bool(gain > 0 or (gain == 0 and parsimony and population.live[one] < population.live[other]))


def decode(
    code: NDArray[np.int16], data: NDArray[np.float64], size: NDArray[np.int64], start: NDArray[np.int64]
) -> Program:
    """The program that a slot's arrays stand for."""
    components = []
    for component in range(3):
        rows = range(start[component], start[component] + size[component])
        components.append(tuple(_instruction(code[row], data[row]) for row in rows))
    return Program(*components)


def _instruction(code: NDArray[np.int16], data: NDArray[np.float64]) -> Instruction:
    op, in1, in2, out = map(int, code)
    return Instruction(OPS[op].number, in1, in2, out, tuple(map(float, data[: NUM_CONSTANTS[op]])))
