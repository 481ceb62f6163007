"""Islands spread over the hosts of a fleet, which may come and go: one that is lost is made again on another host.

The run keeps of every island a state that is a few epochs old and all that the island was told since, programs that
arrived included. So an island is made again by itself: no other one goes back.
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
from automl_zero.run.distributed.worker_pool import WorkerPool, check_losses, workers_wanted
from automl_zero.run.islands.engine import EpochResult, ExperimentSpec
from automl_zero.run.islands.migration import MigrationPlan, departures, distribute, slots_to_rescore
from automl_zero.search.island import Member
from automl_zero.search.lineage_log import MUTATION_NAMES
from automl_zero.search.state import COUNTERS
from automl_zero.vm.stop_flag import Stopped

STATE_EPOCHS = 8  # after as many, an island tells its state; one that is lost does at most as many again
MOST_STATES = 32  # told in one epoch, so that with many islands the driver is not flooded: they tell it less often then


def state_epochs(islands: int) -> int:
    """After how many epochs each of so many islands tells its state; they take turns."""
    return max(STATE_EPOCHS, -(-islands // MOST_STATES))


class SyncIslands:
    """The islands of one experiment; all that is known of them is known to this process.

    Attributes:
        replays: how often an island was made again.
        has_ended: whether the hosts may forget them.
    """

    def __init__(self, beginning: ExperimentSpec, worker_pool: WorkerPool) -> None:
        self._beginning, self._worker_pool = beginning, worker_pool
        count = len(beginning.tasks)
        self.fitness: NDArray[np.float64] = np.full(count, -1.0)
        self.counters: NDArray[np.int64] = np.zeros((count, len(COUNTERS)), np.int64)
        self._effects: NDArray[np.int64] = np.zeros((count, len(MUTATION_NAMES), 3), np.int64)
        self.replays, self._epoch, self.has_ended = 0, 0, False
        self._best: dict[int, Sequence[Member]] = {}  # of each island, as it was told last
        self._replicas = [IslandReplica() for _ in range(count)]
        worker_pool.placement.add(beginning.seed, self._replicas)
        self._ask_all(ReplyFields(fittest=1))

    @property
    def effects(self) -> NDArray[np.int64]:
        """[mutations, 3]."""
        return np.asarray(self._effects.sum(axis=0))

    @property
    def arrays(self) -> Arrays:
        """The states of all islands."""
        unknown = [number for number, replica in enumerate(self._replicas) if replica.known_state is None]
        self._ask(dict.fromkeys(unknown, ReplyFields(state=True)))
        return {name: array for replica in self._replicas for name, array in (replica.known_state or {}).items()}

    def restore(self, arrays: Arrays) -> None:
        """Let every island go on from its part of the arrays."""
        parts = {f"islands.{number}": replica for number, replica in enumerate(self._replicas)}
        by_island = groupby(sorted(arrays), lambda name: ".".join(name.split(".", 2)[:2]))
        found = {prefix: {name: arrays[name] for name in names} for prefix, names in by_island}
        for prefix, part in found.items():
            if prefix not in parts:
                load_arrays({}, part)  # which tells that there is no place for them
        for prefix, replica in parts.items():
            replica.restart(found.get(prefix, {}))
        self._ask_all(ReplyFields(fittest=1))

    def run_epoch(self, count: int, plan: MigrationPlan | None) -> EpochResult:
        """Search on all islands, then migrate; programs that have arrived are sent with the next orders."""
        self._ask(dict.fromkeys(self._surplus(), ReplyFields(state=True, is_last=True)))
        self._epoch += 1
        for replica in self._replicas:
            replica.add(RunPrograms(count))
        slots = departures(plan) if plan else [None] * len(self._replicas)
        period = state_epochs(len(slots))
        fields_by_island = {
            number: ReplyFields(
                each, (self._epoch + number) % period == 0, fittest=1, above=float(self.fitness[number])
            )
            for number, each in enumerate(slots)
        }
        replies, is_cut = dict[int, IslandReply](), False
        try:
            self._ask(fields_by_island, replies)
            if plan:
                self._migrate(plan, [replies[number].departing or {} for number in range(len(replies))])
        except Stopped:
            is_cut = True
        epoch_stats = [epoch_stats for _, reply in sorted(replies.items()) if (epoch_stats := reply.epoch_stats)]
        return EpochResult(
            epoch_stats,
            [reply.epoch_stats if (reply := replies.get(n)) else None for n in fields_by_island],
            (),
            is_cut,
        )

    def drain(self) -> EpochResult | None:
        """Nothing is under way between epochs."""
        return None

    def _migrate(self, plan: MigrationPlan, leaving: Sequence[Mapping[str, NDArray[np.generic]]]) -> None:
        foreign = slots_to_rescore(plan, self._beginning.tasks)
        arriving = zip(self._replicas, plan.target_slot, distribute(plan, leaving), foreign, strict=True)
        for replica, slots, programs, scored in arriving:
            replica.add(ReceiveMigrants(slots, programs, tuple(scored)))
        scored = [number for number, each in enumerate(foreign) if each]  # where there may be a new best
        self._ask({number: ReplyFields(fittest=1, above=float(self.fitness[number])) for number in scored})

    def fittest(self, count: int, numbers: Sequence[int]) -> list[list[Member]]:
        """Of each of these islands, its best programs; where an epoch was cut, the best one as it was told last."""
        if self._worker_pool.stop.is_set:
            return [list(self._best.get(number, ())) for number in numbers]
        replies = self._ask(dict.fromkeys(numbers, ReplyFields(fittest=count)))
        return [list(replies[number].fittest) for number in numbers]

    def end(self) -> None:
        """Let the hosts forget the islands."""
        self.has_ended = True
        self._worker_pool.placement.remove(self._beginning.seed)
        self._worker_pool.end(self._beginning)

    # Who holds which islands ------------------------------------------------------------------------------------------

    def _surplus(self) -> list[int]:
        """The islands to be moved to hosts that have come, so that all hold as many, give or take one."""
        self._worker_pool.ensure_workers(workers_wanted(self._beginning.config))
        return self._worker_pool.placement.level(self._worker_pool.workers, self._replicas)

    def _find_hosts(self, numbers: Sequence[int]) -> None:
        while not (workers := self._worker_pool.workers):
            self._worker_pool.wait(workers_wanted(self._beginning.config))
        self._worker_pool.placement.assign(workers, [self._replicas[number] for number in numbers])

    # Questions and answers --------------------------------------------------------------------------------------------

    def _ask_all(self, fields: ReplyFields) -> None:
        self._ask(dict.fromkeys(range(len(self._replicas)), fields))

    def _ask(
        self, fields_by_island: Mapping[int, ReplyFields], replies: dict[int, IslandReply] | None = None
    ) -> dict[int, IslandReply]:
        """Let islands carry out their commands, and gather what they tell; the lost are asked again elsewhere.

        Raises:
            Stopped: the stop flag was raised meanwhile; what was told before is in ``replies``.
        """
        replies = {} if replies is None else replies
        losses: Counter[int] = Counter()
        sent = self._send(fields_by_island, fields_by_island)
        while sent:
            self._worker_pool.stop.check()
            lost: list[int] = []
            for message, answer in self._worker_pool.answers(list(sent), len(sent)):
                worker, numbers = sent.pop(message)
                if answer is None:
                    self._lose(worker)
                if answer is None or self._replicas[numbers[0]].worker != worker:  # nothing counts of a lost host
                    lost += numbers
                    continue
                replies.update(
                    {reply.number: self._record_reply(reply, fields_by_island[reply.number]) for reply in answer}
                )
            if lost:
                check_losses(losses, lost, "island")
                sent |= self._send(fields_by_island, lost)
        return replies

    def _record_reply(self, reply: IslandReply, fields: ReplyFields) -> IslandReply:
        self._replicas[reply.number].record_reply(reply, fields)
        self.fitness[reply.number], self.counters[reply.number] = reply.fitness, reply.counters
        self._effects[reply.number] = reply.effects
        self._best[reply.number] = reply.fittest or self._best.get(reply.number, ())
        return reply

    def _send(
        self, fields_by_island: Mapping[int, ReplyFields], numbers: Iterable[int]
    ) -> dict[int, tuple[int, list[int]]]:
        """Send each host its part of the questions; gives (host, islands) by the number of the message."""
        numbers = sorted(numbers)
        if homeless := [number for number in numbers if self._replicas[number].worker is None]:
            self._find_hosts(homeless)
        by_host: dict[int, list[int]] = {}
        for number in numbers:
            by_host.setdefault(self._replicas[number].worker or 0, []).append(number)
        return {self._send_to(worker, fields_by_island, part): (worker, part) for worker, part in by_host.items()}

    def _send_to(self, worker: int, fields_by_island: Mapping[int, ReplyFields], numbers: Sequence[int]) -> int:
        requests = [self._replicas[number].request(number, fields_by_island[number]) for number in numbers]
        return self._worker_pool.send(worker, self._beginning, requests)

    def _lose(self, worker: int) -> None:
        """All islands of a host must be made again, when they are asked for next."""
        self._worker_pool.lose(worker)
        for replica in self._replicas:
            if replica.worker == worker:
                self.replays += replica.was_made
                replica.lose()
