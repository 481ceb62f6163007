"""Programs compared on the same unseen tasks after tuning with equal budgets, over several seeds.

Every seed has tasks of its own. Each program is tuned on the select tasks of a seed and scored on its final tasks, so
that differences are paired by task, and the luck of a single tuning is averaged out over the seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.scoring.constants import constants_of
from automl_zero.run.scoring.task_score import fitnesses, for_study
from automl_zero.run.scoring.tune import OnProgress, Tuning, no_progress, tune_by
from automl_zero.tasks.task import FloatArray
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.fitness import combine


@dataclass(frozen=True, slots=True)
class TuningBudget:
    """The budget of a study: ``trials`` for each tuning, on each of ``seeds`` seeds, in ``workers`` threads."""

    trials: int
    seeds: int = 1
    workers: int = 1


@dataclass(frozen=True, eq=False, slots=True)
class TunedResult:
    """The result of a program in a study.

    Attributes:
        programs: the program as tuned, for each seed.
        select: [seeds] the fitness on the select tasks together, as tuned.
        final: [seeds, tasks] the fitness on each final task.
    """

    programs: tuple[Program, ...]
    select: FloatArray
    final: FloatArray


@dataclass(frozen=True, slots=True)
class ProgramComparison:
    """Mean fitness of two programs on the final tasks, and the paired difference, second minus first."""

    before: float
    after: float
    difference: IntervalEstimate


def compare_programs(before: Program, after: Program, config: Config) -> ProgramComparison:
    """Compare two programs on the final tasks of a config.

    Raises:
        TaskError: the tasks cannot be built.
    """
    config = for_study(config)
    final = build_tasks(config.tasks, Stage.FINAL, config.seed)
    one, other = (np.array([fitnesses(each, final, config)]) for each in (before, after))
    return ProgramComparison(float(one.mean()), float(other.mean()), paired_difference(other, one))


def tune_and_score(
    programs: Mapping[str, Program],
    config: Config,
    budget: TuningBudget,
    on_progress: OnProgress = no_progress,
    with_groups: bool = False,
) -> dict[str, TunedResult]:
    """Tune and score every program; the seeds are the config's and those that follow it.

    With ``with_groups``, a program is tuned on the tasks of all groups of islands together, and scored on those of all
    groups, so that its constants must serve all of them.

    Raises:
        TaskError: the tasks cannot be built.

    Example:
        >>> programs = {name: library_program(name) for name in ("linear_regression", "two_layer_net")}
        >>> results = tune_and_score(programs, load_config("linear"), TuningBudget(trials=50, seeds=3))
        >>> paired_difference(results["two_layer_net"].final, results["linear_regression"].final)
    """
    rounds = [
        _round(programs, _at(for_study(config), seed), budget, on_progress, with_groups) for seed in range(budget.seeds)
    ]
    return {name: _tuned_result([each[name] for each in rounds]) for name in programs}


def _at(config: Config, seed: int) -> Config:
    # The seed decides the tasks and the trials of the tuning.
    return config.model_copy(update={"seed": config.seed + seed})


def _round(
    programs: Mapping[str, Program], config: Config, budget: TuningBudget, on_progress: OnProgress, with_groups: bool
) -> dict[str, tuple[Tuning, list[float]]]:
    """Return for each program its tuning with this seed, and its fitness on each final task."""
    count = max(1, len(config.islands.groups)) if with_groups else 1
    habitats = [config.of_island(number) if with_groups else config for number in range(count)]
    select, final = (
        [build_tasks(each.tasks, stage, each.seed) for each in habitats] for stage in (Stage.SELECT, Stage.FINAL)
    )
    multiclass, found = select[0].is_multiclass, {}

    # One score for all habitats: each counts the same, however many tasks it has.
    def score(candidate: Program) -> float:
        kind = config.evaluation.combination
        return fmean(combine(fitnesses(candidate, tasks, config), kind) for tasks in select)

    for name, program in programs.items():
        constants = constants_of(program, multiclass)
        tuning = tune_by(score, program, constants, config.seed, budget.trials, budget.workers, on_progress)
        found[name] = tuning, [each for tasks in final for each in fitnesses(tuning.program, tasks, config)]
    return found


def _tuned_result(rounds: list[tuple[Tuning, list[float]]]) -> TunedResult:
    tunings, final = zip(*rounds, strict=True)
    return TunedResult(
        tuple(tuning.program for tuning in tunings),
        np.array([tuning.best.fitness for tuning in tunings]),
        np.array(final),
    )
