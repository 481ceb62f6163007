"""Tuning of the constants of a program: each is multiplied by a factor, from 1/1000 to 1000 in the paper (section 4.2).

A tuning is a function of program, tasks, config and number of trials; the number of threads changes nothing, and a
clock can only end it earlier. The first trial is the unchanged program, so that tuning never loses on its own tasks. A
part of the trials is random, as all are in the paper; the others are CMA-ES, which starts from the best of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as count_from
from typing import NamedTuple

import numpy as np

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.rng import generator_at, seed_at
from automl_zero.run.scoring.constants import Constant, constants_of, with_values
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import FloatArray, TaskSet
from automl_zero.vm.fitness import combine
from automl_zero.vm.stop_flag import StopFlag, Stopped

DECADES = 3.0  # a factor lies between 10 to the power of minus and plus this, unless limits say otherwise
RANDOM_SHARE = 0.3  # the fraction of the trials that are random
FIRST_SPREAD = 0.7  # the initial standard deviation (sigma) of CMA-ES, in decades

OnProgress = Callable[[int], None]  # called with the number of trials since the last call
Score = Callable[[FloatArray], float]


@dataclass(frozen=True, slots=True)
class Trial:
    """Values of the constants, and the fitness with them on all tasks together."""

    values: tuple[float, ...]
    fitness: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """The result of a tuning.

    Attributes:
        constants: the tuned constants, with their original values.
        trials: the trials in chronological order; the first is the unchanged program.
        program: the program with the values of the best trial, the first of equals.
    """

    constants: tuple[Constant, ...]
    trials: tuple[Trial, ...]
    program: Program

    @property
    def best(self) -> Trial:
        """The best trial."""
        return max(self.trials, key=lambda trial: trial.fitness)


def no_progress(_: int) -> None:
    """Ignore progress."""


def never() -> bool:
    """Return False: there is no time limit."""
    return False


@dataclass(frozen=True, slots=True)
class TuningLimits:
    """What ends a tuning early, and how far it may go.

    Attributes:
        is_over: called before each trial but the first; no more trials begin once it returns True.
        stop: a flag that also cancels the current trial, when it is raised.
        decades: factors lie between 10 to the power of minus and plus this.
    """

    is_over: Callable[[], bool] = never
    stop: StopFlag | None = None
    decades: float = DECADES


NO_LIMITS = TuningLimits()


def tune(
    program: Program,
    tasks: TaskSet,
    config: Config,
    trials: int,
    workers: int = 1,
    on_progress: OnProgress = no_progress,
    limits: TuningLimits = NO_LIMITS,
) -> Tuning:
    """Find values of the constants with which a program does best on some tasks.

    Args:
        program: any program; ``constants_of`` returns what is tuned.
        tasks: the tasks to tune on; never score the result on the same tasks.
        config: the rules of the evaluation, and the seed.
        trials: the number of evaluations on all tasks; a program without constants takes a single one.
        workers: the number of threads.
        on_progress: called after each group of trials.
        limits: what ends the tuning early, and how far it may go.

    Raises:
        Stopped: the flag of the limits was raised in the first trial.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.program.library import library_program
        >>> from automl_zero.tasks.task_kinds import Stage, build_tasks
        >>> config = load_config("linear")
        >>> tasks = build_tasks(config.tasks, Stage.SELECT, config.seed)
        >>> tuning = tune(library_program("linear_regression"), tasks, config, trials=20)
        >>> tuning.best.fitness > tuning.trials[0].fitness
        True
    """
    constants = constants_of(program, tasks.is_multiclass)

    def score(candidate: Program) -> float:
        return combine(fitnesses(candidate, tasks, config, limits.stop), config.evaluation.combination)

    return tune_by(score, program, constants, config.seed, trials, workers, on_progress, limits)


def tune_by(
    score: Callable[[Program], float],
    program: Program,
    constants: tuple[Constant, ...],
    seed: int,
    trials: int,
    workers: int = 1,
    on_progress: OnProgress = no_progress,
    limits: TuningLimits = NO_LIMITS,
) -> Tuning:
    """Tune given constants by any score of a program, which reads the flag of the limits; otherwise as ``tune``."""
    # A search over exponents: value = given * 10^exponent, with exponents within [-decades, decades].
    given = np.array([each.value for each in constants])

    def changed(exponents: FloatArray) -> Program:
        values = given * 10.0 ** exponents[: len(given)]
        return with_values(program, dict(zip(constants, values.tolist(), strict=True)))

    space = _Space(max(len(constants), 2), limits.decades)
    study = _Study(lambda exponents: score(changed(exponents)), trials, space, seed_at(seed, "tune"))
    study.run(workers, on_progress, limits.is_over if constants else lambda: True)
    made = tuple(
        Trial(tuple((given * 10.0 ** exponents[: len(given)]).tolist()), fitness)
        for exponents, fitness in zip(study.tried, study.scores, strict=True)
    )
    return Tuning(constants, made, changed(study.best))


class _Space(NamedTuple):
    """The exponents: how many, and how large; CMA-ES needs two, so of a single constant the second one is unused."""

    dimensions: int
    decades: float


class _Study:
    """The tried exponents of the factors, and the score of each."""

    def __init__(self, score: Score, trials: int, space: _Space, seed: int) -> None:
        self._score, self._trials, self._space, self._seed = score, trials, space, seed
        self.tried: list[FloatArray] = []
        self.scores: list[float] = []

    @property
    def best(self) -> FloatArray:
        """The exponents with the highest score, the first of equals."""
        return self.tried[int(np.argmax(self.scores))]

    def run(self, workers: int, on_progress: OnProgress, is_over: Callable[[], bool]) -> None:
        """Do the first trial, then the others until the limit.

        Raises:
            Stopped: the first trial was stopped; stopped later ones are discarded.
        """
        with ThreadPoolExecutor(workers) as threads:
            for batch in self._batches():
                for start in range(0, len(batch), workers):
                    if self.tried and is_over():
                        return
                    # Scores are collected in the order of the batch, so that CMA-ES sees the same whatever the number
                    # of threads.
                    part = batch[start : start + workers]
                    try:
                        scores = list(threads.map(self._score, part))
                    except Stopped:
                        if not self.tried:
                            raise
                        return
                    self.scores.extend(scores)
                    self.tried.extend(part)
                    on_progress(len(part))

    def _batches(self) -> Iterator[list[FloatArray]]:
        """Yield groups of trials to run in parallel: the unchanged program, random ones, generations of CMA-ES."""
        dimensions, decades = self._space
        yield [np.zeros(dimensions)]  # alone, so that the tasks are packed once
        count = round(RANDOM_SHARE * (self._trials - 1))
        # Log-uniform factors, as scales of learning rates and noise are unknown by orders of magnitude.
        yield list(generator_at(self._seed, "random").uniform(-decades, decades, (count, dimensions)))
        # A converged CMA-ES restarts from the best so far, with the initial spread, until the trials are used up.
        for restart in count_from(0):
            yield from self._generations(seed_at(self._seed, "cma", restart) % (1 << 32))
            if len(self.tried) >= self._trials:
                return

    def _generations(self, seed: int) -> Iterator[list[FloatArray]]:
        """Yield the populations of one CMA-ES run until it converges or the trials are used up."""
        from cmaes import CMA

        dimensions, decades = self._space
        bounds = np.tile([-decades, decades], (dimensions, 1))
        search = CMA(self.best, min(FIRST_SPREAD, decades / 2), bounds=bounds, seed=seed)
        while (left := self._trials - len(self.tried)) > 0 and not search.should_stop():
            batch = [search.ask() for _ in range(min(search.population_size, left))]
            yield batch
            # CMA-ES updates from whole populations only (and minimizes); after a partial one, the trials are used up.
            if len(batch) == search.population_size:
                losses = [-score for score in self.scores[-len(batch) :]]
                search.tell(list(zip(batch, losses, strict=True)))
