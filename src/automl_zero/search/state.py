"""What a search is made of: its settings, its state, and memory to work in.

All of it is plain numbers and arrays. A search is a function of its settings, its tasks and its state alone.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.cache import Cache
from automl_zero.search.graph.mutation import GraphWorkspace
from automl_zero.search.hurdle import Hurdle
from automl_zero.search.learnability import AbstractMemory
from automl_zero.search.lineage_log import LineageLog
from automl_zero.search.population import Population
from automl_zero.vm.evaluation_arrays import EvaluationBudget, ExecutionBuffers, Scores
from automl_zero.vm.lower import Code, Lowered


class Counter(IntEnum):
    """Entries of ``State.counters``; their names in lower case are those of a run's events."""

    PROGRAMS = 0  # candidates: the sum of those counted as EVALUATED and from CACHE_HITS to BELOW_HURDLE
    EVALUATED = 1  # run on all tasks
    REEVALUATED = 2  # run although known, because the score depends on noise and had expired
    CACHE_HITS = 3  # the pruned program was known
    FINGERPRINT_HITS = 4  # its behaviour was known
    OVER_COST = 5  # more costly than allowed, so not run
    CANNOT_LEARN = 6  # by their code, so not run
    BELOW_HURDLE = 7  # run on a part of the tasks' examples only
    REJECTED_DRAFTS = 8  # drafts of children that were rejected before they were candidates
    TRAIN_STEPS = 9  # training examples that a task learned from, fingerprints included
    INSTRUCTIONS = 10  # of all candidates
    LIVE_INSTRUCTIONS = 11  # of them, those left by pruning
    BEST_AT = 12  # number of the candidate that became the best so far


COUNTERS = tuple(counter.name.lower() for counter in Counter)


class Settings(NamedTuple):
    """Plain numbers that steer the loop, as in the config; 0 switches off what it limits."""

    tournament_size: int
    multiclass: bool
    median: bool
    max_abs_error: float
    max_cost: float
    fingerprint: EvaluationBudget
    hurdle: EvaluationBudget
    hurdle_quantile: float
    screening_tasks: int
    only_last_epoch: bool
    reject_unlearnable: bool
    fitness_resolution: float
    parsimony: bool
    max_attempts: int
    neutral_share: float
    graph_share: float
    children: int
    rarity: float
    forget_after: int
    evaluations: int


class State(NamedTuple):
    """Everything that changes during a search and decides how it continues.

    The names of the fields are names of arrays in checkpoints, and part of the digest of a state.

    Attributes:
        population: the members.
        programs: known scores by the hash of the pruned program.
        fingerprints: known scores by the hash of the behaviour.
        hurdle: scores of short evaluations.
        best: the best program so far.
        best_fitness: [1] its score, -1 before there is any.
        best_ancestor: [1] its closest ancestor, as of a member.
        random: [4] state of the random numbers.
        counters: [13] by ``Counter``.
        effects: [mutations, 3] children of each mutation, numbered as in ``lineage_log.MUTATION_NAMES``, that were
            less fit than their parents, as fit, and fitter.
    """

    population: Population
    programs: Cache
    fingerprints: Cache
    hurdle: Hurdle
    best: Code
    best_fitness: NDArray[np.float64]
    best_ancestor: NDArray[np.uint64]
    random: NDArray[np.uint64]
    counters: NDArray[np.int64]
    effects: NDArray[np.int64]


class Workspace(NamedTuple):
    """Memory for one candidate and its evaluation; between epochs, its contents do not matter.

    Attributes:
        candidate: the program under way.
        mutation: [1] number of its mutation in ``lineage_log.MUTATION_NAMES``, or -1.
        lineage_log: improvements that have not been collected yet.
        family: children of the current parents, then the parents (Minimal Generation Gap only).
        graphs: for mutations of graphs.
        lowered: the candidate, pruned; fused and allocated once it is evaluated.
        abstract_memory: for the analysis of whether it can learn.
        buffers: memory of the machine.
        scores: results of all tasks.
        sorted_scores: [tasks] for their median.
    """

    candidate: Code
    mutation: NDArray[np.int64]
    lineage_log: LineageLog
    family: Population
    graphs: GraphWorkspace
    lowered: Lowered
    abstract_memory: AbstractMemory
    buffers: ExecutionBuffers
    scores: Scores
    sorted_scores: NDArray[np.float64]
