"""Islands side by side: epochs in threads, and migration between them.

Islands share nothing while an epoch runs but tasks, which never change, and what follows an epoch depends on the seed
alone: results are the same for every number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.migrate import migrate, plan_migration, strangers
from automl_zero.run.snapshot import named_arrays
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet


class Archipelago:
    """The islands of one experiment.

    Args:
        config: the run's settings.
        tasks: what programs are scored on, on each island; islands of the same tasks share one set.
        seed: of the experiment; every island has its own branch of it.
        initial: programs that each island begins with; random ones where none are given.

    Raises:
        ConfigError, ProgramError: the config or an initial program cannot be used.
    """

    def __init__(
        self, config: Config, tasks: Sequence[TaskSet], seed: int, initial: Sequence[Program] | None = None
    ) -> None:
        self.epoch, self.tasks = 0, tasks
        self.islands = [
            Island(config.of_island(number), each, seed_at(seed, "island", number), initial)
            for number, each in enumerate(tasks)
        ]
        self._config, self._seed = config, seed

    def run_epoch(self, pool: Executor) -> bool:
        """Let every island make its programs, as many at a time as the pool has threads, then migrate if it is time.

        Tells whether programs have migrated.
        """
        settings = self._config.islands
        _wait([pool.submit(island.run, settings.epoch_programs) for island in self.islands])
        self.epoch += 1
        migrates = settings.migrants > 0 and self.epoch % settings.migration_epochs == 0
        if migrates:
            self._migrate(pool)
        return migrates

    def _migrate(self, pool: Executor) -> None:
        """Move programs, and score those that have come from other tasks before anything else happens to them."""
        populations = [island.state.population for island in self.islands]
        size, migrants = self._config.search.population_size, self._config.islands.migrants
        plan = plan_migration(self._seed, self.epoch, len(populations), size, migrants)
        migrate(plan, populations)
        arrived = zip(self.islands, strangers(plan, self.tasks), strict=True)
        _wait([pool.submit(island.rescore, slots) for island, slots in arrived if slots])

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that changes during a search but the number of epochs, by names such as ``islands.0.random``."""
        states = ((island.state, f"islands.{number}") for number, island in enumerate(self.islands))
        return {name: array for state, prefix in states for name, array in named_arrays(state, prefix)}

    @property
    def leader(self) -> Island:
        """The island with the best program so far, among those of the first one's tasks; of equals, the first."""
        comparable = (island for island, tasks in zip(self.islands, self.tasks, strict=True) if tasks is self.tasks[0])
        return max(comparable, key=lambda island: island.best_fitness)

    @property
    def counters(self) -> dict[str, int]:
        """What became of the programs so far, added up over the islands."""
        total: Counter[str] = Counter()
        for island in self.islands:
            total.update(island.counters)
        del total["best_at"]  # the number of a candidate, not a count
        return dict(total)

    @property
    def programs(self) -> int:
        """Programs made so far, initial ones included."""
        return self.counters["programs"]

    @property
    def train_steps(self) -> int:
        """Training steps done so far."""
        return self.counters["train_steps"]


def _wait(jobs: Iterable[Future[None]]) -> None:
    for job in jobs:
        job.result()
