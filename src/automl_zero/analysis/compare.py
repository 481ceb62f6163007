"""Comparison of search variants: how often, and after how many programs, each reaches its target over several seeds.

Everything is computed from the events of the runs, so that a comparison can be repeated without running anything.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl_zero.config import Config, ConfigError, load_config
from automl_zero.rng import generator_at
from automl_zero.run.record.events import EpochEnd, Event, Selection, Stop
from automl_zero.run.record.limits import INTERRUPTED
from automl_zero.tasks.task import FloatArray

RESAMPLES, LEVEL = 2000, 0.95  # bootstrap resamples, and confidence level of the intervals


@dataclass(frozen=True)
class SearchVariant:
    """A search to compare: ``config``, which all its runs share but for the seed, and the text that requested it."""

    name: str
    config: Config

    def of_seed(self, seed: int) -> Config:
        """Return the config of the run with a seed.

        It scores no baselines, since searches are compared with each other, and keeps no checkpoints on disk.
        """
        baselines = self.config.baselines.model_copy(update={"names": ()})
        checkpoint = self.config.checkpoint.model_copy(update={"keep": 0})
        return self.config.model_copy(update={"seed": seed, "baselines": baselines, "checkpoint": checkpoint})


@dataclass(frozen=True)
class Attempt:
    """The outcome of one run.

    Attributes:
        solved: whether a program reached ``stop.target_fitness`` on the select tasks.
        programs: the number of programs until then, or in the whole run.
        train_steps: training steps, counted likewise.
        seconds: seconds, counted likewise.
        fitness: the best fitness on the select tasks.
    """

    solved: bool
    programs: int
    train_steps: int
    seconds: float
    fitness: float


@dataclass(frozen=True)
class IntervalEstimate:
    """An estimate with its bootstrap confidence interval; infinite where too few runs were solved."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """The outcome of all runs of a variant.

    Attributes:
        name: the name of the variant.
        runs: the number of runs.
        solved: the number of runs that reached the target.
        success_rate: ``solved / runs``.
        programs_per_solution: programs of all runs divided by ``solved``.
        programs: the median number of programs until the target; an unsolved run counts as infinite.
        train_steps: the median of the training steps, likewise.
        seconds: the median of the seconds, likewise.
        fitness: the median of the best fitness on the select tasks.
    """

    name: str
    runs: int
    solved: int
    success_rate: IntervalEstimate
    programs_per_solution: IntervalEstimate
    programs: IntervalEstimate
    train_steps: IntervalEstimate
    seconds: IntervalEstimate
    fitness: IntervalEstimate


def parse_variant(text: str, overrides: Sequence[str]) -> SearchVariant:
    """Parse a variant: a preset or file, followed by overrides, as in ``linear search.method=random-search``.

    Raises:
        ConfigError: there is no such preset, or an override cannot be used.
    """
    try:
        name, *own = shlex.split(text)
    except ValueError:
        raise ConfigError(
            f"'{text}' is no variant: write a preset or file, then overrides, with spaces between"
        ) from None
    return SearchVariant(text, load_config(name, [*overrides, *own]))


def attempt(config: Config, events: Iterable[Event]) -> Attempt | None:
    """Return the outcome of a run from its events; None if the run is incomplete or was interrupted."""
    programs, train_steps, seconds, fitness, complete = 0, 0, 0.0, 0.0, False
    for event in events:
        if isinstance(event, EpochEnd):
            programs, train_steps, seconds = event.programs, event.train_steps, event.seconds
        elif isinstance(event, Selection):
            seconds, fitness = event.seconds, max(fitness, event.select_fitness)
            if config.stop.target_fitness is not None and event.select_fitness >= config.stop.target_fitness:
                return Attempt(
                    solved=True, programs=programs, train_steps=train_steps, seconds=seconds, fitness=fitness
                )
        # An interrupted run might have reached the target later: it is no failure, and is left out.
        complete = complete or (isinstance(event, Stop) and event.reason != INTERRUPTED)
    return (
        Attempt(solved=False, programs=programs, train_steps=train_steps, seconds=seconds, fitness=fitness)
        if complete
        else None
    )


def summarize(name: str, attempts: Sequence[Attempt]) -> Summary:
    """Summarize the runs of a variant."""
    solved = np.array([each.solved for each in attempts], np.float64)
    spent = np.array([each.programs for each in attempts], np.float64)

    # Runs are censored: of an unsolved one, only a lower bound of the time to the target is known. Infinity keeps the
    # median exact as long as more than half of the runs are solved, and makes it infinite otherwise.
    def median(of: Callable[[Attempt], float], *, until_solved: bool = True) -> IntervalEstimate:
        values = [of(each) if each.solved or not until_solved else np.inf for each in attempts]
        return _estimate(np.array(values, np.float64), lambda drawn: np.median(drawn, axis=-1))

    return Summary(
        name=name,
        runs=len(attempts),
        solved=int(solved.sum()),
        success_rate=_estimate(solved, lambda drawn: drawn.mean(axis=-1)),
        programs_per_solution=_estimate(np.stack([spent, solved]), _ratio),
        programs=median(lambda each: each.programs),
        train_steps=median(lambda each: each.train_steps),
        seconds=median(lambda each: each.seconds),
        fitness=median(lambda each: each.fitness, until_solved=False),
    )


def _ratio(drawn: FloatArray) -> Any:
    """Return the sum of the first row divided by that of the second; infinite where the latter is 0."""
    # A ratio of sums, not a mean of ratios: the expected cost per success of restarting until one run succeeds.
    spent, solved = drawn.sum(axis=-1)
    return np.divide(spent, solved, out=np.full_like(spent, np.inf), where=solved > 0)


def _estimate(values: FloatArray, statistic: Callable[[FloatArray], Any]) -> IntervalEstimate:
    """Return a statistic of values [..., runs] with its percentile bootstrap interval.

    The interval of level 1 - a lies between the a/2 and 1 - a/2 quantiles of the statistic over resampled runs (Efron
    and Tibshirani 1993, chapter 13).
    """
    runs = values.shape[-1]
    # The stream depends on the number of runs alone: equal outcomes have equal intervals, and rows of one array are
    # resampled together, so that the programs and the success of a run stay paired.
    rng = generator_at(0, "bootstrap", runs)
    resampled = statistic(values[..., rng.integers(runs, size=(RESAMPLES, runs))])
    # method="nearest" returns values that occur: interpolation between a number and infinity would be NaN.
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return IntervalEstimate(float(statistic(values[..., None, :])[0]), float(low), float(high))
