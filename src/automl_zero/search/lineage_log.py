"""The improvements of an epoch: children fitter than their parents, kept until they are collected from an island.

Every member knows its closest ancestor that was an improvement, and every improvement the one before it, so the
ancestry of every member can be reported. The log only listens: no result of a search depends on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Mutation
from automl_zero.search.conventions import NUM_COMPONENTS, ComponentStarts, Identity, RandomState
from automl_zero.search.graph.mutation import GRAPH_MUTATIONS
from automl_zero.search.population import COLUMNS, Population, copy_in, copy_member, new_population
from automl_zero.vm.jit import jit, jit_entry
from automl_zero.vm.lower import MAX_CONSTANTS, Code, mix

# Names of mutations by their numbers: those of instructions, then those of graphs.
MUTATION_NAMES = (*map(str, Mutation), *(mutation.name for mutation in GRAPH_MUTATIONS))
FIRST_OF_GRAPHS = len(Mutation)
NO_MUTATION = -1
HARMFUL, NEUTRAL, IMPROVING = range(3)  # columns of State.effects: what a mutation did to the fitness

MIN_CAPACITY = 1000  # improvements, unless an epoch has fewer programs
USED, IS_FULL = range(2)  # entries of LineageLog.status
FREE = -1  # in LineageLog.table


class LineageLog(NamedTuple):
    """Up to B improvements, in the first rows in the order in which they happened.

    Attributes:
        programs: the children with their fitness; ``ancestor`` is each one's own identity.
        before: [B] identity of the improvement before it in its ancestry, 0 if there is none.
        parent_fitness: [B] fitness of its parent.
        mutation: [B] its number in MUTATION_NAMES, or NO_MUTATION.
        born: [B] the number of the candidate on its island, from 1.
        status: [2] rows in use; and 1 if the log is full until it is collected.
        table: [4 B] hash table of rows by identity, rebuilt by each compaction.
        needed: [B] marks of a compaction.
    """

    programs: Population
    before: NDArray[np.uint64]
    parent_fitness: NDArray[np.float64]
    mutation: NDArray[np.int64]
    born: NDArray[np.int64]
    status: NDArray[np.int64]
    table: NDArray[np.int64]
    needed: NDArray[np.bool_]


class FitterChild(NamedTuple):
    """What is known of a child that is fitter than its parent, besides its program; as in ``LineageLog``."""

    fitness: float
    parent_fitness: float
    mutation: int
    born: int
    before: Identity


class Roots(NamedTuple):
    """What a compaction starts from: everything whose ancestry must stay known."""

    population: Population
    family: Population
    best_ancestor: NDArray[np.uint64]


class Ancestors(NamedTuple):
    """Collected improvements, [n], with the rows of their programs one after the other, [rows].

    The names of the fields are names of arrays in checkpoints.

    Attributes:
        identity: [n] of the improvement.
        before: [n] identity of the one before it in its ancestry, 0 if there is none.
        island: [n] number of the island where it happened.
        born: [n] number of the candidate on that island.
        mutation: [n] as in ``LineageLog``.
        parent_fitness: [n] fitness of its parent.
        fitness: [n] its own.
        size: [n, 3] instructions of the component functions.
        code: [rows, 4] as in ``Code``.
        data: [rows, 3] constants.
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
    """What an epoch has found on an island.

    Attributes:
        ancestors: improvements that were not collected before and have living descendants.
        living: the closest ancestors of the members and of the best program, each once.
        behaviours: number of different scores of the members.
        most_common_count: number of members that have the most common score.
        best: the closest ancestor of the best program, which may be that program itself; 0 if there is none.
    """

    ancestors: Ancestors
    living: NDArray[np.uint64]
    behaviours: int
    most_common_count: int
    best: int


def no_ancestors() -> Ancestors:
    """Return an empty collection."""
    integers, identities, scores = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0)
    return Ancestors(
        identity=identities,
        before=identities,
        island=integers,
        born=integers,
        mutation=integers,
        parent_fitness=scores,
        fitness=scores,
        size=np.zeros((0, NUM_COMPONENTS), np.int64),
        code=np.zeros((0, COLUMNS), np.int16),
        data=np.zeros((0, MAX_CONSTANTS)),
    )


def new_lineage_log(population_size: int, epoch_programs: int, capacity: tuple[int, ...]) -> LineageLog:
    """Return an empty log for the improvements that an epoch may find and leave with living descendants."""
    # Few children are improvements, and of these few have living descendants; if there are more, ``record`` drops them.
    rows = min(epoch_programs, max(MIN_CAPACITY, 2 * population_size))
    return LineageLog(
        programs=new_population(rows, capacity),
        before=np.zeros(rows, np.uint64),
        parent_fitness=np.zeros(rows),
        mutation=np.zeros(rows, np.int64),
        born=np.zeros(rows, np.int64),
        status=np.zeros(2, np.int64),
        table=np.zeros(4 * rows, np.int64),  # at most a quarter full, so that probes are short
        needed=np.zeros(rows, np.bool_),
    )


def collect(log: LineageLog, start: ComponentStarts, island: int) -> Ancestors:
    """Remove all improvements from the log and return them."""
    used, programs = int(log.status[USED]), log.programs
    size = programs.size[:used].copy()
    # Which rows of programs are in use: those from each component function's start on, as many as its size.
    row = np.arange(programs.code.shape[1])
    in_use = np.zeros((used, len(row)), np.bool_)
    for component in range(NUM_COMPONENTS):
        in_use |= (row >= start[component]) & (row < start[component] + size[:, [component]])
    log.status[:] = 0
    return Ancestors(
        identity=programs.ancestor[:used].copy(),
        before=log.before[:used].copy(),
        island=np.full(used, island),
        born=log.born[:used].copy(),
        mutation=log.mutation[:used].copy(),
        parent_fitness=log.parent_fitness[:used].copy(),
        fitness=programs.fitness[:used].copy(),
        size=size,
        code=programs.code[:used][in_use],
        data=programs.data[:used][in_use],
    )


@jit
def record(log: LineageLog, child: Code, improvement: FitterChild, roots: Roots, random: RandomState) -> Identity:
    """Record an improvement and return its identity; where the log is full, return that of the one before it.

    The identity follows from the state of the random numbers, [4], which differs between all children and islands.
    """
    capacity = log.before.shape[0]
    if log.status[IS_FULL]:
        return improvement.before
    if log.status[USED] == capacity:
        compact(log, roots, child.start)
        # Less than a quarter was freed: the next compactions would free as little, each after fewer children.
        if 4 * log.status[USED] > 3 * capacity:
            log.status[IS_FULL] = 1
            return improvement.before
    row = log.status[USED]
    log.status[USED] += 1
    identity: Identity = mix(mix(random[0], random[1]), np.uint64(improvement.born)) | np.uint64(1)  # never 0
    copy_in(child, log.programs, row)
    log.programs.fitness[row], log.programs.ancestor[row] = improvement.fitness, identity
    log.before[row], log.parent_fitness[row] = improvement.before, improvement.parent_fitness
    log.mutation[row], log.born[row] = improvement.mutation, improvement.born
    return identity


@jit
def compact(log: LineageLog, roots: Roots, start: ComponentStarts) -> None:
    """Keep only the ancestors of members, of the family under way, and of the best program."""
    # Mark and sweep. Rows are in order of time, so an ancestor stands before its descendants, and one pass from the
    # last row to the first marks all of them.
    _build_table(log)
    for identity in roots.population.ancestor:
        _mark(log, identity)
    for identity in roots.family.ancestor:
        _mark(log, identity)
    _mark(log, roots.best_ancestor[0])
    for row in range(log.status[USED] - 1, -1, -1):
        if log.needed[row]:
            _mark(log, log.before[row])
    kept = 0
    for row in range(log.status[USED]):
        if log.needed[row]:
            _move(log, row, kept, start)
            kept += 1
    log.status[USED] = kept


@jit_entry
def compact_now(log: LineageLog, roots: Roots, start: ComponentStarts) -> None:
    """Do what ``compact`` does, when Python asks for it."""
    compact(log, roots, start)


@jit
def _build_table(log: LineageLog) -> None:
    """Enter all rows into the hash table, which has open addressing with linear probing, and clear all marks."""
    table, size = log.table, log.table.shape[0]
    for place in range(size):
        table[place] = FREE
    for row in range(log.status[USED]):
        log.needed[row] = False
        place = int(np.int64(log.programs.ancestor[row] % np.uint64(size)))
        while table[place] != FREE:
            place = (place + 1) % size
        table[place] = row


@jit
def _mark(log: LineageLog, identity: Identity) -> None:
    """Mark the row of an identity, if it is in the log; it may have been collected, or come from another island."""
    table, size = log.table, log.table.shape[0]
    place = int(np.int64(identity % np.uint64(size)))
    while table[place] != FREE:
        if log.programs.ancestor[table[place]] == identity:
            log.needed[table[place]] = True
            return
        place = (place + 1) % size


@jit
def _move(log: LineageLog, row: int, target: int, start: ComponentStarts) -> None:
    if row == target:
        return
    copy_member(log.programs, row, log.programs, target, start)
    log.before[target], log.parent_fitness[target] = log.before[row], log.parent_fitness[row]
    log.mutation[target], log.born[target] = log.mutation[row], log.born[row]
