"""Islands side by side: epochs, and migration between them by a plan that follows from the seed alone.

Where the islands run is the engine's business; results are the same wherever they do. Islands that do not wait for each
other have no such plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.checkpoint.validation import check_sound
from automl_zero.run.islands.engine import Engine, EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan, plan_migration
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.lineage import PREFIX, Immigrant, LineageTracker
from automl_zero.run.record.run_folder import StoreError
from automl_zero.search.lineage_log import MUTATION_NAMES
from automl_zero.search.state import COUNTERS
from automl_zero.tasks.task import TaskSet


class Archipelago:
    """The islands of one experiment.

    Attributes:
        epoch: those that were done; ``position``: programs that each island has made of the next one.
        is_cut: whether the stop flag has ended an epoch; then nothing may go on from here.

    Args:
        config: the run's settings.
        tasks: what programs are scored on, on each island; islands of the same tasks share one set.
        seed: of the experiment; every island has its own branch of it.
        initial: programs that each island begins with; random ones where none are given.
        engine: where the islands run; in one thread if none is given.

    Raises:
        ConfigError, ProgramError: the config or an initial program cannot be used.
    """

    def __init__(
        self,
        config: Config,
        tasks: Sequence[TaskSet],
        seed: int,
        initial: Sequence[Program] | None = None,
        engine: Engine | None = None,
    ) -> None:
        self.epoch, self.position, self.is_cut, self.tasks = 0, 0, False, tasks
        self.spec, self.engine = ExperimentSpec(config, tasks, seed, initial), engine or ThreadEngine(1)
        self.islands = self.engine.islands(self.spec)
        self.lineage = LineageTracker()
        self.behaviours: tuple[int, ...] = ()  # of each island after its latest epoch, as in ``EpochStats``
        self.most_common_count: tuple[int, ...] = ()
        self.immigrants: tuple[Immigrant | None, ...] = ()  # the last foreign ancestor of each island's best program
        self._config, self._seed = config, seed

    def run_epoch(self, most: int | None = None) -> bool:
        """Let every island make its programs, then migrate if it is time; tells whether programs have migrated.

        Args:
            most: programs of each island, fewer than are left of the epoch, which then does not end; by default, all
                that are left.
        """
        settings = self._config.islands
        if most is not None:
            self._take(self.islands.run_epoch(most, None))
            self.position += most
            return False
        left, self.position = settings.epoch_programs - self.position, 0
        self.epoch += 1
        plan = self._plan()
        self._take(self.islands.run_epoch(left, plan))
        return plan is not None or (settings.migrants > 0 and not settings.synchronous)

    def go_on_from(self, epoch: int, position: int) -> None:
        """Say how far the state is that was restored.

        Raises:
            StoreError: no epoch has such a position.
        """
        if position >= self._config.islands.epoch_programs:
            raise StoreError(
                f"the checkpoint was taken after {position} programs of an epoch of islands.epoch_programs = "
                f"{self._config.islands.epoch_programs}: give the config that it was made under"
            )
        self.epoch, self.position = epoch, position

    def drain(self) -> bool:
        """Wait for what is under way, as one more epoch; tells whether anything was."""
        brood = self.islands.drain()
        if brood is None:
            return False
        self.epoch += 1
        self._take(brood)
        return True

    def _take(self, brood: EpochResult) -> None:
        self.is_cut = self.is_cut or brood.is_cut
        self.lineage.add(brood)
        self.behaviours = tuple(each.behaviours if each else 0 for each in brood.latest)
        self.most_common_count = tuple(each.most_common_count if each else 0 for each in brood.latest)
        bests = [each.best if each else 0 for each in brood.latest]
        self.immigrants = tuple(self.lineage.foreign(bests, range(len(bests))))

    def _plan(self) -> MigrationPlan | None:
        """Of the migration that follows this epoch, if one does."""
        settings = self._config.islands
        if settings.migrants == 0 or not settings.synchronous or self.epoch % settings.migration_epochs:
            return None
        size = self._config.search.population_size
        return plan_migration(self._seed, self.epoch, len(self.tasks), size, settings.migrants)

    @property
    def leader(self) -> int:
        """The island with the best program so far, among those of the first one's tasks; of equals, the first."""
        fitness = self.islands.fitness
        comparable = (number for number, tasks in enumerate(self.tasks) if tasks is self.tasks[0])
        return max(comparable, key=lambda number: fitness[number])

    @property
    def best(self) -> Program:
        """The leader's best program."""
        return self.islands.fittest(1, [self.leader])[0][0].program

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that changes during a search but the number of epochs, by names such as ``islands.0.random``."""
        return {**self.islands.arrays, **self.lineage.arrays}

    def restore(self, arrays: Arrays) -> None:
        """Go on from what was kept.

        Raises:
            StoreError: no search of this config comes to such a state.
        """
        of_lineage = {name: array for name, array in arrays.items() if name.startswith(PREFIX)}
        self.islands.restore({name: array for name, array in arrays.items() if name not in of_lineage})
        check_sound(self.islands.arrays, self._config)
        self.lineage.restore(of_lineage, self._config)

    @property
    def effects(self) -> dict[str, tuple[int, int, int]]:
        """How many children of each kind of mutation were less fit than their parents, as fit, and fitter."""
        counts = zip(MUTATION_NAMES, self.islands.effects.tolist(), strict=True)
        return {name: (worse, equal, better) for name, (worse, equal, better) in counts if worse or equal or better}

    @property
    def fitness(self) -> float:
        """Of the leader's best program."""
        return float(self.islands.fitness[self.leader])

    @property
    def counters(self) -> dict[str, int]:
        """What became of the programs so far, added up over the islands."""
        total = dict(zip(COUNTERS, map(int, self.islands.counters.sum(axis=0)), strict=True))
        del total["best_at"]  # the number of a candidate, not a count
        return total

    @property
    def programs(self) -> int:
        """Programs made so far, initial ones included."""
        return self.counters["programs"]

    @property
    def train_steps(self) -> int:
        """Training steps done so far."""
        return self.counters["train_steps"]
