"""Islands on worker processes that may come and go: an island whose worker is lost is recreated on another one.

For every island, the run keeps a state that is a few epochs old and the log of all its commands since, immigrants
included. So one island is recovered by log replay, and no other has to go back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from automl_zero.run.checkpoint.snapshot import Arrays, load_arrays
from automl_zero.run.distributed.command_log import IslandReplica
from automl_zero.run.distributed.messages import IslandReply, ReceiveMigrants, ReplyFields, RunPrograms
from automl_zero.run.distributed.worker_pool import WorkerPool, count_losses, workers_wanted
from automl_zero.run.islands.engine import EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan, departures, distribute, slots_to_rescore
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import MUTATION_NAMES
from automl_zero.search.state import COUNTERS
from automl_zero.vm.stop_flag import Stopped

STATE_EPOCHS = 8  # epochs between two states that an island reports, so the most that it must repeat after a loss
MAX_STATES_PER_EPOCH = 32  # so that many islands do not flood the driver: they report their states less often then


def state_epochs(islands: int) -> int:
    """Return after how many epochs each of ``islands`` islands reports its state; they take turns."""
    return max(STATE_EPOCHS, -(-islands // MAX_STATES_PER_EPOCH))


class SyncIslands:
    """The islands of one experiment on worker processes; the latest report of each is kept in this process.

    Attributes:
        fitness: [islands] the best score of each so far; ``counters``: [islands, counters].
        replays: how often an island was recreated.
        has_ended: whether the workers may discard the islands.
    """

    def __init__(self, spec: ExperimentSpec, worker_pool: WorkerPool) -> None:
        self._spec, self._worker_pool = spec, worker_pool
        count = len(spec.tasks)
        self.fitness: NDArray[np.float64] = np.full(count, -1.0)
        self.counters: NDArray[np.int64] = np.zeros((count, len(COUNTERS)), np.int64)
        self._effects: NDArray[np.int64] = np.zeros((count, len(MUTATION_NAMES), 3), np.int64)
        self.replays, self._epoch, self.has_ended = 0, 0, False
        self._best: dict[int, Sequence[Member]] = {}  # the best program of each island, as of its latest report
        self._replicas = [IslandReplica() for _ in range(count)]
        worker_pool.placement.add(spec.seed, self._replicas)
        self._request_all(ReplyFields(fittest=1))

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3] effects of mutations, summed over the islands."""
        return np.asarray(self._effects.sum(axis=0))

    @property
    def arrays(self) -> Arrays:
        """The states of all islands."""
        unknown = [number for number, replica in enumerate(self._replicas) if replica.known_state is None]
        self._request(dict.fromkeys(unknown, ReplyFields(state=True)))
        return {name: array for replica in self._replicas for name, array in (replica.known_state or {}).items()}

    def restore(self, arrays: Arrays) -> None:
        """Restore every island from its part of the arrays.

        Raises:
            StoreError: an array belongs to no island, or does not fit it.
        """
        replicas = {f"islands.{number}": replica for number, replica in enumerate(self._replicas)}
        by_island = groupby(sorted(arrays), lambda name: ".".join(name.split(".", 2)[:2]))
        states = {prefix: {name: arrays[name] for name in names} for prefix, names in by_island}
        for prefix, state in states.items():
            if prefix not in replicas:
                load_arrays({}, state)  # raises the error that names the first surplus array
        for prefix, replica in replicas.items():
            replica.restore(states.get(prefix, {}))
        self._request_all(ReplyFields(fittest=1))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Search on all islands, then migrate; immigrants travel with the requests of the next epoch."""
        self._request(dict.fromkeys(self._rebalance(), ReplyFields(state=True, is_last=True)))
        self._epoch += 1
        for replica in self._replicas:
            replica.add(RunPrograms(count))
        fields, replies, is_cut = self._epoch_fields(plan), dict[int, IslandReply](), False
        try:
            self._request(fields, replies)
            if plan:
                self._migrate(plan, [replies[number].departing or {} for number in range(len(replies))])
        except Stopped:
            is_cut = True
        return EpochResult(
            epoch_stats=[stats for _, reply in sorted(replies.items()) if (stats := reply.epoch_stats)],
            latest=[reply.epoch_stats if (reply := replies.get(number)) else None for number in fields],
            is_cut=is_cut,
        )

    def _epoch_fields(self, plan: MigrationPlan | None) -> dict[int, ReplyFields]:
        """Return what each island reports after this epoch, by its number."""
        count = len(self._replicas)
        slots, period = departures(plan) if plan else [None] * count, state_epochs(count)
        return {
            number: ReplyFields(
                departing=slots[number],
                state=(self._epoch + number) % period == 0,
                fittest=1,
                above=float(self.fitness[number]),
            )
            for number in range(count)
        }

    def drain(self) -> EpochResult | None:
        """Return None: no request is under way between epochs."""
        return None

    def _migrate(self, plan: MigrationPlan, leaving: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        to_rescore = slots_to_rescore(plan, self._spec.tasks)
        arriving = zip(self._replicas, plan.target_slot, distribute(plan, leaving), to_rescore, strict=True)
        for replica, slots, programs, rescored in arriving:
            replica.add(ReceiveMigrants(slots, programs, tuple(rescored)))
        # Only where immigrants are scored again may there be a new best program.
        rescoring = [number for number, each in enumerate(to_rescore) if each]
        self._request({number: ReplyFields(fittest=1, above=float(self.fitness[number])) for number in rescoring})

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Return the best programs of each of these islands; after a cut epoch, the best one as of its last report."""
        if self._worker_pool.stop.is_set:
            return [list(self._best.get(number, ())) for number in numbers]
        replies = self._request(dict.fromkeys(numbers, ReplyFields(fittest=count)))
        return [list(replies[number].fittest) for number in numbers]

    def end(self) -> None:
        """Let the workers discard the islands."""
        self.has_ended = True
        self._worker_pool.placement.remove(self._spec.seed)
        self._worker_pool.forget(self._spec)

    # Placement --------------------------------------------------------------------------------------------------------

    def _rebalance(self) -> list[int]:
        """Return the islands that must move to workers that have joined, so that loads differ by one at most."""
        self._worker_pool.ensure_workers(workers_wanted(self._spec.config))
        return self._worker_pool.placement.rebalance(self._worker_pool.workers, self._replicas)

    def _assign_workers(self, numbers: Sequence[int]) -> None:
        while not (workers := self._worker_pool.workers):
            self._worker_pool.wait(workers_wanted(self._spec.config))
        self._worker_pool.placement.assign(workers, [self._replicas[number] for number in numbers])

    # Requests and replies ---------------------------------------------------------------------------------------------

    def _request_all(self, fields: ReplyFields) -> None:
        self._request(dict.fromkeys(range(len(self._replicas)), fields))

    def _request(
        self, fields_by_island: Mapping[int, ReplyFields], replies: dict[int, IslandReply] | None = None
    ) -> dict[int, IslandReply]:
        """Let islands execute their commands, and collect their replies; requests to lost workers are repeated.

        Args:
            fields_by_island: what each island replies.
            replies: where to put the replies, by the number of the island; by default, a new dictionary.

        Raises:
            ClusterError: an island was lost too often.
            Stopped: the stop flag was raised meanwhile; earlier replies are in ``replies``.
        """
        replies = {} if replies is None else replies
        losses: Counter[int] = Counter()
        sent = self._send(fields_by_island, fields_by_island)
        while sent:
            self._worker_pool.stop.check()
            lost: list[int] = []
            for message, found in self._worker_pool.poll(list(sent), len(sent)):
                worker, numbers = sent.pop(message)
                if found is None:
                    self._handle_loss(worker)
                # Late replies of a lost worker are ignored: its islands are recreated and repeat the work.
                if found is None or self._replicas[numbers[0]].worker != worker:
                    lost += numbers
                    continue
                for reply in found:
                    self._record_reply(reply, fields_by_island[reply.number])
                    replies[reply.number] = reply
            if lost:
                count_losses(losses, lost, "island")
                sent |= self._send(fields_by_island, lost)
        return replies

    def _record_reply(self, reply: IslandReply, fields: ReplyFields) -> None:
        self._replicas[reply.number].record_reply(reply, fields)
        self.fitness[reply.number], self.counters[reply.number] = reply.fitness, reply.counters
        self._effects[reply.number] = reply.effects
        self._best[reply.number] = reply.fittest or self._best.get(reply.number, ())

    def _send(
        self, fields_by_island: Mapping[int, ReplyFields], numbers: Iterable[int]
    ) -> dict[int, tuple[int, list[int]]]:
        """Send each worker the requests of its islands; return (worker, islands) by the number of the message."""
        numbers = sorted(numbers)
        if unassigned := [number for number in numbers if self._replicas[number].worker is None]:
            self._assign_workers(unassigned)
        by_worker: dict[int, list[int]] = {}
        for number in numbers:
            by_worker.setdefault(self._replicas[number].worker or 0, []).append(number)
        return {self._send_to(worker, fields_by_island, part): (worker, part) for worker, part in by_worker.items()}

    def _send_to(self, worker: int, fields_by_island: Mapping[int, ReplyFields], numbers: Sequence[int]) -> int:
        requests = [self._replicas[number].request(number, fields_by_island[number]) for number in numbers]
        return self._worker_pool.send(worker, self._spec, requests)

    def _handle_loss(self, worker: int) -> None:
        """Mark all islands of a lost worker, so that their next requests recreate them elsewhere."""
        self._worker_pool.drop(worker)
        for replica in self._replicas:
            if replica.worker == worker:
                self.replays += replica.is_created
                replica.mark_lost()
