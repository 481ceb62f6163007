"""What a search is made of: its settings, its state, and room to work in.

All of it is plain numbers and arrays. A search is a function of its settings, its tasks and its state alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from automl_zero.search.cache import Cache
from automl_zero.search.graph.mutation import Graphs
from automl_zero.search.hurdle import Hurdle
from automl_zero.search.learnability import Facts
from automl_zero.search.lineage_log import LineageLog
from automl_zero.search.population import Population
from automl_zero.vm.evaluation_arrays import EvaluationBudget, ExecutionBuffers, Scores
from automl_zero.vm.lower import Code, Lowered

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
    "rejected_drafts",  # drafts of children that were rejected before they were candidates
    "train_steps",  # training examples that a task learned from, fingerprints included
    "instructions",  # of all candidates
    "live_instructions",  # of them, those left by pruning
    "best_at",  # number of the candidate that became the best so far
)
(
    PROGRAMS, EVALUATED, REEVALUATED, CACHE_HITS, FINGERPRINT_HITS, OVER_COST, CANNOT_LEARN, BELOW_HURDLE,
    REJECTED_DRAFTS, TRAIN_STEPS, INSTRUCTIONS, LIVE, BEST_AT,
) = range(len(COUNTERS))  # fmt: skip


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
    """Everything that changes during a search; nothing else does.

    ``best`` is the best program so far, ``best_fitness`` [1] its score and ``best_ancestor`` [1] as a member's;
    ``random`` [4] the generator's state. ``effects`` [mutations, 3]: how many of the children of each kind of mutation,
    as numbered in ``lineage_log.MUTATION_NAMES``, were less fit than their parents, as fit, and fitter.
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
    """Room for one candidate and its evaluation; its contents do not matter between epochs.

    ``mutation`` [1] is the number of the candidate's mutation in ``lineage_log.MUTATION_NAMES``, or -1; ``lineage_log``
    holds the ancestors since they were collected last.
    """

    candidate: Code
    mutation: NDArray[np.int64]
    lineage_log: LineageLog
    family: Population
    graphs: Graphs
    lowered: Lowered
    facts: Facts
    buffers: ExecutionBuffers
    scores: Scores
    sorted: NDArray[np.float64]
