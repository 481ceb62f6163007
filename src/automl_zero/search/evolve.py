"""The search as one compiled loop: select, copy, mutate, prune, look up, fingerprint, evaluate, replace.

Regularized evolution (paper, section 3.2): the best of a few random members is the parent, and its child takes the
place of the oldest member. Random search is the same loop with a random program in place of the child, and an initial
population is scored by the same loop, too. It releases the GIL and touches nothing but the arrays it is given.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.cache import Cache, contains, evaluations_of, hits_of, joined, look_up, remember
from automl_zero.search.generator import below, uniform
from automl_zero.search.graph_mutation import Graphs, mutate_as_graph
from automl_zero.search.hurdle import Hurdle, clears
from automl_zero.search.learnable import Facts, can_learn
from automl_zero.search.mutate import mutate, randomize_program
from automl_zero.search.population import Population, copy_in, copy_member, copy_out, copy_program
from automl_zero.search.sort import insertion_sort
from automl_zero.search.space import Space
from automl_zero.search.survival import structure_of, survive
from automl_zero.vm import evaluation
from automl_zero.vm.evaluation import EPOCHS, FEATURES, TRAIN, Extent, LaneTasks, Machine, Scores
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit, jit_entry, jit_inline
from automl_zero.vm.lanes import width_of
from automl_zero.vm.lower import DRAWS, Code, Lowered, lower, place

# Where a candidate comes from: the best of a few members, nowhere, its own slot, or two members that have a family.
CHILD, RANDOM, MEMBER, FAMILY = range(4)

MOST_INVENTIONS = 1_000_000  # attempts at a random valid program

# Entries of State.counters.
COUNTERS = (
    "programs",  # candidates, whatever became of them
    "evaluated",  # run on all tasks
    "reevaluated",  # run, though known, because their score is old and owed to noise
    "cache_hits",  # the pruned program was known
    "fingerprint_hits",  # its behaviour was known
    "over_cost",  # more costly than allowed, so not run
    "cannot_learn",  # by their code, so not run
    "below_hurdle",  # run on a part of the tasks' examples alone
    "redrawn",  # children that were made anew before they were candidates
    "train_steps",  # training examples that a task learned from, fingerprints included
    "instructions",  # of all candidates
    "live_instructions",  # of them, those left by pruning
    "best_at",  # number of the candidate that became the best so far
)
(
    PROGRAMS, EVALUATED, REEVALUATED, CACHE_HITS, FINGERPRINT_HITS, OVER_COST, CANNOT_LEARN, BELOW_HURDLE, REDRAWN,
    TRAIN_STEPS, INSTRUCTIONS, LIVE, BEST_AT,
) = range(len(COUNTERS))  # fmt: skip


class Settings(NamedTuple):
    """Plain numbers that steer the loop, as in the config; 0 switches off what it limits."""

    tournament_size: int
    multiclass: bool
    median: bool
    max_abs_error: float
    max_cost: float
    fingerprint: Extent
    hurdle: Extent
    hurdle_quantile: float
    must_learn: bool
    fitness_resolution: float
    parsimony: bool
    attempts: int
    drift: float
    graph_share: float
    children: int
    rarity: float
    forget_after: int
    evaluations: int


class State(NamedTuple):
    """Everything that changes during a search; nothing else does.

    ``best`` is the best program so far and ``best_fitness`` [1] its score; ``random`` [4] the generator's state.
    """

    population: Population
    programs: Cache
    fingerprints: Cache
    hurdle: Hurdle
    best: Code
    best_fitness: NDArray[np.float64]
    random: NDArray[np.uint64]
    counters: NDArray[np.int64]


class Workspace(NamedTuple):
    """Room for one candidate and its evaluation; its contents do not matter between candidates."""

    candidate: Code
    family: Population
    graphs: Graphs
    lowered: Lowered
    facts: Facts
    machine: Machine
    scores: Scores
    sorted: NDArray[np.float64]


@jit_entry
def evolve(
    width: Any,
    space: Space,
    settings: Settings,
    tasks: LaneTasks,
    state: State,
    work: Workspace,
    source: int,
    count: int,
) -> None:
    """Make that many candidates (``source`` is one of the sources above), score them, and take them in.

    Families are not left half-grown: of source FAMILY, ``count`` is a multiple of their number of children.
    """
    population, candidate, family = state.population, work.candidate, work.family
    first = second = 0
    for number in range(count):
        child = number % settings.children
        if source == FAMILY and child == 0:
            first, second = _two_members(state)
        if source == CHILD:
            _bear(state, space, settings, work, _tournament(state, settings))
        elif source == FAMILY:
            _bear(state, space, settings, work, second if below(state.random, 2) else first)
        elif source == RANDOM:
            _invent(state, space, settings, work)
        else:
            copy_out(population, population.oldest[0], candidate)
        key = lower(candidate, settings.multiclass, work.lowered)
        live, structure = work.lowered.bounds[3], structure_of(work.lowered)
        fitness = _score(width, settings, tasks, state, work, key)
        _count(state, candidate, fitness, live)
        if source != FAMILY:
            slot = population.oldest[0]
            population.oldest[0] = (slot + 1) % population.fitness.shape[0]
            _place(candidate, population, slot, fitness, live, structure)
            continue
        _place(candidate, family, child, fitness, live, structure)
        if child == settings.children - 1:
            copy_member(population, first, family, settings.children, candidate.start)
            copy_member(population, second, family, settings.children + 1, candidate.start)
            survive(population, first, second, family, settings.rarity, candidate.start)


@jit
def _two_members(state: State) -> tuple[int, int]:
    """Two different slots."""
    size = state.population.fitness.shape[0]
    first, second = below(state.random, size), below(state.random, size - 1)
    return first, second + (second >= first)


@jit_inline
def _invent(state: State, space: Space, settings: Settings, work: Workspace) -> None:
    """Make a random program; a valid one, if children are to be valid, but for many failures in a row."""
    candidate = work.candidate
    if settings.graph_share == 0:
        randomize_program(state.random, space, candidate)
        return
    for _ in range(MOST_INVENTIONS):
        candidate.size[:] = 0
        made = mutate_as_graph(state.random, space, settings.multiclass, candidate, work.lowered, work.graphs)
        if made and _is_worth_a_look(state, settings, work):
            return
        state.counters[REDRAWN] += 1


@jit
def _bear(state: State, space: Space, settings: Settings, work: Workspace, parent: int) -> None:
    """Make a child, anew as long as it is not worth a look, up to a number of attempts; then the parent itself."""
    random, candidate = state.random, work.candidate
    exempt = settings.attempts == 1 or uniform(random, 0.0, 1.0) < settings.drift
    for _ in range(1 if exempt else settings.attempts):
        copy_out(state.population, parent, candidate)
        made = True
        if uniform(random, 0.0, 1.0) < space.prob[0]:
            if settings.graph_share > 0 and uniform(random, 0.0, 1.0) < settings.graph_share:
                made = mutate_as_graph(random, space, settings.multiclass, candidate, work.lowered, work.graphs)
            else:
                mutate(random, space, candidate)
        if exempt or (made and _is_worth_a_look(state, settings, work)):
            return
        state.counters[REDRAWN] += 1
    copy_out(state.population, parent, candidate)


@jit
def _is_worth_a_look(state: State, settings: Settings, work: Workspace) -> bool:
    """Whether a candidate is new and, by its code, may be able to learn."""
    key = lower(work.candidate, settings.multiclass, work.lowered)
    if contains(state.programs, key):
        return False
    return can_learn(work.lowered, settings.multiclass, work.facts)


@jit_inline
def _tournament(state: State, settings: Settings) -> int:
    """The best of some members drawn with replacement; of equals, the one drawn first."""
    size = state.population.fitness.shape[0]
    winner = below(state.random, size)
    for _ in range(settings.tournament_size - 1):
        rival = below(state.random, size)
        if _is_better(state.population, settings, rival, winner):
            winner = rival
    return winner


@jit
def _is_better(population: Population, settings: Settings, one: int, other: int) -> bool:
    """Whether one member is fitter than another, or as fit and shorter."""
    gain = population.fitness[one] - population.fitness[other]
    if settings.fitness_resolution > 0:
        step = settings.fitness_resolution
        gain = math.floor(population.fitness[one] / step) - math.floor(population.fitness[other] / step)
    return bool(gain > 0 or (gain == 0 and settings.parsimony and population.live[one] < population.live[other]))


@jit
def _place(candidate: Code, population: Population, slot: int, fitness: float, live: int, structure: Any) -> None:
    """Make the candidate a member."""
    copy_in(candidate, population, slot)
    population.fitness[slot], population.live[slot], population.structure[slot] = fitness, live, structure


@jit
def _count(state: State, candidate: Code, fitness: float, live: int) -> None:
    """Count the candidate, and keep it if it is the best so far."""
    counters, size = state.counters, candidate.size
    counters[PROGRAMS] += 1
    counters[INSTRUCTIONS] += size[0] + size[1] + size[2]
    counters[LIVE] += live
    if fitness > state.best_fitness[0]:
        state.best_fitness[0] = fitness
        counters[BEST_AT] = counters[PROGRAMS]
        copy_program(candidate, state.best)


@jit_inline
def _score(width: Any, settings: Settings, tasks: LaneTasks, state: State, work: Workspace, key: Any) -> float:
    """The fitness of the lowered candidate; it runs only if neither its code nor its behaviour is known."""
    lowered, counters = work.lowered, state.counters
    known = look_up(state.programs, key)
    forgets = settings.forget_after > 0 and lowered.memory[DRAWS] > 0
    forgotten = forgets and hits_of(state.programs, key) > settings.forget_after
    if known >= 0 and not forgotten:
        counters[CACHE_HITS] += 1
        return known
    if settings.must_learn and not can_learn(lowered, settings.multiclass, work.facts):
        counters[CANNOT_LEARN] += 1
        return 0.0
    steps = tasks.shape[TRAIN] * tasks.shape[EPOCHS]
    if settings.max_cost > 0 and lowered.cost[0] + steps * (lowered.cost[1] + lowered.cost[2]) > settings.max_cost:
        counters[OVER_COST] += 1
        return 0.0
    fuse(lowered, settings.multiclass)
    place(lowered, tasks.shape[FEATURES], width_of(width))
    number = evaluations_of(state.programs, key) if forgets else 0
    fitness, number = _score_behaviour(width, settings, tasks, state, work, known, number)
    remember(state.programs, key, fitness, number)
    return fitness


@jit_inline
def _score_behaviour(
    width: Any, settings: Settings, tasks: LaneTasks, state: State, work: Workspace, known: float, number: int
) -> tuple[float, int]:
    """The fitness of a placed program, and of how many evaluations it is; from the fingerprints, if they know it.

    Of a program that was forgotten, ``known`` is the fitness, of ``number`` evaluations; else ``number`` is 0. What its
    behaviour was given comes first, since programs that behave alike have it in common.
    """
    key, forgotten = np.uint64(0), number > 0
    if settings.fingerprint.num_train > 0:
        key = evaluation.fingerprint(
            width, work.lowered, tasks, settings.fingerprint, settings.max_abs_error, work.machine, work.scores
        )
        for lane in range(width_of(width)):
            if (tasks.active[0] >> lane) & 1:
                state.counters[TRAIN_STEPS] += work.scores.steps[lane]
        found = look_up(state.fingerprints, key)
        if found >= 0:
            known = found
            if settings.forget_after > 0 and work.lowered.memory[DRAWS] > 0:
                number = evaluations_of(state.fingerprints, key)
                forgotten = forgotten or hits_of(state.fingerprints, key) > settings.forget_after
            if not forgotten:
                state.counters[FINGERPRINT_HITS] += 1
                return known, max(number, 1)
    state.counters[REEVALUATED] += number > 0
    score = _evaluate(width, settings, tasks, state, work, number)
    fitness = joined(known, score, number, settings.evaluations)
    remember(state.fingerprints, key, fitness, number + 1)  # of size 0 where there are no fingerprints
    return fitness, number + 1


@jit_inline
def _evaluate(width: Any, settings: Settings, tasks: LaneTasks, state: State, work: Workspace, number: int) -> float:
    """Run a placed program on all tasks and combine the scores; first in short, if there is a hurdle.

    ``number`` says how often the program was run before, so that it does not meet the same noise again.
    A loop, so that the evaluation is called, and thus compiled, in one place.
    """
    in_short = settings.hurdle.num_train > 0
    while True:
        extent = settings.hurdle if in_short else evaluation.whole(tasks)
        limit = settings.max_abs_error
        steps = evaluation.evaluate(width, work.lowered, tasks, extent, limit, work.machine, work.scores, number)
        state.counters[TRAIN_STEPS] += steps
        fitness = _combined(work, settings.median)
        if not in_short:
            state.counters[EVALUATED] += 1
            return fitness
        if not clears(state.hurdle, fitness, settings.hurdle_quantile):
            state.counters[BELOW_HURDLE] += 1
            return fitness
        in_short = False


@jit_inline
def _combined(work: Workspace, median: bool) -> float:
    """Mean or upper median over the tasks."""
    scores, ordered = work.scores.fitness, work.sorted
    count, total = ordered.shape[0], 0.0
    for task in range(count):
        total += scores[task]
        ordered[task] = scores[task]
    if not median:
        return float(total / count)
    insertion_sort(ordered)
    return float(ordered[count // 2])
