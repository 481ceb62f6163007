"""Programs tuned with equal budgets and judged on the same unseen tasks, over several seeds.

Every seed has tasks of its own. Each program is tuned on the select tasks of a seed and scored on its final tasks; so
differences hold task by task, and what a tuning happens to find is averaged over the seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.analysis.studies.tune import OnProgress, Tuning, no_progress, tune
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import FloatArray
from automl_zero.tasks.task_kinds import Stage, build_tasks


@dataclass(frozen=True, slots=True)
class TuningBudget:
    """What a contest may cost: ``trials`` of each program's tuning, on ``seeds`` seeds, in ``workers`` threads."""

    trials: int
    seeds: int = 1
    workers: int = 1


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """How a program did.

    Attributes:
        programs: as tuned, one for each seed.
        select: [seeds] fitness on the select tasks together, as tuned.
        final: [seeds, tasks] fitness on each final task.
    """

    programs: tuple[Program, ...]
    select: FloatArray
    final: FloatArray


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mean fitness of two programs on the final tasks, and how much better the second is, task by task."""

    before: float
    after: float
    difference: IntervalEstimate


def judge(before: Program, after: Program, config: Config) -> Verdict:
    """Compare two programs on the final tasks of a config.

    Raises:
        TaskError: the tasks cannot be built.
    """
    final = build_tasks(config.tasks, Stage.FINAL, config.seed)
    one, other = (np.array([fitnesses(each, final, config)]) for each in (before, after))
    return Verdict(float(one.mean()), float(other.mean()), paired_difference(other, one))


def compete(
    entrants: Mapping[str, Program], config: Config, budget: TuningBudget, on_progress: OnProgress = no_progress
) -> dict[str, Ranking]:
    """Tune and judge every entrant; the seeds are the config's and those that follow it.

    Raises:
        TaskError: the tasks cannot be built.
    """
    rounds = [_round(entrants, _at(config, seed), budget, on_progress) for seed in range(budget.seeds)]
    return {name: _standing([each[name] for each in rounds]) for name in entrants}


def _at(config: Config, seed: int) -> Config:
    return config.model_copy(update={"seed": config.seed + seed})


def _round(
    entrants: Mapping[str, Program], config: Config, budget: TuningBudget, on_progress: OnProgress
) -> dict[str, tuple[Tuning, list[float]]]:
    """For each entrant, its tuning at this seed, and its fitness on each final task."""
    select, final = (build_tasks(config.tasks, stage, config.seed) for stage in (Stage.SELECT, Stage.FINAL))
    found = {}
    for name, program in entrants.items():
        tuning = tune(program, select, config, budget.trials, budget.workers, on_progress)
        found[name] = tuning, fitnesses(tuning.program, final, config)
    return found


def _standing(rounds: list[tuple[Tuning, list[float]]]) -> Ranking:
    tunings, final = zip(*rounds, strict=True)
    return Ranking(
        tuple(tuning.program for tuning in tunings),
        np.array([tuning.best.fitness for tuning in tunings]),
        np.array(final),
    )
