"""In how many independent runs a technique appears, and in how many its winner gains by it.

A program *has* a technique if its code shows it, as evolved and after exact simplification alike. It *gains* by the
technique if, without it and tuned with the same budget, it loses on unseen tasks, with a 95 % interval that excludes 0.
The second count is the one that says that evolution adapted: code that does not matter drifts in by chance.

Parts that recur and have no name (``recurring_parts``) are counted by the same rule, without their root line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest, fisher_exact

from automl_zero.analysis.compare import LEVEL, IntervalEstimate
from automl_zero.analysis.dataflow.findings import Finding
from automl_zero.analysis.simplify.simplify import simplify
from automl_zero.analysis.studies.ablation_variants import group_variants, technique_variants
from automl_zero.analysis.studies.head_to_head import TunedResult, TuningBudget, tune_and_score
from automl_zero.analysis.studies.paired_test import paired_difference
from automl_zero.analysis.studies.recurring_parts import Part
from automl_zero.analysis.techniques.detect import detect
from automl_zero.analysis.techniques.registry import TECHNIQUES
from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import Program
from automl_zero.run.scoring.tune import OnProgress, no_progress
from automl_zero.tasks.task import Loss
from automl_zero.tasks.task_kinds import Stage, build_tasks

WHOLE = ""  # in place of the name of a technique


@dataclass(frozen=True, slots=True)
class TechniqueWorth:
    """What a program gains by one of its techniques.

    Attributes:
        technique: its name in ``techniques.registry.TECHNIQUES``, or the text of a part.
        note: the details in this program, as in ``Finding``.
        gain: the paired difference, the whole program minus the one without the technique; None if none is known.
    """

    technique: str
    note: str
    gain: IntervalEstimate | None

    @property
    def is_gain(self) -> bool:
        """Whether the interval of the gain lies above 0."""
        return self.gain is not None and self.gain.low > 0


@dataclass(frozen=True, slots=True)
class Winner:
    """The program that a run selected, with the worth of its techniques.

    Attributes:
        name: the name of the program, or the folder of its run.
        fitness: its mean fitness, tuned, over all final tasks of all seeds; None if it has none of the techniques.
        worths: one for each technique that its code shows.
    """

    name: str
    fitness: float | None
    worths: tuple[TechniqueWorth, ...]


@dataclass(frozen=True, slots=True)
class Proportion:
    """A number of runs out of all, with the Wilson interval of the share."""

    count: int
    runs: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TechniqueCount:
    """How many runs have a technique, and how many gain by it, beside those of a control.

    Attributes:
        technique: its name.
        has, gains: of the runs.
        control_has, control_gains: of the control; None if there is none.
        p_has, p_gains: Fisher's exact test, two-sided, of the runs against the control; None if there is none.
    """

    technique: str
    has: Proportion
    gains: Proportion
    control_has: Proportion | None = None
    control_gains: Proportion | None = None
    p_has: float | None = None
    p_gains: float | None = None


def shown_techniques(program: Program, multiclass: bool = False, *, loss: Loss | None = None) -> tuple[Finding, ...]:
    """Find the techniques in a program that are found after exact simplification, too.

    Example:
        >>> [finding.technique for finding in shown_techniques(library_program("linear_regression"), loss=Loss.RMSE)]
        ['linear model', 'gradient descent on squared loss']
    """
    # A detector may see more in a raw program, such as a factor that cancels out, or less behind dead weight.
    short = {each.technique for each in detect(simplify(program, multiclass).program, multiclass, loss=loss)}
    return tuple(each for each in detect(program, multiclass, loss=loss) if each.technique in short)


def measure_winner(
    name: str,
    program: Program,
    config: Config,
    budget: TuningBudget,
    techniques: Iterable[str] = (),
    parts: Iterable[Part] = (),
    on_progress: OnProgress = no_progress,
) -> Winner:
    """Return what a program gains by each of its techniques, or by those that are asked for.

    Args:
        name: the name of the program.
        program: any program.
        config: the tasks, and the rules by which programs are scored.
        budget: of tuning and scoring, for the program and for each variant of it.
        techniques: names in ``TECHNIQUES``; none: all.
        parts: other parts of the program, whose worth is measured, too.
        on_progress: called after each group of trials.

    Raises:
        ConfigError: there is no such technique.
        TaskError: the tasks cannot be built.

    Example:
        >>> config = load_config("linear")
        >>> program = library_program("linear_regression")
        >>> measure_winner("linear regression", program, config, TuningBudget(trials=20, seeds=3)).worths
    """
    wanted = known_techniques(techniques)
    tasks = build_tasks(config.tasks, Stage.SELECT, config.seed)
    found = shown_techniques(program, tasks.is_multiclass, loss=tasks.loss)
    found = tuple(each for each in found if each.technique in wanted)
    others = {each.text: each.root for each in parts}
    if not found and not others:
        return Winner(name, None, ())
    variants = (
        *technique_variants(program, found),
        *group_variants(program, {text: [others[text]] for text in others}),
    )
    without = {each.name: each.program for each in variants}
    # For two classes, the simplest program is a fair rival of what is left of a model without its structure.
    simplest = {} if tasks.is_multiclass or tasks.loss is not Loss.ACCURACY else _simplest(found)
    programs = {WHOLE: program, **without, **{base: library_program(base) for base in simplest.values()}}
    results = tune_and_score(programs, config, budget, on_progress)
    worths = [
        TechniqueWorth(
            technique=technique,
            note="; ".join(dict.fromkeys(each.note for each in found if each.technique == technique)),
            gain=_gain(results, [each for each in (technique, simplest.get(technique)) if each in results]),
        )
        for technique in (*dict.fromkeys(each.technique for each in found), *others)
    ]
    return Winner(name, float(results[WHOLE].final.mean()), tuple(worths))


def known_techniques(names: Iterable[str]) -> tuple[str, ...]:
    """Return these names of techniques, or all if there are none.

    Raises:
        ConfigError: there is no such technique.
    """
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in TECHNIQUES:
            raise ConfigError(f"there is no technique '{name}': use " + ", ".join(TECHNIQUES))
    return chosen or tuple(TECHNIQUES)


def count_techniques(runs: Sequence[Winner], control: Sequence[Winner] = ()) -> tuple[TechniqueCount, ...]:
    """Count in how many runs each technique appears and is a gain, in the order of the registry; other parts follow.

    Args:
        runs: the winners of independent runs, at least one.
        control: those of runs whose habitat differs in what is under test, if there are any.

    Example:
        >>> decay = TechniqueWorth("learning rate decay", "", IntervalEstimate(0.01, 0.005, 0.015))
        >>> (count,) = count_techniques([Winner("one", 0.9, (decay,)), Winner("other", 0.9, ())])
        >>> count.gains.count, count.gains.runs
        (1, 2)
    """
    names = {each.technique for winner in (*runs, *control) for each in winner.worths}
    return tuple(
        _count(name, runs, control) for name in (*TECHNIQUES, *sorted(names - set(TECHNIQUES))) if name in names
    )


def _simplest(found: Sequence[Finding]) -> dict[str, str]:
    bases = {each.technique: TECHNIQUES[each.technique].simplest for each in found}
    return {technique: base for technique, base in bases.items() if base}


def _gain(results: dict[str, TunedResult], names: Sequence[str | None]) -> IntervalEstimate | None:
    """Return the gain of the whole program over that of some others which is best on the tasks of the tuning."""
    others = [results[name] for name in names if name is not None]
    if not others:
        return None
    # Chosen by the tasks of the tuning, since the final ones are to judge the choice.
    best = max(others, key=lambda each: float(each.select.mean()))
    return paired_difference(results[WHOLE].final, best.final)


def _count(technique: str, runs: Sequence[Winner], control: Sequence[Winner]) -> TechniqueCount:
    has, gains = _having(technique, runs), _gaining(technique, runs)
    if not control:
        return TechniqueCount(technique, _proportion(has), _proportion(gains))
    other_has, other_gains = _having(technique, control), _gaining(technique, control)
    return TechniqueCount(
        technique=technique,
        has=_proportion(has),
        gains=_proportion(gains),
        control_has=_proportion(other_has),
        control_gains=_proportion(other_gains),
        p_has=_fisher(has, other_has),
        p_gains=_fisher(gains, other_gains),
    )


def _having(technique: str, winners: Sequence[Winner]) -> list[bool]:
    return [any(each.technique == technique for each in winner.worths) for winner in winners]


def _gaining(technique: str, winners: Sequence[Winner]) -> list[bool]:
    return [any(each.technique == technique and each.is_gain for each in winner.worths) for winner in winners]


def _proportion(of: Sequence[bool]) -> Proportion:
    # Wilson's interval holds for few runs and for shares of 0 and 1, where that of the normal approximation is empty.
    interval = binomtest(sum(of), len(of)).proportion_ci(LEVEL, method="wilson")
    return Proportion(sum(of), len(of), float(interval.low), float(interval.high))


def _fisher(one: Sequence[bool], other: Sequence[bool]) -> float:
    # Rows are groups, columns are with and without.
    table = [[sum(one), len(one) - sum(one)], [sum(other), len(other) - sum(other)]]
    return float(fisher_exact(table).pvalue)
