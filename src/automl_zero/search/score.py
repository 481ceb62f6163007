"""The fitness of a candidate, which is run only if neither its code nor its behaviour has a known score.

The checks go from cheap to expensive (paper, section 3.2 and supplement S3: functional equivalence checking, hurdles):
the cache of programs, the analysis of whether it can learn, its cost, its fingerprint, the hurdle, all tasks.
"""

from __future__ import annotations

import numpy as np

from automl_zero.search.cache import evaluation_count, hit_count, look_up, running_mean, store
from automl_zero.search.conventions import Key
from automl_zero.search.hurdle import passes_hurdle
from automl_zero.search.learnability import can_learn
from automl_zero.search.sort import insertion_sort
from automl_zero.search.state import Counter, Settings, State, Workspace
from automl_zero.vm import evaluation
from automl_zero.vm.evaluation import full_budget, with_blocks
from automl_zero.vm.evaluation_arrays import BLOCKS, EPOCHS, FEATURES, TRAIN, LaneTasks
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_inline
from automl_zero.vm.lanes.lanes import Width, width_of
from automl_zero.vm.lower import DRAWS, allocate

UNCONFIRMED = 0.5  # factor of the score of a program that is not evaluated beyond the screening tasks


@jit_inline
def evaluate_candidate(
    width: Width, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, key: Key
) -> float:
    """Return the fitness of the lowered candidate, by the cheapest way there is."""
    lowered, counters = scratch.lowered, state.counters
    known = look_up(state.programs, key)
    # The score of a program that draws random numbers is luck in part, so it expires when it was used often enough.
    expires = settings.forget_after > 0 and lowered.memory[DRAWS] > 0
    is_expired = expires and hit_count(state.programs, key) > settings.forget_after
    if known >= 0 and not is_expired:
        counters[Counter.CACHE_HITS] += 1
        return known
    if settings.reject_unlearnable and not can_learn(lowered, settings.multiclass, scratch.abstract_memory):
        counters[Counter.CANNOT_LEARN] += 1
        return 0.0
    steps = tasks.shape[TRAIN] * tasks.shape[EPOCHS]
    # The cost of Setup once, that of Predict and Learn at every training step; validation is not counted.
    if settings.max_cost > 0 and lowered.cost[0] + steps * (lowered.cost[1] + lowered.cost[2]) > settings.max_cost:
        counters[Counter.OVER_COST] += 1
        return 0.0
    # It runs: only now are instructions fused and addresses turned into offsets, which change the lowered program.
    fuse(lowered, settings.multiclass)
    allocate(lowered, tasks.shape[FEATURES], width_of(width))
    num_before = evaluation_count(state.programs, key) if expires else 0
    fitness, num_evaluations = _score_behaviour(width, settings, tasks, state, scratch, known, num_before)
    store(state.programs, key, fitness, num_evaluations)
    return fitness


@jit_inline
def _score_behaviour(
    width: Width, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, known: float, num_before: int
) -> tuple[float, int]:
    """Return the fitness of an allocated program, and the number of evaluations behind it.

    If the score of its code has expired, ``known`` is that score and ``num_before`` its number of evaluations; else
    ``num_before`` is 0. The score of its fingerprint takes precedence, since all programs of one behaviour share it.
    """
    key, is_expired = np.uint64(0), num_before > 0
    if settings.fingerprint.num_train > 0:
        key = evaluation.fingerprint(
            width, scratch.lowered, tasks, settings.fingerprint, settings.max_abs_error, scratch.buffers, scratch.scores
        )
        for lane in range(width_of(width)):  # a fingerprint runs on the first block of tasks
            if (tasks.active[0] >> lane) & 1:
                state.counters[Counter.TRAIN_STEPS] += scratch.scores.steps[lane]
        found = look_up(state.fingerprints, key)
        if found >= 0:
            known = found
            # Deterministic programs are never run again, whatever the number of hits.
            if settings.forget_after > 0 and scratch.lowered.memory[DRAWS] > 0:
                num_before = evaluation_count(state.fingerprints, key)
                is_expired = is_expired or hit_count(state.fingerprints, key) > settings.forget_after
            if not is_expired:
                state.counters[Counter.FINGERPRINT_HITS] += 1
                return known, max(num_before, 1)
    state.counters[Counter.REEVALUATED] += num_before > 0
    score = _run_on_tasks(width, settings, tasks, state, scratch, num_before)
    fitness = running_mean(known, score, num_before, settings.evaluations)
    store(state.fingerprints, key, fitness, num_before + 1)  # a table of size 0 where there are no fingerprints
    return fitness, num_before + 1


@jit_inline
def _run_on_tasks(
    width: Width, settings: Settings, tasks: LaneTasks, state: State, scratch: Workspace, repeat: int
) -> float:
    """Run an allocated program on all tasks and combine the scores; if there is a hurdle, on a part of them first.

    The part is some examples of every task, or some tasks. After the latter, the score on the others alone counts.

    ``repeat`` is the number of evaluations before this one, so that the program does not meet the same noise again.
    """
    screening_tasks = settings.screening_tasks
    screening_blocks = screening_tasks // width_of(width)
    # Both evaluations are turns of one loop, so that the evaluation is called, and thus compiled, in one place.
    is_short = settings.hurdle.num_train > 0 or screening_tasks > 0
    while True:
        budget, first, end = full_budget(tasks, settings.only_last_epoch), 0, scratch.sorted_scores.shape[0]
        if screening_tasks > 0:
            if is_short:
                budget, end = with_blocks(budget, 0, screening_blocks), screening_tasks
            else:
                budget, first = with_blocks(budget, screening_blocks, tasks.shape[BLOCKS]), screening_tasks
        elif is_short:
            budget = settings.hurdle
        limit = settings.max_abs_error
        steps = evaluation.evaluate(
            width, scratch.lowered, tasks, budget, limit, scratch.buffers, scratch.scores, repeat
        )
        state.counters[Counter.TRAIN_STEPS] += steps
        fitness = _combine(scratch, first, end, settings.median)
        if not is_short:
            state.counters[Counter.EVALUATED] += 1
            return fitness
        if not passes_hurdle(state.hurdle, fitness, settings.hurdle_quantile):
            state.counters[Counter.BELOW_HURDLE] += 1
            return fitness * UNCONFIRMED if screening_tasks > 0 else fitness
        is_short = False


@jit_inline
def _combine(scratch: Workspace, first: int, end: int, median: bool) -> float:
    """Return the mean or the upper median over some consecutive tasks."""
    scores, count, total = scratch.scores.fitness, end - first, 0.0
    ordered = scratch.sorted_scores[:count]
    for task in range(count):
        total += scores[first + task]
        ordered[task] = scores[first + task]
    if not median:
        return float(total / count)
    insertion_sort(ordered)
    return float(ordered[count // 2])
