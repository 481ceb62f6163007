"""The islands of a run in threads of this process.

Islands share nothing while they run but tasks, which never change, so the number of threads changes no result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import ConfigError
from automl_zero.program.program import Program
from automl_zero.run.checkpoint.snapshot import Arrays, load_arrays
from automl_zero.run.console.formatting import COMPILING
from automl_zero.run.islands.engine import EpochResult, ExperimentSpec, arrays_of, score_here
from automl_zero.run.islands.migration import MigrationPlan, migrate, slots_to_rescore
from automl_zero.search.island import Member
from automl_zero.vm.stop_flag import StopFlag, Stopped


class ThreadEngine:
    """Runs as many islands at a time as it has threads."""

    beginning = COMPILING
    cluster = None

    def __init__(self, workers: int) -> None:
        self.workers, self.stop = workers, StopFlag()
        self._pool = ThreadPoolExecutor(workers)  # which has no threads before they are needed

    def islands(self, beginning: ExperimentSpec) -> ThreadIslands:
        """Those of an experiment.

        Raises:
            ConfigError: they are not to wait for each other.
            Stopped: the stop flag was raised before their initial populations were scored.
        """
        if not beginning.config.islands.synchronous:
            raise ConfigError(
                "islands.synchronous = false is for clusters, whose processes differ in speed, and threads do not: use "
                "--engine ray, or islands.synchronous = true"
            )
        return ThreadIslands(beginning, self._pool, self.stop)

    def score(self, programs: Sequence[Program], beginning: ExperimentSpec, stop: StopFlag) -> list[float]:
        """The fitness of each of them on the first tasks of a beginning.

        Raises:
            Stopped: the flag was raised meanwhile.
        """
        return score_here(programs, beginning, self._pool, stop)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class ThreadIslands:
    """Islands of this process; ``all`` are the islands themselves."""

    def __init__(self, beginning: ExperimentSpec, pool: Executor, stop: StopFlag) -> None:
        self._tasks, self._pool, self._stop = beginning.tasks, pool, stop
        make = partial(beginning.island, stop=stop)
        self.all = list(pool.map(make, range(len(beginning.tasks))))  # and not in this thread, which signals reach

    @property
    def fitness(self) -> NDArray[np.float64]:
        """[islands] the best score of each so far."""
        return np.array([island.best_fitness for island in self.all])

    @property
    def counters(self) -> NDArray[np.int64]:
        """[islands, counters]."""
        return np.stack([island.state.counters for island in self.all])

    @property
    def arrays(self) -> Arrays:
        """The states themselves, not copies."""
        return {
            name: array for number, island in enumerate(self.all) for name, array in arrays_of(island, number).items()
        }

    def restore(self, arrays: Arrays) -> None:
        """Take over states that were kept."""
        load_arrays(self.arrays, arrays)

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3]."""
        return np.asarray(np.sum([island.state.effects for island in self.all], axis=0))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Search on all islands, then migrate."""
        is_cut = not self._do([self._pool.submit(island.run, count) for island in self.all])
        epoch_stats = [island.epoch_stats(number) for number, island in enumerate(self.all)]
        if plan and not is_cut:
            is_cut = not self._migrate(plan)
        return EpochResult(epoch_stats, epoch_stats, is_cut=is_cut)

    def end(self) -> None:
        """They end with this object."""

    def drain(self) -> None:
        """Nothing is under way between epochs."""

    def _migrate(self, plan: MigrationPlan) -> bool:
        """Gives whether the stop flag has left it whole."""
        migrate(plan, [island.state.population for island in self.all], self.all[0].keeps_fittest)
        arrived = zip(self.all, slots_to_rescore(plan, self._tasks), strict=True)
        return self._do([self._pool.submit(island.rescore, slots) for island, slots in arrived if slots])

    def _do(self, jobs: Iterable[Future[None]]) -> bool:
        """Wait for jobs; gives whether all of them were done, since the stop flag was not raised meanwhile."""
        for job in jobs:
            with suppress(Stopped):
                job.result()
        return not self._stop.is_set

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Of each of these islands, its best programs."""
        return [self.all[number].fittest(count) for number in numbers]
