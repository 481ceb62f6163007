"""Births of programs that are fitter than their parents, kept until they are taken from an island.

Every member knows its closest ancestor that was such a birth, and every birth the one before it, so the way to any
member can be told. A birth that is no ancestor of anything that lives is forgotten; the search never looks at births.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.graph.mutation import WEIGHTS
from automl_zero.search.population import COLUMNS, Population, copy_in, copy_member, new_population
from automl_zero.search.space import MUTATIONS
from automl_zero.vm.jit import jit, jit_entry
from automl_zero.vm.lower import MAX_CONSTANTS, Code, mix

# Numbers of mutations: those of instructions, then those of graphs.
MUTATION_NAMES = (*map(str, MUTATIONS), *WEIGHTS)
FIRST_OF_GRAPHS = len(MUTATIONS)
NO_MUTATION = -1
HARMFUL, NEUTRAL, IMPROVING = range(3)  # what a mutation did to the fitness

LEAST_ROOM = 1000  # births, unless an epoch has fewer programs
USED, IS_FULL = range(2)  # entries of Births.facts
FREE = -1  # in Births.places


class LineageLog(NamedTuple):
    """Room for B births; those there are stand in the first rows, in the order in which they happened.

    Attributes:
        programs: the children with their fitness; ``ancestor`` is each one's own identity.
        before: [B] identity of the birth before it on the way to it, 0 if there is none.
        parent_fitness: [B]; ``mutation``: [B] its number in MUTATION_NAMES.
        born: [B] the number of the candidate, from 1.
        facts: [2] rows in use; and 1 if there is no room for more until these are taken.
        places: [4 B] room to find rows by identity; ``needed``: [B] room to mark them.
    """

    programs: Population
    before: NDArray[np.uint64]
    parent_fitness: NDArray[np.float64]
    mutation: NDArray[np.int64]
    born: NDArray[np.int64]
    facts: NDArray[np.int64]
    places: NDArray[np.int64]
    needed: NDArray[np.bool_]


class Ancestors(NamedTuple):
    """Births by themselves, [n], as they are taken and kept; rows of their programs follow each other, [rows].

    Attributes:
        identity, before: as in ``LineageLog``; ``island``: the number of the island where they happened.
        size: [n, 3] instructions of the component functions; ``code``: [rows, 4]; ``data``: [rows, 3].
    """

    identity: NDArray[np.uint64]
    before: NDArray[np.uint64]
    island: NDArray[np.int64]
    born: NDArray[np.int64]
    mutation: NDArray[np.int64]
    parent_fitness: NDArray[np.float64]
    fitness: NDArray[np.float64]
    size: NDArray[np.int64]
    code: NDArray[np.int16]
    data: NDArray[np.float64]


FIELDS = Ancestors._fields


class EpochStats(NamedTuple):
    """What an epoch has brought forth on an island.

    Attributes:
        ancestors: births since the epoch before that have descendants.
        living: the closest ancestors of the members and of the best program, each once.
        behaviours: how many different scores the members have; ``most_common_count``: how many have the most
            common one.
        best: the closest ancestor of the best program, itself if it was such a birth; 0 if there is none.
    """

    ancestors: Ancestors
    living: NDArray[np.uint64]
    behaviours: int
    most_common_count: int
    best: int


def no_ancestors() -> Ancestors:
    """None at all."""
    numbers, names, scores = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0)
    size, code, data = np.zeros((0, 3), np.int64), np.zeros((0, COLUMNS), np.int16), np.zeros((0, MAX_CONSTANTS))
    return Ancestors(names, names, numbers, numbers, numbers, scores, scores, size, code, data)


def new_lineage_log(population_size: int, epoch_programs: int, capacity: tuple[int, ...]) -> LineageLog:
    """Room for what an epoch may bring forth and leave alive."""
    room = min(epoch_programs, max(LEAST_ROOM, 2 * population_size))
    return LineageLog(
        new_population(room, capacity),
        np.zeros(room, np.uint64),
        np.zeros(room),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.zeros(2, np.int64),
        np.zeros(4 * room, np.int64),
        np.zeros(room, np.bool_),
    )


def collect(lineage_log: LineageLog, start: NDArray[np.int64], island: int) -> Ancestors:
    """Take all births, and make room for new ones; ``start`` [4] as in ``Code``."""
    used, programs = int(lineage_log.facts[USED]), lineage_log.programs
    size = programs.size[:used].copy()
    row = np.arange(programs.code.shape[1])
    held = np.zeros((used, len(row)), np.bool_)
    for component in range(3):
        held |= (row >= start[component]) & (row < start[component] + size[:, [component]])
    lineage_log.facts[:] = 0
    return Ancestors(
        programs.ancestor[:used].copy(),
        lineage_log.before[:used].copy(),
        np.full(used, island),
        lineage_log.born[:used].copy(),
        lineage_log.mutation[:used].copy(),
        lineage_log.parent_fitness[:used].copy(),
        programs.fitness[:used].copy(),
        size,
        programs.code[:used][held],
        programs.data[:used][held],
    )


@jit
def note(
    lineage_log: LineageLog,
    child: Code,
    fitness: float,
    parent_fitness: float,
    mutation: int,
    born: int,
    before: Any,
    population: Population,
    family: Population,
    best: Any,
    random: Any,
) -> Any:
    """Note the birth of a child and give its identity; where there is no room, that of the birth before it.

    The identity follows from the state of the random numbers, [4], which is another at every birth on every island.
    """
    facts = lineage_log.facts
    if facts[IS_FULL]:
        return before
    if facts[USED] == lineage_log.before.shape[0]:
        forget(lineage_log, population, family, best, child.start)
        if 4 * facts[USED] > 3 * lineage_log.before.shape[0]:
            facts[IS_FULL] = 1
            return before
    row = facts[USED]
    facts[USED] += 1
    identity = mix(mix(random[0], random[1]), np.uint64(born)) | np.uint64(1)
    copy_in(child, lineage_log.programs, row)
    lineage_log.programs.fitness[row], lineage_log.programs.ancestor[row] = fitness, identity
    lineage_log.before[row], lineage_log.parent_fitness[row] = before, parent_fitness
    lineage_log.mutation[row], lineage_log.born[row] = mutation, born
    return identity


@jit
def forget(lineage_log: LineageLog, population: Population, family: Population, best: Any, start: Any) -> None:
    """Keep the ancestors of members, of the family that is growing, and of the best program alone."""
    _enter(lineage_log)
    for identity in population.ancestor:
        _need(lineage_log, identity)
    for identity in family.ancestor:
        _need(lineage_log, identity)
    _need(lineage_log, best[0])
    for row in range(lineage_log.facts[USED] - 1, -1, -1):
        if lineage_log.needed[row]:
            _need(lineage_log, lineage_log.before[row])
    kept = 0
    for row in range(lineage_log.facts[USED]):
        if lineage_log.needed[row]:
            _move(lineage_log, row, kept, start)
            kept += 1
    lineage_log.facts[USED] = kept


@jit_entry
def forget_now(lineage_log: LineageLog, population: Population, family: Population, best: Any, start: Any) -> None:
    """As ``forget``, for Python."""
    forget(lineage_log, population, family, best, start)


@jit
def _enter(lineage_log: LineageLog) -> None:
    """Enter all rows into a table with open addressing, and mark none of them."""
    places, room = lineage_log.places, lineage_log.places.shape[0]
    for each in range(room):
        places[each] = FREE
    for row in range(lineage_log.facts[USED]):
        lineage_log.needed[row] = False
        place = np.int64(lineage_log.programs.ancestor[row] % np.uint64(room))
        while places[place] != FREE:
            place = (place + 1) % room
        places[place] = row


@jit
def _need(lineage_log: LineageLog, identity: Any) -> None:
    """Mark the row of an identity, if it is here."""
    places, room = lineage_log.places, lineage_log.places.shape[0]
    place = np.int64(identity % np.uint64(room))
    while places[place] != FREE:
        if lineage_log.programs.ancestor[places[place]] == identity:
            lineage_log.needed[places[place]] = True
            return
        place = (place + 1) % room


@jit
def _move(lineage_log: LineageLog, row: int, place: int, start: Any) -> None:
    if row == place:
        return
    copy_member(lineage_log.programs, row, lineage_log.programs, place, start)
    lineage_log.before[place], lineage_log.parent_fitness[place] = (
        lineage_log.before[row],
        lineage_log.parent_fitness[row],
    )
    lineage_log.mutation[place], lineage_log.born[place] = lineage_log.mutation[row], lineage_log.born[row]
