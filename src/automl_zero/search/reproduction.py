"""How a candidate is made: as a child of a member, or as a random program.

Invariant: a candidate is a legal program. Where no child can be made that is worth a look, it is the parent itself.
"""

from __future__ import annotations

from typing import Any

from automl_zero.search.cache import contains
from automl_zero.search.graph.mutation import FAILED, mutate_as_graph
from automl_zero.search.learnability import can_learn
from automl_zero.search.lineage_log import FIRST_OF_GRAPHS, NO_MUTATION
from automl_zero.search.mutate import mutate, randomize_program
from automl_zero.search.population import copy_out, is_better
from automl_zero.search.random_stream import below, uniform
from automl_zero.search.space import Space
from automl_zero.search.state import REJECTED_DRAFTS, Settings, State, Workspace
from automl_zero.vm.block import is_stopped
from automl_zero.vm.jit import jit, jit_inline
from automl_zero.vm.lower import lower

LOOK_AT = 64  # attempts between two looks at the stop flag
MAX_RANDOM_ATTEMPTS = 1_000_000  # attempts at a random valid program


@jit
def make_child(state: State, space: Space, settings: Settings, scratch: Workspace, parent: int) -> Any:
    """Make a child, anew as long as it is not worth a look, up to a number of attempts; then the parent itself.

    Gives the hash of the candidate, which is left lowered.
    """
    random, candidate = state.random, scratch.candidate
    exempt = settings.max_attempts == 1 or uniform(random, 0.0, 1.0) < settings.neutral_share
    for attempt in range(1 if exempt else settings.max_attempts):
        if attempt % LOOK_AT == LOOK_AT - 1 and is_stopped(scratch.buffers):
            break
        copy_out(state.population, parent, candidate)
        made = _change(state, space, settings, scratch)
        if exempt or made:
            key = lower(candidate, settings.multiclass, scratch.lowered)
            if exempt or _is_worth_a_look(state, settings, scratch, key):
                return key
        state.counters[REJECTED_DRAFTS] += 1
    copy_out(state.population, parent, candidate)
    scratch.mutation[0] = NO_MUTATION
    return lower(candidate, settings.multiclass, scratch.lowered)


@jit_inline
def _change(state: State, space: Space, settings: Settings, scratch: Workspace) -> bool:
    """Mutate the candidate, or leave it as it is, as the dice say; tells whether that could be done."""
    random = state.random
    scratch.mutation[0] = NO_MUTATION
    if not uniform(random, 0.0, 1.0) < space.prob[0]:
        return True
    if settings.graph_share > 0 and uniform(random, 0.0, 1.0) < settings.graph_share:
        return _change_graph(state, space, settings, scratch)
    scratch.mutation[0] = mutate(random, space, scratch.candidate)
    return True


@jit
def _change_graph(state: State, space: Space, settings: Settings, scratch: Workspace) -> bool:
    kind = mutate_as_graph(state.random, space, settings.multiclass, scratch.candidate, scratch.lowered, scratch.graphs)
    if kind != FAILED:
        scratch.mutation[0] = FIRST_OF_GRAPHS + kind
    return bool(kind != FAILED)


@jit
def _is_worth_a_look(state: State, settings: Settings, scratch: Workspace, key: Any) -> bool:
    """Whether the lowered candidate is new and, by its code, may be able to learn."""
    return not contains(state.programs, key) and can_learn(scratch.lowered, settings.multiclass, scratch.facts)


@jit
def make_random(state: State, space: Space, settings: Settings, scratch: Workspace) -> Any:
    """Make a random program; a valid one, if children are to be valid, but for many failures in a row.

    Gives the hash of the candidate, which is left lowered.
    """
    candidate = scratch.candidate
    if settings.graph_share == 0:
        randomize_program(state.random, space, candidate)
        return lower(candidate, settings.multiclass, scratch.lowered)
    for _ in range(MAX_RANDOM_ATTEMPTS):
        if is_stopped(scratch.buffers):
            break
        candidate.size[:] = 0
        if _change_graph(state, space, settings, scratch):
            key = lower(candidate, settings.multiclass, scratch.lowered)
            if _is_worth_a_look(state, settings, scratch, key):
                return key
        state.counters[REJECTED_DRAFTS] += 1
    return lower(candidate, settings.multiclass, scratch.lowered)


@jit
def select_parents(state: State) -> tuple[int, int]:
    """Two different slots."""
    size = state.population.fitness.shape[0]
    first, second = below(state.random, size), below(state.random, size - 1)
    return first, second + (second >= first)


@jit_inline
def tournament(state: State, settings: Settings) -> int:
    """The best of some members drawn with replacement; of equals, the one drawn first."""
    size = state.population.fitness.shape[0]
    winner = below(state.random, size)
    for _ in range(settings.tournament_size - 1):
        rival = below(state.random, size)
        if is_better(state.population, rival, winner, settings.fitness_resolution, settings.parsimony):
            winner = rival
    return winner
