"""Engines run the islands of experiments: the protocols that threads and clusters implement.

An engine decides where and when an island runs, and nothing else: results are the same bits on all engines, unless the
config asks for islands that do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config, ConfigError
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.checkpoint.snapshot import Arrays, named_arrays
from automl_zero.run.islands.migration import MigrationPlan
from automl_zero.run.record.events import Cluster
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island, Member
from automl_zero.search.lineage_log import EpochStats
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.stop_flag import StopFlag


class ClusterError(ConfigError):
    """Raised where a cluster cannot be used; the message says why and what to do."""


@dataclass(frozen=True, eq=False, slots=True)
class ExperimentSpec:
    """All that determines the islands of an experiment.

    Attributes:
        config: the settings of the run.
        tasks: [islands] what each island scores programs on; islands with the same tasks share one object.
        seed: the seed of the experiment; every island has its own branch of it.
        initial: the programs that each island starts from; None for random ones.
    """

    config: Config
    tasks: Sequence[TaskSet]
    seed: int
    initial: Sequence[Program] | None = None

    def island(self, number: int, stop: StopFlag | None = None) -> Island:
        """Create an island with its initial population, which is scored; ``stop`` ends whatever the island does.

        Raises:
            ConfigError, ProgramError: the config or an initial program cannot be used.
            Stopped: the flag was raised meanwhile.
        """
        seed = seed_at(self.seed, "island", number)
        return Island(self.config.of_island(number), self.tasks[number], seed, self.initial, stop)

    def score(self, program: Program, stop: StopFlag | None = None) -> float:
        """Return the fitness of a program on the tasks of the first island.

        Raises:
            Stopped: the flag was raised meanwhile.
        """
        return score_program(program, self.tasks[0], self.config, stop).fitness


@dataclass(frozen=True, eq=False, slots=True)
class EpochResult:
    """The statistics of the epoch that islands have done.

    Attributes:
        epoch_stats: those of all islands since the last result, in order for each island.
        latest: [islands] the latest of each island; None where it is not known.
        travelling: ancestors, as in ``EpochStats.living``, of programs that have left an island and not arrived yet.
        is_cut: whether the stop flag ended the epoch before all programs were made and moved.
    """

    epoch_stats: Sequence[EpochStats]
    latest: Sequence[EpochStats | None]
    travelling: Sequence[NDArray[np.uint64]] = ()
    is_cut: bool = False


class Islands(Protocol):
    """The islands of one experiment, wherever they are; between epochs, none of their properties changes."""

    @property
    def fitness(self) -> NDArray[np.float64]:
        """[islands] the best score of each so far."""

    @property
    def counters(self) -> NDArray[np.int64]:
        """[islands, counters] counts of the programs of each by outcome, in the order of ``state.COUNTERS``."""

    @property
    def arrays(self) -> Arrays:
        """The states of all islands, by names such as ``islands.0.random``."""

    def restore(self, arrays: Arrays) -> None:
        """Restore the states of all islands.

        Raises:
            StoreError: the arrays are not those of this config; the islands cannot be used then.
        """

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3] as in ``search.state.State``, summed over the islands."""

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Let every island make ``count`` programs, then move programs by the plan, if there is one.

        Immigrants from other tasks are scored again at once. Where the stop flag of the engine cuts the epoch, only
        ``fitness``, ``counters`` and ``fittest`` may be used afterwards.

        Returns:
            The statistics of each island before migration.
        """

    def drain(self) -> EpochResult | None:
        """Wait for all work under way; return its result, None if there was none."""

    def end(self) -> None:
        """Release the islands; they must not be used afterwards."""

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Return ``Island.fittest`` of each of these islands."""


class Engine(Protocol):
    """Creates islands and runs them.

    Attributes:
        stop: the flag that ends, once it is raised, whatever islands are doing.
    """

    stop: StopFlag

    @property
    def startup_message(self) -> str:
        """What a user sees if a run takes long to start."""

    @property
    def workers(self) -> int:
        """How many islands it can run at the same time."""

    @property
    def cluster(self) -> Cluster | None:
        """The cluster that it runs on at the moment; None if that is this process."""

    def islands(self, spec: ExperimentSpec) -> Islands:
        """Create the islands of an experiment; concurrent experiments have different seeds.

        Raises:
            ConfigError, ProgramError: the config or an initial program cannot be used.
            Stopped: the stop flag was raised before the initial populations were scored.
        """

    def score(self, programs: Sequence[Program], spec: ExperimentSpec, stop: StopFlag) -> list[float]:
        """Return ``ExperimentSpec.score`` of each program, computed in parallel; no islands need exist.

        Raises:
            Stopped: the flag was raised meanwhile; it need not be the engine's.
        """

    def close(self) -> None:
        """Release all resources; may be called more than once."""


def score_here(programs: Sequence[Program], spec: ExperimentSpec, pool: Executor, stop: StopFlag) -> list[float]:
    """Return what ``Engine.score`` does, computed by the threads of an executor.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    return list(pool.map(partial(spec.score, stop=stop), programs))


def arrays_of(island: Island, number: int) -> dict[str, NDArray[Any]]:
    """Return the state of an island, by names such as ``islands.0.random``."""
    return dict(named_arrays(island.state, f"islands.{number}"))
