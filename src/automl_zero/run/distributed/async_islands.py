"""Islands on worker processes that do not wait for each other: each starts its next epoch as soon as one is done.

Results depend on the speed of the workers. Still, no program is lost or counted twice: an island reports only at the
end of its own epochs, and checkpoints hold its state as of its latest report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automl_zero.rng import generator_at
from automl_zero.run.checkpoint.snapshot import Arrays, load_arrays
from automl_zero.run.checkpoint.validation import check_valid
from automl_zero.run.distributed.command_arrays import COMMANDS, command_arrays, read_commands
from automl_zero.run.distributed.messages import IslandReply, ReceiveMigrants, ReplyFields, RunPrograms
from automl_zero.run.distributed.migrant_pool import MigrantPool
from automl_zero.run.distributed.sync_islands import SyncIslands, state_epochs
from automl_zero.run.distributed.worker_pool import WorkerPool, count_losses
from automl_zero.run.islands.engine import EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import EpochStats
from automl_zero.search.state import COUNTERS
from automl_zero.vm.stop_flag import Stopped

PROGRAMS = COUNTERS.index("programs")


def new_islands(spec: ExperimentSpec, worker_pool: WorkerPool) -> SyncIslands:
    """Create the islands of an experiment on worker processes, as ``islands.synchronous`` of its config says."""
    kind = SyncIslands if spec.config.islands.synchronous else AsyncIslands
    return kind(spec, worker_pool)


class AsyncIslands(SyncIslands):
    """The islands of one experiment, each of which has at most one request under way.

    An epoch of the experiment is over when its islands have done as many epochs as there are islands, whichever of them
    did. After a restore, the pool of migrants starts empty.
    """

    def __init__(self, spec: ExperimentSpec, worker_pool: WorkerPool) -> None:
        count = len(spec.tasks)
        self._settings = spec.config.islands
        self._pending: dict[int, ReplyFields] = {}  # by the number of each island that has a request under way
        self._in_flight: dict[int, tuple[int, int]] = {}  # (worker, island) by the number of the message
        self._losses: Counter[int] = Counter()  # by the number of each island that has a request under way
        self._moving: set[int] = set()  # islands that leave their workers after their next epoch
        self._epochs: NDArray[np.int64] = np.zeros(count, np.int64)  # [islands] since creation or restore
        self._unreported = 0  # epochs of single islands that no epoch of the experiment has counted yet
        self._epoch_stats: list[EpochStats] = []  # of these epochs
        self._latest: list[EpochStats | None] = [None] * count
        self._pool = MigrantPool(count)
        self._in_transit: dict[int, NDArray[np.uint64]] = {}  # ancestors of migrants, by the island they are sent to
        super().__init__(spec, worker_pool)
        self._refresh(ReplyFields(state=True, fittest=1))  # so that a checkpoint is possible at any time

    def _refresh(self, fields: ReplyFields) -> None:
        """Request these fields from all islands; none has another request under way."""
        for number, reply in self._request(dict.fromkeys(range(len(self._replicas)), fields)).items():
            self._latest[number] = reply.epoch_stats

    @property
    def arrays(self) -> Arrays:
        """The state of each island as of its latest report: an earlier state and the commands to replay on it."""
        found: dict[str, NDArray[np.generic]] = {}
        for number, replica in enumerate(self._replicas):
            state, commands = replica.acknowledged
            found |= {**(state or {}), **command_arrays(commands, f"islands.{number}")}
        return found

    def restore(self, arrays: Arrays) -> None:
        """Restore every island from its part of the arrays; all of them are checked before any command is replayed."""
        super().restore({name: array for name, array in arrays.items() if f".{COMMANDS}." not in name})
        config, islands = self._spec.config, [f"islands.{number}" for number in range(len(self._replicas))]
        load_arrays({}, {name: array for name, array in arrays.items() if _island_prefix(name) not in islands})
        logs = [read_commands(arrays, island, config) for island in islands]
        check_valid(arrays, config)
        for replica, commands in zip(self._replicas, logs, strict=True):
            for command in commands:
                replica.add(command)
        self._refresh(ReplyFields(fittest=1))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Keep all islands busy until they have done as many epochs as there are islands; ``plan`` is None."""
        del plan
        self._moving |= set(self._rebalance())
        for number in range(len(self._replicas)):
            if number not in self._pending:
                self._start_epoch(number, count)
        try:
            while self._unreported < len(self._replicas):
                self._collect_replies(count)
        except Stopped:
            return self._epoch_result(is_cut=True)
        self._unreported -= len(self._replicas)
        return self._epoch_result()

    def drain(self) -> EpochResult | None:
        """Wait for all requests under way, without starting further epochs."""
        if self._worker_pool.stop.is_set:
            return None
        self._finish_pending()
        self._unreported = 0
        return self._epoch_result() if self._epoch_stats else None

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Return the best programs of each island: one of them as of its latest report, more after a drain."""
        if count == 1 or self._worker_pool.stop.is_set:
            return [list(self._best.get(number, ())) for number in numbers]
        self._finish_pending()
        return super().fittest(count, numbers)

    def _finish_pending(self) -> None:
        while self._pending:
            self._collect_replies(None)

    def _epoch_result(self, is_cut: bool = False) -> EpochResult:
        epoch_stats, self._epoch_stats = self._epoch_stats, []
        return EpochResult(
            epoch_stats=epoch_stats,
            latest=tuple(self._latest),
            travelling=(self._pool.ancestors, *self._in_transit.values()),
            is_cut=is_cut,
        )

    # Epochs of single islands -----------------------------------------------------------------------------------------

    def _start_epoch(self, number: int, count: int) -> None:
        """Let an island make ``count`` programs; if its last epoch ended with emigration, immigrants arrive first."""
        rng = generator_at(self._spec.seed, "pool", number, int(self.counters[number, PROGRAMS]))
        if self._is_migration_due(int(self._epochs[number])):
            self._send_migrants(number, rng)
        self._replicas[number].add(RunPrograms(count))
        self._pending[number] = self._reply_fields(number, rng)
        self._submit(number)

    def _is_migration_due(self, epoch: int) -> bool:
        return self._settings.migrants > 0 and epoch % self._settings.migration_epochs == 0

    def _send_migrants(self, number: int, rng: np.random.Generator) -> None:
        """Add the command by which migrants from the pool replace random members of an island."""
        if (drawn := self._pool.draw(number, self._settings.migrants, rng)) is None:
            return
        (sources, programs), tasks = drawn, self._spec.tasks
        slots = rng.choice(self._spec.config.search.population_size, len(sources), replace=False)
        foreign = [tasks[source] is not tasks[number] for source in sources]
        self._replicas[number].add(ReceiveMigrants(slots, programs, tuple(map(int, slots[foreign]))))
        self._in_transit[number] = programs["ancestor"]

    def _reply_fields(self, number: int, rng: np.random.Generator) -> ReplyFields:
        """Return what an island must report after its next epoch."""
        epoch, size = int(self._epochs[number]) + 1, self._spec.config.search.population_size
        is_last = number in self._moving
        self._moving.discard(number)
        return ReplyFields(
            departing=rng.integers(size, size=self._settings.migrants) if self._is_migration_due(epoch) else None,
            state=is_last or (epoch + number) % state_epochs(len(self._replicas)) == 0,
            fittest=1,
            above=float(self.fitness[number]),
            is_last=is_last,
        )

    def _submit(self, number: int) -> None:
        """Send the request of an island; an island without a worker is first recreated on another one."""
        for message, (worker, _) in self._send(self._pending, [number]).items():
            self._in_flight[message] = worker, number

    def _collect_replies(self, count: int | None) -> None:
        """Process the replies that have arrived; each of their islands then makes ``count`` more programs, if given.

        Raises:
            Stopped: the stop flag is raised.
        """
        self._worker_pool.stop.check()
        for message, replies in self._worker_pool.poll(list(self._in_flight), 1):
            worker, number = self._in_flight.pop(message)
            if replies is None:
                self._handle_loss(worker)
            # Late replies of a lost worker are ignored: its islands are recreated and repeat the work.
            if replies is None or self._replicas[number].worker != worker:
                count_losses(self._losses, [number], "island")
                self._submit(number)
                continue
            self._process_reply(*replies)
            if count is not None:
                self._start_epoch(number, count)

    def _process_reply(self, reply: IslandReply) -> None:
        number = reply.number
        self._record_reply(reply, self._pending.pop(number))
        self._losses.pop(number, None)
        self._in_transit.pop(number, None)
        self._epochs[number] += 1
        self._unreported += 1
        if reply.epoch_stats:
            self._epoch_stats.append(reply.epoch_stats)
            self._latest[number] = reply.epoch_stats
        if reply.departing:
            self._pool.put(number, reply.departing)


def _island_prefix(name: str) -> str:
    """Return the island that an array belongs to: ``islands.3`` for ``islands.3.since.order``."""
    return ".".join(name.split(".", 2)[:2])
