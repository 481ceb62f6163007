"""Ablation study: the loss of fitness without each part of a program (paper, supplement S8).

The program and its variants are tuned with the same number of trials and scored on the same tasks, so that an effect is
that of the change alone, and neither of a lucky constant nor of easy tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablation_variants import Variant
from automl_zero.analysis.studies.head_to_head import TunedResult, TuningBudget, tune_and_score
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.config import Config, ConfigError
from automl_zero.program.program import Program
from automl_zero.run.scoring.tune import OnProgress, no_progress

WHOLE = "the whole program"


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a change.

    Attributes:
        name: the name of the variant.
        note: how the variant was made.
        fitness: its mean fitness over all final tasks of all seeds.
        difference: the paired difference from the whole program; negative if the change loses.
    """

    name: str
    note: str
    fitness: float
    difference: IntervalEstimate

    @property
    def is_certain(self) -> bool:
        """Whether the confidence interval excludes 0."""
        return self.difference.high < 0 or self.difference.low > 0


@dataclass(frozen=True, slots=True)
class Ablation:
    """The result of an ablation study.

    Attributes:
        fitness: the mean fitness of the whole program, tuned, over all final tasks of all seeds.
        effects: the effects of the variants, the largest loss first.
        program: the whole program as tuned with the first seed.
    """

    fitness: float
    effects: tuple[Effect, ...]
    program: Program


def ablate(
    program: Program,
    variants: Sequence[Variant],
    config: Config,
    budget: TuningBudget,
    on_progress: OnProgress = no_progress,
) -> Ablation:
    """Tune and score a program and variants of it.

    Raises:
        ConfigError: two variants have the same name.
        TaskError: the tasks cannot be built.

    Example:
        >>> program = library_program("linear_regression")
        >>> ablate(program, line_variants(program), load_config("linear"), TuningBudget(trials=20, seeds=3)).effects
    """
    programs = {WHOLE: program, **{each.name: each.program for each in variants}}
    # A dict keeps one entry per name, so a repeated name shows in the count.
    if len(programs) <= len(variants):
        names = [WHOLE, *(each.name for each in variants)]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"two variants are called '{twice}': give each a name of its own")
    results = tune_and_score(programs, config, budget, on_progress)
    whole = results[WHOLE]
    effects = [_effect(each, results[each.name], whole) for each in variants]
    effects.sort(key=lambda effect: effect.difference.value)
    return Ablation(float(whole.final.mean()), tuple(effects), whole.programs[0])


def _effect(variant: Variant, tuned: TunedResult, whole: TunedResult) -> Effect:
    # Same seeds and tasks on both sides: variation between tasks cancels in the difference.
    difference = paired_difference(tuned.final, whole.final)
    return Effect(name=variant.name, note=variant.note, fitness=float(tuned.final.mean()), difference=difference)
