"""The fitness of a candidate: it runs only if neither its code nor its behaviour tells the score without a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl_zero.search.cache import evaluations_of, hits_of, look_up, remember, running_mean
from automl_zero.search.hurdle import clears
from automl_zero.search.learnability import can_learn
from automl_zero.search.sort import insertion_sort
from automl_zero.search.state import (
    BELOW_HURDLE,
    CACHE_HITS,
    CANNOT_LEARN,
    EVALUATED,
    FINGERPRINT_HITS,
    OVER_COST,
    REEVALUATED,
    TRAIN_STEPS,
    Settings,
    State,
    Workspace,
)
from automl_zero.vm import evaluation
from automl_zero.vm.evaluation_arrays import EPOCHS, FEATURES, TRAIN, LaneTasks
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_inline
from automl_zero.vm.lanes.lanes import width_of
from automl_zero.vm.lower import DRAWS, allocate


@jit_inline
def score(width: Any, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, key: Any) -> float:
    """The fitness of the lowered candidate; it runs only if neither its code nor its behaviour is known."""
    lowered, counters = scratch.lowered, state.counters
    known = look_up(state.programs, key)
    forgets = settings.forget_after > 0 and lowered.memory[DRAWS] > 0
    forgotten = forgets and hits_of(state.programs, key) > settings.forget_after
    if known >= 0 and not forgotten:
        counters[CACHE_HITS] += 1
        return known
    if settings.reject_unlearnable and not can_learn(lowered, settings.multiclass, scratch.facts):
        counters[CANNOT_LEARN] += 1
        return 0.0
    steps = tasks.shape[TRAIN] * tasks.shape[EPOCHS]
    if settings.max_cost > 0 and lowered.cost[0] + steps * (lowered.cost[1] + lowered.cost[2]) > settings.max_cost:
        counters[OVER_COST] += 1
        return 0.0
    fuse(lowered, settings.multiclass)
    allocate(lowered, tasks.shape[FEATURES], width_of(width))
    number = evaluations_of(state.programs, key) if forgets else 0
    fitness, number = _score_behaviour(width, settings, tasks, state, scratch, known, number)
    remember(state.programs, key, fitness, number)
    return fitness


@jit_inline
def _score_behaviour(
    width: Any, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, known: float, number: int
) -> tuple[float, int]:
    """The fitness of a placed program, and of how many evaluations it is; from the fingerprints, if they know it.

    Of a program that was forgotten, ``known`` is the fitness, of ``number`` evaluations; else ``number`` is 0. What its
    behaviour was given comes first, since programs that behave alike have it in common.
    """
    key, forgotten = np.uint64(0), number > 0
    if settings.fingerprint.num_train > 0:
        key = evaluation.fingerprint(
            width, scratch.lowered, tasks, settings.fingerprint, settings.max_abs_error, scratch.buffers, scratch.scores
        )
        for lane in range(width_of(width)):
            if (tasks.active[0] >> lane) & 1:
                state.counters[TRAIN_STEPS] += scratch.scores.steps[lane]
        found = look_up(state.fingerprints, key)
        if found >= 0:
            known = found
            if settings.forget_after > 0 and scratch.lowered.memory[DRAWS] > 0:
                number = evaluations_of(state.fingerprints, key)
                forgotten = forgotten or hits_of(state.fingerprints, key) > settings.forget_after
            if not forgotten:
                state.counters[FINGERPRINT_HITS] += 1
                return known, max(number, 1)
    state.counters[REEVALUATED] += number > 0
    score = _evaluate(width, settings, tasks, state, scratch, number)
    fitness = running_mean(known, score, number, settings.evaluations)
    remember(state.fingerprints, key, fitness, number + 1)  # of size 0 where there are no fingerprints
    return fitness, number + 1


@jit_inline
def _evaluate(width: Any, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, number: int) -> float:
    """Run a placed program on all tasks and combine the scores; first in short, if there is a hurdle.

    ``number`` says how often the program was run before, so that it does not meet the same noise again.
    A loop, so that the evaluation is called, and thus compiled, in one place.
    """
    in_short = settings.hurdle.num_train > 0
    while True:
        budget = settings.hurdle if in_short else evaluation.full_budget(tasks)
        limit = settings.max_abs_error
        steps = evaluation.evaluate(
            width, scratch.lowered, tasks, budget, limit, scratch.buffers, scratch.scores, number
        )
        state.counters[TRAIN_STEPS] += steps
        fitness = _combined(scratch, settings.median)
        if not in_short:
            state.counters[EVALUATED] += 1
            return fitness
        if not clears(state.hurdle, fitness, settings.hurdle_quantile):
            state.counters[BELOW_HURDLE] += 1
            return fitness
        in_short = False


@jit_inline
def _combined(scratch: Workspace, median: bool) -> float:
    """Mean or upper median over the tasks."""
    scores, ordered = scratch.scores.fitness, scratch.sorted
    count, total = ordered.shape[0], 0.0
    for task in range(count):
        total += scores[task]
        ordered[task] = scores[task]
    if not median:
        return float(total / count)
    insertion_sort(ordered)
    return float(ordered[count // 2])
