"""The islands of one experiment: epochs, and migration between islands by a plan that depends on the seed alone.

The engine decides where the islands run; results do not depend on it. Islands that do not wait for each other have no
migration plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.checkpoint.validation import check_valid
from automl_zero.run.islands.engine import Engine, EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan, plan_migration
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.lineage_tracker import PREFIX, Birthplace, LineageTracker
from automl_zero.run.record.run_folder import StoreError
from automl_zero.search.lineage_log import MUTATION_NAMES
from automl_zero.search.state import COUNTERS
from automl_zero.tasks.task import TaskSet


class Archipelago:
    """The islands of one experiment.

    Attributes:
        epoch: the number of epochs done; ``position``: programs that each island has made of the next one.
        is_cut: whether the stop flag ended an epoch early; the search cannot continue then.
        lineage: the ancestry of the programs on all islands.
        behaviours: [islands] ``EpochStats.behaviours`` after the latest epoch; so is ``most_common_count``.
        immigrants: [islands] the birthplace of the last ancestor of each best program that was born elsewhere.

    Args:
        config: the settings of the run.
        tasks: [islands] what each island scores programs on; islands with the same tasks share one object.
        seed: the seed of the experiment; every island has its own branch of it.
        initial: the programs that each island starts from; by default, random ones.
        engine: where the islands run; by default, in one thread.

    Raises:
        ConfigError, ProgramError: the config or an initial program cannot be used.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.run.experiment import search_tasks
        >>> config = load_config("linear")
        >>> archipelago = Archipelago(config, search_tasks(config, 0), seed=1)
        >>> has_migrated = archipelago.run_epoch()
        >>> archipelago.epoch, archipelago.fitness > 0
        (1, True)
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
        self.behaviours: tuple[int, ...] = ()
        self.most_common_count: tuple[int, ...] = ()
        self.immigrants: tuple[Birthplace | None, ...] = ()
        self._config, self._seed = config, seed

    def run_epoch(self, most: int | None = None) -> bool:
        """Let every island make its programs of an epoch, then migrate if that is due.

        Args:
            most: programs of each island, fewer than the rest of the epoch, which then does not end; by default, the
                rest.

        Returns:
            Whether programs have migrated.
        """
        settings = self._config.islands
        if most is not None:
            self._record(self.islands.run_epoch(most, None))
            self.position += most
            return False
        left, self.position = settings.epoch_programs - self.position, 0
        self.epoch += 1
        plan = self._migration_plan()
        self._record(self.islands.run_epoch(left, plan))
        return plan is not None or (settings.migrants > 0 and not settings.synchronous)

    def set_position(self, epoch: int, position: int) -> None:
        """Set how many epochs, and programs of the next one, a restored state has done.

        Raises:
            StoreError: an epoch has fewer programs than ``position``.
        """
        if position >= self._config.islands.epoch_programs:
            raise StoreError(
                f"the checkpoint was taken after {position} programs of an epoch of islands.epoch_programs = "
                f"{self._config.islands.epoch_programs}: give the config that it was made under"
            )
        self.epoch, self.position = epoch, position

    def drain(self) -> bool:
        """Wait for all work under way, which counts as one more epoch; return whether there was any."""
        result = self.islands.drain()
        if result is None:
            return False
        self.epoch += 1
        self._record(result)
        return True

    def _record(self, result: EpochResult) -> None:
        """Update lineage and statistics by the result of an epoch."""
        self.is_cut = self.is_cut or result.is_cut
        self.lineage.add(result)
        self.behaviours = tuple(each.behaviours if each else 0 for each in result.latest)
        self.most_common_count = tuple(each.most_common_count if each else 0 for each in result.latest)
        bests = [each.best if each else 0 for each in result.latest]
        self.immigrants = tuple(self.lineage.birthplaces_elsewhere(bests, range(len(bests))))

    def _migration_plan(self) -> MigrationPlan | None:
        """Return the plan of the migration after this epoch; None if there is none."""
        settings = self._config.islands
        if settings.migrants == 0 or not settings.synchronous or self.epoch % settings.migration_epochs:
            return None
        size = self._config.search.population_size
        return plan_migration(self._seed, self.epoch, len(self.tasks), size, settings.migrants)

    @property
    def leader(self) -> int:
        """The first island with the best program so far; only islands with the tasks of the first one are compared."""
        fitness = self.islands.fitness
        comparable = (number for number, tasks in enumerate(self.tasks) if tasks is self.tasks[0])
        return max(comparable, key=lambda number: fitness[number])

    @property
    def best(self) -> Program:
        """The leader's best program."""
        return self.islands.fittest(1, [self.leader])[0][0].program

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state of the search except the number of epochs, by names such as ``islands.0.random``."""
        return {**self.islands.arrays, **self.lineage.arrays}

    def restore(self, arrays: Arrays) -> None:
        """Restore a saved state.

        Raises:
            StoreError: no search of this config can reach such a state.
        """
        of_lineage = {name: array for name, array in arrays.items() if name.startswith(PREFIX)}
        self.islands.restore({name: array for name, array in arrays.items() if name not in of_lineage})
        check_valid(self.islands.arrays, self._config)
        self.lineage.restore(of_lineage, self._config)

    @property
    def effects(self) -> dict[str, tuple[int, int, int]]:
        """For each mutation, how many children were less fit than their parents, as fit, and fitter."""
        counts = zip(MUTATION_NAMES, self.islands.effects.tolist(), strict=True)
        return {name: (worse, equal, better) for name, (worse, equal, better) in counts if worse or equal or better}

    @property
    def fitness(self) -> float:
        """The fitness of the leader's best program."""
        return float(self.islands.fitness[self.leader])

    @property
    def counters(self) -> dict[str, int]:
        """Counts of programs by outcome, summed over the islands."""
        total = dict(zip(COUNTERS, map(int, self.islands.counters.sum(axis=0)), strict=True))
        del total["best_at"]  # the number of a candidate, not a count
        return total

    @property
    def programs(self) -> int:
        """Programs made so far, initial ones included."""
        return self.counters["programs"]

    @property
    def train_steps(self) -> int:
        """Training steps executed so far."""
        return self.counters["train_steps"]
