"""Where islands run: what a run asks of an engine, whether it has threads or a cluster.

An engine decides where and when an island works, and nothing else: results are the same bits on all of them, unless
the config asks for islands that do not wait for each other.
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
    """A cluster that cannot be used; the message tells why and what to do."""


@dataclass(frozen=True, eq=False, slots=True)
class ExperimentSpec:
    """All that islands follow from.

    Attributes:
        config: the run's settings.
        tasks: what programs are scored on, on each island; islands of the same tasks share one set.
        seed: of the experiment; every island has its own branch of it.
        initial: programs that each island begins with; random ones where none are given.
    """

    config: Config
    tasks: Sequence[TaskSet]
    seed: int
    initial: Sequence[Program] | None = None

    def island(self, number: int, stop: StopFlag | None = None) -> Island:
        """One of the islands, its initial population scored; ``stop`` ends whatever it does.

        Raises:
            ConfigError, ProgramError: the config or an initial program cannot be used.
            Stopped: the flag was raised meanwhile.
        """
        seed = seed_at(self.seed, "island", number)
        return Island(self.config.of_island(number), self.tasks[number], seed, self.initial, stop)

    def score(self, program: Program, stop: StopFlag | None = None) -> float:
        """The fitness of a program on the first tasks.

        Raises:
            Stopped: the flag was raised meanwhile.
        """
        return score_program(program, self.tasks[0], self.config, stop).fitness


@dataclass(frozen=True, eq=False, slots=True)
class EpochResult:
    """What islands have brought forth.

    Attributes:
        harvests: since this was told last, those of an island in their order.
        latest: the latest of each island; None where it is not known.
        travelling: ancestors, as in ``EpochStats.living``, of programs that have left an island and are yet to arrive.
        is_cut: whether the stop flag has ended the epoch before all programs were made and moved.
    """

    epoch_stats: Sequence[EpochStats]
    latest: Sequence[EpochStats | None]
    travelling: Sequence[NDArray[np.uint64]] = ()
    is_cut: bool = False


class Islands(Protocol):
    """The islands of one experiment, wherever they are; between epochs, nothing that is told of them changes."""

    @property
    def fitness(self) -> NDArray[np.float64]:
        """[islands] the best score of each so far."""

    @property
    def counters(self) -> NDArray[np.int64]:
        """[islands, counters] what became of the programs of each, in the order of ``state.COUNTERS``."""

    @property
    def arrays(self) -> Arrays:
        """The states of all islands, by names such as ``islands.0.random``."""

    def restore(self, arrays: Arrays) -> None:
        """Take over states that were kept.

        Raises:
            StoreError: they are not those of this config; the islands are of no use then.
        """

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3] as in ``search.state.State``, added up over the islands."""

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Let every island make so many programs, then move programs by the plan, if there is one.

        Those that have come from other tasks are scored before anything else happens to them. Gives what each island
        has brought forth before programs moved. Islands that do not wait for each other have no plan. Where the stop
        flag of the engine cuts it, islands may only be asked for their fitness, counters and fittest afterwards.
        """

    def drain(self) -> EpochResult | None:
        """Wait for all that is under way; gives what it has brought forth, None if nothing was under way."""

    def end(self) -> None:
        """They are no longer needed; nothing may be asked of them then."""

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Of each of these islands, what ``Island.fittest`` gives."""


class Engine(Protocol):
    """Makes islands and runs them.

    Attributes:
        stop: ends, once it is raised, whatever islands are doing.
    """

    stop: StopFlag

    @property
    def beginning(self) -> str:
        """What takes long if a run does not begin at once, for people."""

    @property
    def workers(self) -> int:
        """How many islands it runs at a time, if there are as many."""

    @property
    def cluster(self) -> Cluster | None:
        """What it runs on at the moment; None if that is this process."""

    def islands(self, beginning: ExperimentSpec) -> Islands:
        """The islands of an experiment, beside those of others that have not ended, each of a seed of its own.

        Raises:
            ConfigError, ProgramError: the config or an initial program cannot be used.
            Stopped: the stop flag was raised before the initial populations were scored.
        """

    def score(self, programs: Sequence[Program], beginning: ExperimentSpec, stop: StopFlag) -> list[float]:
        """What ``ExperimentSpec.score`` gives for each of them, side by side; no islands need exist.

        Raises:
            Stopped: the flag was raised meanwhile; it need not be the engine's.
        """

    def close(self) -> None:
        """Let go of what it holds; may be called again."""


def score_here(programs: Sequence[Program], beginning: ExperimentSpec, pool: Executor, stop: StopFlag) -> list[float]:
    """What ``Engine.score`` gives, in threads of this process.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    return list(pool.map(partial(beginning.score, stop=stop), programs))


def arrays_of(island: Island, number: int) -> dict[str, NDArray[Any]]:
    """The state of an island by the names that its arrays have among those of all islands."""
    return dict(named_arrays(island.state, f"islands.{number}"))
