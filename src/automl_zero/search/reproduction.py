"""How a candidate is made: as a child of a member, or as a random program.

Invariant: a candidate is a legal program. Where no acceptable child can be made, the candidate is the parent itself.
"""

from __future__ import annotations

from automl_zero.search.cache import contains
from automl_zero.search.conventions import Key
from automl_zero.search.graph.mutation import FAILED, mutate_as_graph
from automl_zero.search.learnability import can_learn
from automl_zero.search.lineage_log import FIRST_OF_GRAPHS, NO_MUTATION
from automl_zero.search.mutate import mutate, randomize_program
from automl_zero.search.population import copy_out, is_better
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.search.state import Counter, Settings, State, Workspace
from automl_zero.vm.block import is_stopped
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import lower

STOP_CHECK_INTERVAL = 64  # attempts at a child between two looks at the stop flag
MAX_RANDOM_ATTEMPTS = 1_000_000  # attempts at a random valid program


@jit_inline
def tournament(state: State, settings: Settings) -> int:
    """Return the slot of the best of some members drawn with replacement; of equals, of the one drawn first."""
    size = state.population.fitness.shape[0]
    winner = below(state.random, size)
    # With replacement, so even the least fit member wins with a small probability.
    for _ in range(settings.tournament_size - 1):
        rival = below(state.random, size)
        if is_better(state.population, rival, winner, settings.fitness_resolution, settings.parsimony):
            winner = rival
    return winner


@jit
def select_parents(state: State) -> tuple[int, int]:
    """Return two different slots, drawn evenly."""
    size = state.population.fitness.shape[0]
    first, second = below(state.random, size), below(state.random, size - 1)
    return first, second + (second >= first)  # skips the first


@jit
def make_child(state: State, space: Space, settings: Settings, scratch: Workspace, parent: int) -> Key:
    """Make a child: drafts of the same parent until one is acceptable, or ``max_attempts`` have been rejected.

    A share of the children, ``neutral_share``, takes its first draft as it is. If all drafts are rejected, the
    candidate is the parent itself.

    Returns:
        The hash of the candidate, which is left lowered.
    """
    random, candidate = state.random, scratch.candidate
    # Without a share of exempt children, a population could not drift: every neutral child is known, and rejected.
    is_exempt = settings.max_attempts == 1 or uniform(random, 0.0, 1.0) < settings.neutral_share
    for attempt in range(1 if is_exempt else settings.max_attempts):
        if attempt % STOP_CHECK_INTERVAL == STOP_CHECK_INTERVAL - 1 and is_stopped(scratch.buffers):
            break
        copy_out(state.population, parent, candidate)
        is_made = _mutate_candidate(state, space, settings, scratch)
        if is_exempt or is_made:
            key = lower_candidate(settings, scratch)
            if is_exempt or _is_acceptable(state, settings, scratch, key):
                return key
        state.counters[Counter.REJECTED_DRAFTS] += 1
    copy_out(state.population, parent, candidate)
    scratch.mutation[0] = NO_MUTATION
    return lower_candidate(settings, scratch)


@jit
def make_random(state: State, space: Space, settings: Settings, scratch: Workspace) -> Key:
    """Make a random program; where mutations change graphs, a valid one, unless very many drafts in a row are not.

    Returns:
        The hash of the candidate, which is left lowered.
    """
    candidate = scratch.candidate
    if settings.graph_share == 0:
        randomize_program(state.random, space, candidate)
        return lower_candidate(settings, scratch)
    for _ in range(MAX_RANDOM_ATTEMPTS):
        if is_stopped(scratch.buffers):
            break
        candidate.size[:] = 0  # a valid program is a mutant of the empty one
        if _mutate_candidate_graph(state, space, settings, scratch):
            key = lower_candidate(settings, scratch)
            if _is_acceptable(state, settings, scratch, key):
                return key
        state.counters[Counter.REJECTED_DRAFTS] += 1
    return lower_candidate(settings, scratch)


@jit
def lower_candidate(settings: Settings, scratch: Workspace) -> Key:
    """Lower the candidate in the workspace, and return the hash of the pruned program."""
    key: Key = lower(scratch.candidate, settings.multiclass, scratch.lowered)
    return key


@jit_inline
def _mutate_candidate(state: State, space: Space, settings: Settings, scratch: Workspace) -> bool:
    """Mutate the candidate with probability ``mutation_prob``; return whether what was drawn could be done."""
    random = state.random
    scratch.mutation[0] = NO_MUTATION
    if not uniform(random, 0.0, 1.0) < space.mutation_prob[0]:
        return True
    # No number is drawn for the kind of mutation where all are of instructions: known seeds keep their results.
    if settings.graph_share > 0 and uniform(random, 0.0, 1.0) < settings.graph_share:
        return _mutate_candidate_graph(state, space, settings, scratch)
    scratch.mutation[0] = mutate(random, space, scratch.candidate)
    return True


@jit
def _mutate_candidate_graph(state: State, space: Space, settings: Settings, scratch: Workspace) -> bool:
    """Mutate the candidate's graph; return whether the result is a valid program, or else the candidate stays."""
    kind = mutate_as_graph(state.random, space, settings.multiclass, scratch.candidate, scratch.lowered, scratch.graphs)
    if kind != FAILED:
        scratch.mutation[0] = FIRST_OF_GRAPHS + kind
    return bool(kind != FAILED)


@jit
def _is_acceptable(state: State, settings: Settings, scratch: Workspace, key: Key) -> bool:
    """Return whether the lowered candidate has no known score and may, by its code, be able to learn."""
    return not contains(state.programs, key) and can_learn(
        scratch.lowered, settings.multiclass, scratch.abstract_memory
    )
