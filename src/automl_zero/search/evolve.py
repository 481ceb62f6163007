"""The search as one compiled loop: select, copy, mutate, prune, look up, fingerprint, evaluate, replace.

Regularized evolution (paper, section 3.2): the best of a few random members is the parent, and its child takes the
place of the oldest member. Random search is the same loop with a random program in place of the child, and an initial
population is scored by the same loop, too. It releases the GIL and touches nothing but the arrays it is given. Once the
machine's stop flag is raised, it ends before the candidate under way is counted or taken in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automl_zero.search.generation_gap import skeleton_hash, survive
from automl_zero.search.lineage_log import HARMFUL, IMPROVING, NEUTRAL, NO_MUTATION, note
from automl_zero.search.population import Population, copy_in, copy_member, copy_out, copy_program
from automl_zero.search.random_stream import below
from automl_zero.search.reproduction import make_child, make_random, select_parents, tournament
from automl_zero.search.score import score
from automl_zero.search.space import Space
from automl_zero.search.state import BEST_AT, INSTRUCTIONS, LIVE, PROGRAMS, Settings, State, Workspace
from automl_zero.vm.evaluation_arrays import LaneTasks
from automl_zero.vm.jit import jit, jit_entry
from automl_zero.vm.kernel import STOP
from automl_zero.vm.lanes.lanes import read_shared
from automl_zero.vm.lower import Code, lower

# Where a candidate comes from: the best of a few members, nowhere, its own slot, or two members that have a family.
CHILD, RANDOM, MEMBER, FAMILY = range(4)
NOBODY = -1  # in place of the slot of a parent


@jit_entry
def evolve(
    width: Any,
    space: Space,
    settings: Settings,
    tasks: LaneTasks,
    state: State,
    scratch: Workspace,
    source: int,
    count: int,
) -> None:
    """Make that many candidates (``source`` is one of the sources above), score them, and take them in.

    Families are not left half-grown: the last one has fewer children if ``count`` is no multiple of their number.
    """
    population, candidate, family = state.population, scratch.candidate, scratch.family
    first = second = 0
    stop = scratch.buffers.context[STOP]
    for number in range(count):
        child = number % settings.children
        if source == FAMILY and child == 0:
            first, second = select_parents(state)
        parent, key = NOBODY, np.uint64(0)
        if source == CHILD:
            parent = tournament(state, settings)
        elif source == FAMILY:
            parent = second if below(state.random, 2) else first
        if parent != NOBODY:
            key = make_child(state, space, settings, scratch, parent)
        elif source == RANDOM:
            key = make_random(state, space, settings, scratch)
        else:
            copy_out(population, population.oldest[0], candidate)
            key = lower(candidate, settings.multiclass, scratch.lowered)
        if read_shared(stop):
            return
        live = scratch.lowered.bounds[3]
        structure = skeleton_hash(scratch.lowered) if settings.rarity > 0 else np.uint64(0)
        fitness = score(width, settings, tasks, state, scratch, key)
        if read_shared(stop):
            return
        _count(state, candidate, live)
        ancestor = population.ancestor[population.oldest[0]] if source == MEMBER else np.uint64(0)
        if parent != NOBODY:
            ancestor = _ancestor(state, scratch, parent, fitness)
        _keep_best(state, candidate, fitness, ancestor)
        if source != FAMILY:
            slot = population.oldest[0]
            population.oldest[0] = (slot + 1) % population.fitness.shape[0]
            _place(candidate, population, slot, fitness, live, structure, ancestor)
            continue
        _place(candidate, family, child, fitness, live, structure, ancestor)
        if child == settings.children - 1 or number == count - 1:
            copy_member(population, first, family, child + 1, candidate.start)
            copy_member(population, second, family, child + 2, candidate.start)
            survive(population, first, second, family, child + 3, settings, candidate.start)
            family.ancestor[:] = 0


@jit
def _place(
    candidate: Code, population: Population, slot: int, fitness: float, live: int, structure: Any, ancestor: Any
) -> None:
    """Make the candidate a member."""
    copy_in(candidate, population, slot)
    population.fitness[slot], population.live[slot] = fitness, live
    population.structure[slot], population.ancestor[slot] = structure, ancestor


@jit
def _count(state: State, candidate: Code, live: int) -> None:
    """Count the candidate."""
    counters, size = state.counters, candidate.size
    counters[PROGRAMS] += 1
    counters[INSTRUCTIONS] += size[0] + size[1] + size[2]
    counters[LIVE] += live


@jit
def _ancestor(state: State, scratch: Workspace, parent: int, fitness: float) -> Any:
    """The closest ancestor of a child that was fitter than its parent: the child itself, or that of its parent."""
    before, mutation = state.population.fitness[parent], scratch.mutation[0]
    if mutation != NO_MUTATION:
        effect = IMPROVING if fitness > before else NEUTRAL if fitness == before else HARMFUL
        state.effects[mutation, effect] += 1
    inherited = state.population.ancestor[parent]
    if not fitness > before:
        return inherited
    return note(
        scratch.lineage_log, scratch.candidate, fitness, before, mutation, state.counters[PROGRAMS], inherited,
        state.population, scratch.family, state.best_ancestor, state.random,
    )  # fmt: skip


@jit
def _keep_best(state: State, candidate: Code, fitness: float, ancestor: Any) -> None:
    """Keep the candidate if it is the best so far."""
    if fitness > state.best_fitness[0]:
        state.best_fitness[0], state.best_ancestor[0] = fitness, ancestor
        state.counters[BEST_AT] = state.counters[PROGRAMS]
        copy_program(candidate, state.best)
