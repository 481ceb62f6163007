"""What known techniques would gain on the tasks of a habitat, before anyone searches there.

A habitat is the tasks and the rules of a config. A search can only find what pays in it: the gain of a technique is the
paired difference between a simple program with it and the same program without it, both tuned with equal budgets on
the select tasks and judged on the final tasks of several seeds. Where groups of islands have different tasks, a program
is tuned and judged on those of all groups, as programs migrate between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from automl_zero.analysis.compare import IntervalEstimate
from automl_zero.analysis.studies.additions import ADDITIONS, LINEAR, MULTICLASS, NET, Addition
from automl_zero.analysis.studies.head_to_head import TuningBudget, tune_and_score
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.run.scoring.tune import OnProgress, no_progress

PAYS, COSTS, UNDECIDED = "pays", "costs", "undecided"


@dataclass(frozen=True, slots=True)
class Payoff:
    """The gain of a technique in one form.

    Attributes:
        technique, form, base: as in ``Addition``.
        fitness_without: the mean fitness of the tuned base over all final tasks of all seeds.
        fitness: that with the technique.
        gain: the paired difference, with its 95 % interval.
        program: the program with the technique, as tuned with the first seed.
    """

    technique: str
    form: str
    base: str
    fitness_without: float
    fitness: float
    gain: IntervalEstimate
    program: Program

    @property
    def verdict(self) -> str:
        """Whether the interval lies above 0 (it pays), below (it costs), or on both sides (undecided)."""
        return PAYS if self.gain.low > 0 else COSTS if self.gain.high < 0 else UNDECIDED


def additions_for(config: Config, techniques: Iterable[str] = ()) -> tuple[Addition, ...]:
    """Return the additions whose base suits the tasks of a config, of these techniques or of all.

    Raises:
        ConfigError: there is no addition of a technique for such tasks.
    """
    bases = _bases(config)
    suited = tuple(each for each in ADDITIONS if each.base in bases)
    names = list(dict.fromkeys(each.technique for each in suited))
    for technique in techniques:
        if technique not in names:
            raise ConfigError(
                f"no form of the technique '{technique}' is known for the tasks of {config.name}: use "
                + ", ".join(names)
            )
    # A technique may have several forms; all of them are tried, since the best one is what evolution could find.
    wanted = set(techniques) or set(names)
    return tuple(each for each in suited if each.technique in wanted)


def _bases(config: Config) -> tuple[str, ...]:
    if config.tasks.num_classes > 2:
        return (MULTICLASS,)
    return (LINEAR, NET)


def payoff(
    additions: Iterable[Addition], config: Config, budget: TuningBudget, on_progress: OnProgress = no_progress
) -> tuple[Payoff, ...]:
    """Return what each addition gains on the tasks of a config, the most first.

    Each form of a technique and each base takes ``budget.trials`` trials with each of ``budget.seeds`` seeds.

    Raises:
        TaskError: the tasks cannot be built.

    Example:
        >>> config = load_config("fast-training")
        >>> chosen = additions_for(config, ["learning rate decay"])
        >>> [each.verdict for each in payoff(chosen, config, TuningBudget(trials=60, seeds=5))]
    """
    rows = tuple(additions)
    # Each base is tuned once, and all its additions are compared with the same result.
    programs = {base: library_program(base) for base in dict.fromkeys(each.base for each in rows)}
    programs |= {_key(each): each.program for each in rows}
    results = tune_and_score(programs, config, budget, on_progress, with_groups=True)
    found = [
        Payoff(
            technique=each.technique,
            form=each.form,
            base=each.base,
            fitness_without=float(results[each.base].final.mean()),
            fitness=float(results[_key(each)].final.mean()),
            gain=paired_difference(results[_key(each)].final, results[each.base].final),
            program=results[_key(each)].programs[0],
        )
        for each in rows
    ]
    return tuple(sorted(found, key=lambda each: each.gain.value, reverse=True))


def num_tunings(additions: Iterable[Addition]) -> int:
    """Return how many programs are tuned for these additions, with their bases."""
    rows = tuple(additions)
    return len(rows) + len({each.base for each in rows})


def _key(addition: Addition) -> str:
    return f"{addition.base} with {addition.technique}: {addition.form}"
