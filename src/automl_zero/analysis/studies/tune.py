"""The constants of a program tuned together: each is multiplied by a factor from 1/1000 to 1000 (paper, section 4.2).

A tuning is a function of program, tasks, config and number of trials; the number of threads changes nothing, and a
clock may only end it earlier. The first trial is the program as it is, so that tuning never loses on the tasks it is
done on. A part of the trials is random, as all of the paper's are; CMA-ES goes on from the best of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as count_from

import numpy as np

from automl_zero.analysis.studies.constants import Constant, constants_of, with_values
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.rng import generator_at, seed_at
from automl_zero.run.scoring.task_score import fitnesses
from automl_zero.tasks.task import FloatArray, TaskSet
from automl_zero.vm.fitness import combine
from automl_zero.vm.stop_flag import StopFlag, Stopped

DECADES = 3.0  # a factor lies between 10 to the power of minus and plus this
RANDOM_SHARE = 0.3  # of the trials
FIRST_SPREAD = 0.7  # standard deviation of the first trials of CMA-ES, in decades

OnProgress = Callable[[int], None]  # is told how many trials were done since the last time
Score = Callable[[FloatArray], float]


@dataclass(frozen=True, slots=True)
class Trial:
    """Values of the constants, and the fitness with them on all tasks together."""

    values: tuple[float, ...]
    fitness: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a tuning came to.

    Attributes:
        constants: those that were tuned, with the values they had.
        trials: in the order in which they were made; the first is the program as it was.
        program: with the values of the best trial; of equals, the first counts.
    """

    constants: tuple[Constant, ...]
    trials: tuple[Trial, ...]
    program: Program

    @property
    def best(self) -> Trial:
        """The best trial."""
        return max(self.trials, key=lambda trial: trial.fitness)


def no_progress(_: int) -> None:
    """Tells nobody how far it is."""


def never() -> bool:
    """There is no clock."""
    return False


def tune(
    program: Program,
    tasks: TaskSet,
    config: Config,
    trials: int,
    workers: int = 1,
    on_progress: OnProgress = no_progress,
    is_over: Callable[[], bool] = never,
    stop: StopFlag | None = None,
) -> Tuning:
    """Find values of the constants with which a program does best on some tasks.

    Args:
        program: any program; see ``constants`` for what of it is tuned.
        tasks: which it is tuned on, never those that it is judged on afterwards.
        config: has the rules of the evaluation, and the seed.
        trials: number of evaluations on all tasks; a program without constants needs one.
        workers: threads.
        on_progress: is told of the progress.
        is_over: asked before each trial but the first; once it says yes, there are no more.
        stop: a flag that ends the trial under way, too, when it is raised.

    Raises:
        Stopped: the flag was raised in the first trial.
    """
    constants = constants_of(program, tasks.is_multiclass)

    def score(candidate: Program) -> float:
        return combine(fitnesses(candidate, tasks, config, stop), config.evaluation.combination)

    return tune_by(score, program, constants, config.seed, trials, workers, on_progress, is_over)


def tune_by(
    score: Callable[[Program], float],
    program: Program,
    constants: tuple[Constant, ...],
    seed: int,
    trials: int,
    workers: int = 1,
    on_progress: OnProgress = no_progress,
    is_over: Callable[[], bool] = never,
) -> Tuning:
    """As ``tune``, where ``score`` tells how good a program is, and which constants are tuned is given."""
    given = np.array([each.value for each in constants])

    def changed(exponents: FloatArray) -> Program:
        values = given * 10.0 ** exponents[: len(given)]
        return with_values(program, dict(zip(constants, values.tolist(), strict=True)))

    study = _Study(lambda exponents: score(changed(exponents)), trials, max(len(constants), 2), seed_at(seed, "tune"))
    study.run(workers, on_progress, is_over if constants else lambda: True)
    made = tuple(
        Trial(tuple((given * 10.0 ** exponents[: len(given)]).tolist()), fitness)
        for exponents, fitness in zip(study.tried, study.scores, strict=True)
    )
    return Tuning(constants, made, changed(study.best))


class _Study:
    """Exponents of the factors that were tried, and the score of each."""

    def __init__(self, score: Score, trials: int, dimensions: int, seed: int) -> None:
        """CMA-ES needs two dimensions: beside a lone constant, one is idle."""
        self._score, self._trials, self._dimensions, self._seed = score, trials, dimensions, seed
        self.tried: list[FloatArray] = []
        self.scores: list[float] = []

    @property
    def best(self) -> FloatArray:
        """The first of those with the highest score."""
        return self.tried[int(np.argmax(self.scores))]

    def run(self, workers: int, on_progress: OnProgress, is_over: Callable[[], bool]) -> None:
        """Do the first trial, and then the others until it is over.

        Raises:
            Stopped: the first one was stopped; others are left out.
        """
        with ThreadPoolExecutor(workers) as threads:
            for batch in self._batches():
                for start in range(0, len(batch), workers):
                    if self.tried and is_over():
                        return
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
        """What to try next, side by side: the program as it is, at random, then by CMA-ES from the best so far."""
        yield [np.zeros(self._dimensions)]  # alone, so that the tasks are packed once
        count = round(RANDOM_SHARE * (self._trials - 1))
        yield list(generator_at(self._seed, "random").uniform(-DECADES, DECADES, (count, self._dimensions)))
        for restart in count_from(0):
            yield from self._generations(seed_at(self._seed, "cma", restart) % (1 << 32))
            if len(self.tried) >= self._trials:
                return

    def _generations(self, seed: int) -> Iterator[list[FloatArray]]:
        """Populations of CMA-ES until it comes to rest; the last is cut short when the trials are used up."""
        from cmaes import CMA

        bounds = np.tile([-DECADES, DECADES], (self._dimensions, 1))
        search = CMA(self.best, FIRST_SPREAD, bounds=bounds, seed=seed)
        while (left := self._trials - len(self.tried)) > 0 and not search.should_stop():
            batch = [search.ask() for _ in range(min(search.population_size, left))]
            yield batch
            if len(batch) == search.population_size:
                losses = [-score for score in self.scores[-len(batch) :]]
                search.tell(list(zip(batch, losses, strict=True)))
