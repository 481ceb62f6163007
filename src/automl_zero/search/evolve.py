"""The search as one compiled loop: select a parent, make a candidate, evaluate it, replace a member.

Regularized evolution (paper, section 3.2, figure 2): the best of a few random members is the parent, and its child
replaces the oldest member. Minimal Generation Gap (Mishima and Ono 2025): two parents have a family, and two of it
replace them. Random search and the scoring of an initial population are the same loop with other candidates.

The loop releases the GIL and touches nothing but the arrays that it is given. When the machine's stop flag is raised,
it returns before the candidate under way is counted or becomes a member.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from automl_zero.search.conventions import END, NONE, Identity, Key
from automl_zero.search.generation_gap import replace_parents, skeleton_hash
from automl_zero.search.lineage_log import HARMFUL, IMPROVING, NEUTRAL, NO_MUTATION, FitterChild, Roots, record
from automl_zero.search.population import Traits, copy_member, copy_out, copy_program, put_member
from automl_zero.search.random_stream import below
from automl_zero.search.reproduction import lower_candidate, make_child, make_random, select_parents, tournament
from automl_zero.search.score import evaluate_candidate
from automl_zero.search.space import Space
from automl_zero.search.state import Counter, Settings, State, Workspace
from automl_zero.vm.evaluation_arrays import LaneTasks
from automl_zero.vm.jit import jit, jit_entry, jit_inline
from automl_zero.vm.kernel import STOP
from automl_zero.vm.lanes.lanes import Width, read_shared


class CandidateSource(IntEnum):
    """Where a candidate comes from."""

    CHILD = 0  # a child of the best of a tournament
    RANDOM = 1  # a random program
    MEMBER = 2  # the oldest member itself, which is scored (again) and stays in its slot
    FAMILY = 3  # a child of one of two members, which have a whole family


@jit_entry
def evolve(
    width: Width,
    space: Space,
    settings: Settings,
    tasks: LaneTasks,
    state: State,
    scratch: Workspace,
    source: int,
    count: int,
) -> None:
    """Make ``count`` candidates of a source, evaluate them, and let them replace members.

    ``source`` is a ``CandidateSource`` as a plain integer: Numba would compile the loop once more for the enum. If
    ``count`` is no multiple of ``settings.children``, the last family is smaller. The parameters are eight since each
    is a tuple of another life time: a type, the config, the tasks, the state, memory, and what this call asks for.
    """
    parents, stop = (NONE, NONE), scratch.buffers.context[STOP]
    for number in range(count):
        child = number % settings.children  # its place in its family
        if source == CandidateSource.FAMILY and child == 0:
            parents = select_parents(state)
        parent = _select_parent(state, settings, source, parents)
        key = _make_candidate(state, space, settings, scratch, source, parent)
        if read_shared(stop):  # then drafts ended early, and the candidate is none that the seed asks for
            return
        # Both are read now, since evaluation fuses the lowered candidate and changes its instructions.
        live = scratch.lowered.bounds[END]
        skeleton = skeleton_hash(scratch.lowered) if settings.rarity > 0 else np.uint64(0)
        fitness = evaluate_candidate(width, settings, tasks, state, scratch, key)
        if read_shared(stop):  # then the fitness has no meaning
            return
        _count_candidate(state, scratch, live)
        ancestor = _closest_ancestor(state, scratch, source, parent, fitness)
        _keep_best(state, scratch, fitness, ancestor)
        traits = Traits(fitness=fitness, live=live, structure=skeleton, ancestor=ancestor)
        if source == CandidateSource.FAMILY:
            put_member(scratch.candidate, traits, scratch.family, child)
            if child == settings.children - 1 or number == count - 1:
                _replace_parents_by_family(state, settings, scratch, parents, child + 1)
        else:
            _replace_oldest(state, scratch, traits)


@jit_inline
def _select_parent(state: State, settings: Settings, source: int, parents: tuple[int, int]) -> int:
    """Return the slot of a candidate's parent, or NONE for candidates that have no parent."""
    parent = NONE
    if source == CandidateSource.CHILD:
        parent = tournament(state, settings)
    elif source == CandidateSource.FAMILY:
        first, second = parents
        parent = second if below(state.random, 2) else first
    return parent


@jit_inline
def _make_candidate(
    state: State, space: Space, settings: Settings, scratch: Workspace, source: int, parent: int
) -> Key:
    """Put a candidate into the workspace, as code and lowered; return the hash of the pruned program."""
    if parent != NONE:
        key = make_child(state, space, settings, scratch, parent)
    elif source == CandidateSource.RANDOM:
        key = make_random(state, space, settings, scratch)
    else:
        copy_out(state.population, state.population.oldest[0], scratch.candidate)
        key = lower_candidate(settings, scratch)
    return key


@jit
def _count_candidate(state: State, scratch: Workspace, live: int) -> None:
    counters, size = state.counters, scratch.candidate.size
    counters[Counter.PROGRAMS] += 1
    counters[Counter.INSTRUCTIONS] += size[0] + size[1] + size[2]
    counters[Counter.LIVE_INSTRUCTIONS] += live


@jit
def _closest_ancestor(state: State, scratch: Workspace, source: int, parent: int, fitness: float) -> Identity:
    """Return the closest ancestor that was fitter than its own parent: a child itself, or that of its parent."""
    if parent != NONE:
        return _record_child(state, scratch, parent, fitness)
    if source == CandidateSource.MEMBER:
        own: Identity = state.population.ancestor[state.population.oldest[0]]
        return own
    return np.uint64(0)


@jit
def _record_child(state: State, scratch: Workspace, parent: int, fitness: float) -> Identity:
    """Count the effect of a child's mutation, and record the child if it is an improvement."""
    parent_fitness, mutation = state.population.fitness[parent], scratch.mutation[0]
    if mutation != NO_MUTATION:
        effect = IMPROVING if fitness > parent_fitness else NEUTRAL if fitness == parent_fitness else HARMFUL
        state.effects[mutation, effect] += 1
    inherited: Identity = state.population.ancestor[parent]
    if not fitness > parent_fitness:
        return inherited
    improvement = FitterChild(
        fitness=fitness,
        parent_fitness=parent_fitness,
        mutation=mutation,
        born=state.counters[Counter.PROGRAMS],
        before=inherited,
    )
    roots = Roots(population=state.population, family=scratch.family, best_ancestor=state.best_ancestor)
    return record(scratch.lineage_log, scratch.candidate, improvement, roots, state.random)


@jit
def _keep_best(state: State, scratch: Workspace, fitness: float, ancestor: Identity) -> None:
    """Keep the candidate if it is fitter than all before it."""
    if fitness > state.best_fitness[0]:
        state.best_fitness[0], state.best_ancestor[0] = fitness, ancestor
        state.counters[Counter.BEST_AT] = state.counters[Counter.PROGRAMS]
        copy_program(scratch.candidate, state.best)


@jit
def _replace_oldest(state: State, scratch: Workspace, traits: Traits) -> None:
    """Let the candidate replace the oldest member; the next one is then the oldest."""
    population = state.population
    slot = population.oldest[0]
    population.oldest[0] = (slot + 1) % population.fitness.shape[0]
    put_member(scratch.candidate, traits, population, slot)


@jit
def _replace_parents_by_family(
    state: State, settings: Settings, scratch: Workspace, parents: tuple[int, int], children: int
) -> None:
    """Let two of the family, which the parents complete, replace the parents."""
    population, family, start = state.population, scratch.family, scratch.candidate.start
    first, second = parents
    copy_member(population, first, family, children, start)
    copy_member(population, second, family, children + 1, start)
    replace_parents(population, parents, family, children + 2, settings, start)
    family.ancestor[:] = 0  # those that did not survive are no roots of the lineage log any more
