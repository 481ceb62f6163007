"""The engine that runs islands in threads of this process.

While they run, islands share nothing but tasks, which never change, so the number of threads changes no result.
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
from automl_zero.system.processors import usable_processors
from automl_zero.vm.stop_flag import StopFlag, Stopped


class ThreadEngine:
    """Runs islands in threads of this process.

    Args:
        workers: the number of threads; by default, one for each usable processor.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.run.archipelago import Archipelago
        >>> from automl_zero.run.experiment import search_tasks
        >>> config = load_config("linear")
        >>> archipelago = Archipelago(config, search_tasks(config, 0), seed=1, engine=ThreadEngine(2))
        >>> has_migrated = archipelago.run_epoch()
        >>> archipelago.epoch
        1
    """

    startup_message = COMPILING
    cluster = None

    def __init__(self, workers: int | None = None) -> None:
        self.workers, self.stop = usable_processors() if workers is None else workers, StopFlag()
        self._pool = ThreadPoolExecutor(self.workers)  # it starts threads when they are needed

    def islands(self, spec: ExperimentSpec) -> ThreadIslands:
        """Create the islands of an experiment.

        Raises:
            ConfigError: the config asks for islands that do not wait for each other.
            Stopped: the stop flag was raised before their initial populations were scored.
        """
        if not spec.config.islands.synchronous:
            raise ConfigError(
                "islands.synchronous = false is for clusters, whose processes differ in speed, and threads do not: use "
                "--engine ray, or islands.synchronous = true"
            )
        return ThreadIslands(spec, self._pool, self.stop)

    def score(self, programs: Sequence[Program], spec: ExperimentSpec, stop: StopFlag) -> list[float]:
        """Return the fitness of each program on the tasks of the first island.

        Raises:
            Stopped: the flag was raised meanwhile.
        """
        return score_here(programs, spec, self._pool, stop)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class ThreadIslands:
    """Islands of this process; ``all`` are the islands themselves."""

    def __init__(self, spec: ExperimentSpec, pool: Executor, stop: StopFlag) -> None:
        self._tasks, self._pool, self._stop = spec.tasks, pool, stop
        make = partial(spec.island, stop=stop)
        self.all = list(pool.map(make, range(len(spec.tasks))))  # and not in this thread, which signals reach

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
        """Copy saved states into the islands."""
        load_arrays(self.arrays, arrays)

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3] effects of mutations, summed over the islands."""
        return np.asarray(np.sum([island.state.effects for island in self.all], axis=0))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Search on all islands, then migrate."""
        is_cut = not self._do([self._pool.submit(island.run, count) for island in self.all])
        epoch_stats = [island.epoch_stats(number) for number, island in enumerate(self.all)]
        if plan and not is_cut:
            is_cut = not self._migrate(plan)
        return EpochResult(epoch_stats, epoch_stats, is_cut=is_cut)

    def end(self) -> None:
        """Do nothing: the islands are released with this object."""

    def drain(self) -> None:
        """Return None: no work is under way between epochs."""

    def _migrate(self, plan: MigrationPlan) -> bool:
        """Move programs and score immigrants again; return False if the stop flag ended that early."""
        migrate(plan, [island.state.population for island in self.all], self.all[0].keeps_fittest)
        arrived = zip(self.all, slots_to_rescore(plan, self._tasks), strict=True)
        return self._do([self._pool.submit(island.rescore, slots) for island, slots in arrived if slots])

    def _do(self, jobs: Iterable[Future[None]]) -> bool:
        """Wait for jobs; return False if the stop flag ended some of them early."""
        for job in jobs:
            with suppress(Stopped):
                job.result()
        return not self._stop.is_set

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Return the best programs of each of these islands."""
        return [self.all[number].fittest(count) for number in numbers]
