"""What the parts of a program are worth: each is knocked out, and all that is left tuned anew (paper, supplement S8).

The program and its variants have the same number of trials and are judged on the same tasks, so that an effect is that
of the change alone, and neither of a lucky value nor of easy tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.ablation_variants import Variant
from automl_zero.analysis.studies.head_to_head import Ranking, TuningBudget, compete
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.analysis.studies.tune import OnProgress, no_progress
from automl_zero.config import Config, ConfigError
from automl_zero.program.program import Program

WHOLE = "the whole program"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does.

    Attributes:
        name: of the variant, and ``note``: how it was made.
        fitness: mean over all final tasks of all seeds.
        difference: from the whole program, task by task; below 0, the change loses.
    """

    name: str
    note: str
    fitness: float
    difference: IntervalEstimate

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.difference.high < 0 or self.difference.low > 0


@dataclass(frozen=True, slots=True)
class Ablation:
    """What became of a program when it was changed.

    Attributes:
        fitness: of the whole program, tuned, as a mean over all final tasks of all seeds.
        effects: of the variants, the greatest loss first.
        program: as tuned at the first seed.
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
    """Tune and judge a program and variants of it.

    Raises:
        ConfigError: two variants have the same name.
        TaskError: the tasks cannot be built.
    """
    entrants = {WHOLE: program, **{each.name: each.program for each in variants}}
    if len(entrants) <= len(variants):
        names = [WHOLE, *(each.name for each in variants)]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(f"two variants are called '{twice}': give each a name of its own")
    standings = compete(entrants, config, budget, on_progress)
    whole = standings[WHOLE]
    effects = [_effect(each, standings[each.name], whole) for each in variants]
    effects.sort(key=lambda effect: effect.difference.value)
    return Ablation(float(whole.final.mean()), tuple(effects), whole.programs[0])


def _effect(variant: Variant, standing: Ranking, whole: Ranking) -> Effect:
    difference = paired_difference(standing.final, whole.final)
    return Effect(variant.name, variant.note, float(standing.final.mean()), difference)
