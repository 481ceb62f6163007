"""Islands side by side: epochs in threads, and migration between them.

Islands share nothing while an epoch runs, and what follows an epoch depends on the seed alone: results are the same for
every number of threads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.migrate import migrate, plan_migration
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet


class Archipelago:
    """The islands of one experiment.

    Args:
        config: the run's settings.
        tasks: what programs are scored on, the same on all islands.
        seed: of the experiment; every island has its own branch of it.
        initial: programs that each island begins with; random ones where none are given.

    Raises:
        ConfigError, ProgramError: the config or an initial program cannot be used.
    """

    def __init__(self, config: Config, tasks: TaskSet, seed: int, initial: Sequence[Program] | None = None) -> None:
        self.epoch = 0
        self.islands = [
            Island(config, tasks, seed_at(seed, "island", number), initial) for number in range(config.islands.count)
        ]
        self._config, self._seed = config, seed

    def run_epoch(self, pool: Executor) -> None:
        """Let every island make its programs, as many at a time as the pool has threads, then migrate if it is time."""
        settings = self._config.islands
        for done in [pool.submit(island.run, settings.epoch_programs) for island in self.islands]:
            done.result()
        self.epoch += 1
        if settings.migrants and self.epoch % settings.migration_epochs == 0:
            self._migrate()

    def _migrate(self) -> None:
        populations = [island.state.population for island in self.islands]
        size, migrants = self._config.search.population_size, self._config.islands.migrants
        migrate(plan_migration(self._seed, self.epoch, len(populations), size, migrants), populations)

    @property
    def leader(self) -> Island:
        """The island with the best program so far; of equals, the first."""
        return max(self.islands, key=lambda island: island.best_fitness)

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
