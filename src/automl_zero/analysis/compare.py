"""How searches compare: how often, and how soon, each reaches its target, over several seeds.

All of it is a function of the runs' events, so that a comparison can be looked at again without running anything.
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

RESAMPLES, LEVEL = 2000, 0.95  # of the bootstrap


@dataclass(frozen=True)
class SearchVariant:
    """A search to compare: ``name`` is how it was asked for; its runs differ from ``config`` in their seeds alone."""

    name: str
    config: Config

    def of_seed(self, seed: int) -> Config:
        """The run of a seed; it scores no baselines, since searches are compared, and keeps no large states on disk."""
        baselines = self.config.baselines.model_copy(update={"names": ()})
        checkpoint = self.config.checkpoint.model_copy(update={"keep": 0})
        return self.config.model_copy(update={"seed": seed, "baselines": baselines, "checkpoint": checkpoint})


@dataclass(frozen=True)
class Attempt:
    """What one run came to.

    Attributes:
        solved: whether a program reached ``stop.target_fitness`` on the select tasks.
        programs: made until it did, or in the whole run; so are ``train_steps`` and ``seconds``.
        fitness: the best on the select tasks.
    """

    solved: bool
    programs: int
    train_steps: int
    seconds: float
    fitness: float


@dataclass(frozen=True)
class IntervalEstimate:
    """A figure with its bootstrap confidence interval; infinite where too few runs were solved."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """What the runs of a variant came to.

    Attributes:
        solved: number of runs that reached the target, of ``runs``.
        success_rate: their share.
        programs_per_solution: programs of all runs for each one solved.
        programs, train_steps, seconds: medians to the target; a run that was not solved counts as infinite.
        fitness: median of the best fitness on the select tasks.
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
    """A variant from a preset or file and overrides, as in ``linear search.method=random-search``.

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
    """What a run came to, from its events; None if it is not complete, or was interrupted."""
    programs, train_steps, seconds, fitness, complete = 0, 0, 0.0, 0.0, False
    for event in events:
        if isinstance(event, EpochEnd):
            programs, train_steps, seconds = event.programs, event.train_steps, event.seconds
        elif isinstance(event, Selection):
            seconds, fitness = event.seconds, max(fitness, event.select_fitness)
            if config.stop.target_fitness is not None and event.select_fitness >= config.stop.target_fitness:
                return Attempt(True, programs, train_steps, seconds, fitness)
        complete = complete or (isinstance(event, Stop) and event.reason != INTERRUPTED)
    return Attempt(False, programs, train_steps, seconds, fitness) if complete else None


def summarize(name: str, attempts: Sequence[Attempt]) -> Summary:
    """Sum up the runs of a variant."""
    solved = np.array([each.solved for each in attempts], np.float64)
    spent = np.array([each.programs for each in attempts], np.float64)

    def median(of: Callable[[Attempt], float], *, until_solved: bool = True) -> IntervalEstimate:
        values = [of(each) if each.solved or not until_solved else np.inf for each in attempts]
        return _estimate(np.array(values, np.float64), lambda drawn: np.median(drawn, axis=-1))

    return Summary(
        name,
        len(attempts),
        int(solved.sum()),
        _estimate(solved, lambda drawn: drawn.mean(axis=-1)),
        _estimate(np.stack([spent, solved]), _ratio),
        median(lambda each: each.programs),
        median(lambda each: each.train_steps),
        median(lambda each: each.seconds),
        median(lambda each: each.fitness, until_solved=False),
    )


def _ratio(drawn: FloatArray) -> Any:
    """Sums of the first row over those of the second."""
    spent, solved = drawn.sum(axis=-1)
    return np.divide(spent, solved, out=np.full_like(spent, np.inf), where=solved > 0)


def _estimate(values: FloatArray, statistic: Callable[[FloatArray], Any]) -> IntervalEstimate:
    """A statistic of values [..., runs], with the interval of its values on resampled runs (percentile bootstrap)."""
    runs = values.shape[-1]
    rng = generator_at(0, "bootstrap", runs)
    resampled = statistic(values[..., rng.integers(runs, size=(RESAMPLES, runs))])
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest")
    return IntervalEstimate(float(statistic(values[..., None, :])[0]), float(low), float(high))
