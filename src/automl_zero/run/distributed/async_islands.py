"""Islands spread over hosts that do not wait for each other: each goes on as soon as it is done.

Results depend on how fast the hosts are. Still, no program is lost or counted twice: all that is told of an island is
told at the end of an epoch of its own, and what is kept of it is that state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automl_zero.rng import generator_at
from automl_zero.run.checkpoint.snapshot import Arrays, load_arrays
from automl_zero.run.checkpoint.validation import check_sound
from automl_zero.run.distributed.command_arrays import COMMANDS, command_arrays, read_commands
from automl_zero.run.distributed.messages import IslandReply, ReceiveMigrants, ReplyFields, RunPrograms
from automl_zero.run.distributed.migrant_pool import MigrantPool
from automl_zero.run.distributed.sync_islands import SyncIslands, state_epochs
from automl_zero.run.distributed.worker_pool import WorkerPool, check_losses
from automl_zero.run.islands.engine import EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import EpochStats
from automl_zero.search.state import COUNTERS
from automl_zero.vm.stop_flag import Stopped

PROGRAMS = COUNTERS.index("programs")


def new_islands(beginning: ExperimentSpec, worker_pool: WorkerPool) -> SyncIslands:
    """Islands on a fleet that wait for each other, or not, as the config says."""
    return (
        SyncIslands(beginning, worker_pool)
        if beginning.config.islands.synchronous
        else AsyncIslands(beginning, worker_pool)
    )


class AsyncIslands(SyncIslands):
    """The islands of one experiment; each has one order at a time.

    An epoch of all is over when they have done as many as there are islands, whichever of them did. Where they go on
    from what was kept, the pool of migrants is empty at first.
    """

    def __init__(self, beginning: ExperimentSpec, worker_pool: WorkerPool) -> None:
        count = len(beginning.tasks)
        self._settings = beginning.config.islands
        self._asked: dict[int, ReplyFields] = {}  # of islands that are at work
        self._sent: dict[int, tuple[int, int]] = {}  # (host, island) by the number of the message
        self._losses: Counter[int] = Counter()  # of islands that are at work
        self._moving: set[int] = set()  # islands that are to leave their hosts after their next epoch
        self._epochs: NDArray[np.int64] = np.zeros(count, np.int64)  # of each island, since it was made or restored
        self._untold = 0  # epochs of islands
        self._harvests: list[EpochStats] = []
        self._latest: list[EpochStats | None] = [None] * count
        self._pool = MigrantPool(count)
        self._arriving: dict[int, NDArray[np.uint64]] = {}  # ancestors of programs that are on their way
        super().__init__(beginning, worker_pool)
        self._learn(ReplyFields(state=True, fittest=1))  # so that there is always a state to keep

    def _learn(self, fields: ReplyFields) -> None:
        """Ask all islands; none is at work."""
        for number, reply in self._ask(dict.fromkeys(range(len(self._replicas)), fields)).items():
            self._latest[number] = reply.epoch_stats

    @property
    def arrays(self) -> Arrays:
        """The states of all islands as they were told last: a state of each, and what it has done since."""
        found: dict[str, NDArray[np.generic]] = {}
        for number, replica in enumerate(self._replicas):
            state, commands = replica.told
            found |= {**(state or {}), **command_arrays(commands, f"islands.{number}")}
        return found

    def restore(self, arrays: Arrays) -> None:
        """Let every island go on from its part of the arrays; nothing is done before all of them are known to fit."""
        super().restore({name: array for name, array in arrays.items() if f".{COMMANDS}." not in name})
        config, islands = self._beginning.config, [f"islands.{number}" for number in range(len(self._replicas))]
        load_arrays({}, {name: array for name, array in arrays.items() if _island(name) not in islands})
        since = [read_commands(arrays, island, config) for island in islands]
        check_sound(arrays, config)
        for replica, commands in zip(self._replicas, since, strict=True):
            for command in commands:
                replica.add(command)
        self._learn(ReplyFields(fittest=1))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Keep all islands at work until they have done as many epochs as there are islands; there is no plan."""
        del plan
        self._moving |= set(self._surplus())
        for number in range(len(self._replicas)):
            if number not in self._asked:
                self._begin(number, count)
        try:
            while self._untold < len(self._replicas):
                self._gather(count)
        except Stopped:
            return self._brood(is_cut=True)
        self._untold -= len(self._replicas)
        return self._brood()

    def drain(self) -> EpochResult | None:
        """Wait for the islands that are at work, and give them nothing more to do."""
        if self._worker_pool.stop.is_set:
            return None
        self._finish()
        self._untold = 0
        return self._brood() if self._harvests else None

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """The best one as it was told last; for more, the islands come to an end first."""
        if count == 1 or self._worker_pool.stop.is_set:
            return [list(self._best.get(number, ())) for number in numbers]
        self._finish()
        return super().fittest(count, numbers)

    def _finish(self) -> None:
        while self._asked:
            self._gather(None)

    def _brood(self, is_cut: bool = False) -> EpochResult:
        epoch_stats, self._harvests = self._harvests, []
        return EpochResult(epoch_stats, tuple(self._latest), (self._pool.ancestors, *self._arriving.values()), is_cut)

    # What islands do --------------------------------------------------------------------------------------------------

    def _begin(self, number: int, count: int) -> None:
        """Let an island search on; if its last epoch was one that programs leave after, others arrive first."""
        rng = generator_at(self._beginning.seed, "pool", number, int(self.counters[number, PROGRAMS]))
        if self._is_time(int(self._epochs[number])):
            self._let_arrive(number, rng)
        self._replicas[number].add(RunPrograms(count))
        self._asked[number] = self._question(number, rng)
        self._submit(number)

    def _is_time(self, epoch: int) -> bool:
        return self._settings.migrants > 0 and epoch % self._settings.migration_epochs == 0

    def _let_arrive(self, number: int, rng: np.random.Generator) -> None:
        if (drawn := self._pool.draw(number, self._settings.migrants, rng)) is None:
            return
        (sources, programs), tasks = drawn, self._beginning.tasks
        slots = rng.choice(self._beginning.config.search.population_size, len(sources), replace=False)
        foreign = [tasks[source] is not tasks[number] for source in sources]
        self._replicas[number].add(ReceiveMigrants(slots, programs, tuple(map(int, slots[foreign]))))
        self._arriving[number] = programs["ancestor"]

    def _question(self, number: int, rng: np.random.Generator) -> ReplyFields:
        """What an island is to tell after its next epoch."""
        epoch, size = int(self._epochs[number]) + 1, self._beginning.config.search.population_size
        is_last = number in self._moving
        self._moving.discard(number)
        return ReplyFields(
            departing=rng.integers(size, size=self._settings.migrants) if self._is_time(epoch) else None,
            state=is_last or (epoch + number) % state_epochs(len(self._replicas)) == 0,
            fittest=1,
            above=float(self.fitness[number]),
            is_last=is_last,
        )

    def _submit(self, number: int) -> None:
        """Send an island what it is to do; those of a host that was lost are made again elsewhere."""
        for message, (worker, _) in self._send(self._asked, [number]).items():
            self._sent[message] = worker, number

    def _gather(self, count: int | None) -> None:
        """Take what has come; islands that are done go on by so many programs, if any are wanted.

        Raises:
            Stopped: the stop flag is raised.
        """
        self._worker_pool.stop.check()
        for message, answer in self._worker_pool.answers(list(self._sent), 1):
            worker, number = self._sent.pop(message)
            if answer is None:
                self._lose(worker)
            if answer is None or self._replicas[number].worker != worker:  # nothing counts of a lost host
                check_losses(self._losses, [number], "island")
                self._submit(number)
                continue
            self._accept(*answer)
            if count is not None:
                self._begin(number, count)

    def _accept(self, reply: IslandReply) -> None:
        number = reply.number
        self._record_reply(reply, self._asked.pop(number))
        self._losses.pop(number, None)
        self._arriving.pop(number, None)
        self._epochs[number] += 1
        self._untold += 1
        if reply.epoch_stats:
            self._harvests.append(reply.epoch_stats)
            self._latest[number] = reply.epoch_stats
        if reply.departing:
            self._pool.put(number, reply.departing)


def _island(name: str) -> str:
    """Of an array of its state, or of what it has done since."""
    return ".".join(name.split(".", 2)[:2])
