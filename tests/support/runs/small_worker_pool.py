"""A fleet within this process, whose hosts are lost at random moments and replaced: a cluster without the waiting."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Sequence
from random import Random
from threading import RLock

from automl_zero.program.program import Program
from automl_zero.run.distributed.async_islands import new_islands
from automl_zero.run.distributed.batch_scoring import score_on_workers
from automl_zero.run.distributed.messages import IslandRequest, ProgramBatch
from automl_zero.run.distributed.placement import Placement
from automl_zero.run.distributed.sync_islands import SyncIslands
from automl_zero.run.distributed.worker import Worker
from automl_zero.run.distributed.worker_pool import Replies
from automl_zero.run.islands.engine import ExperimentSpec
from automl_zero.vm.stop_flag import StopFlag


class SmallWorkerPool:
    """Hosts that are lost in so many of a hundred messages, before or after they carry them out.

    Attributes:
        size: hosts that it should have; a test may change it at any time.
        losses: hosts that were lost.
    """

    def __init__(self, size: int, percent: int = 0, seed: int = 0) -> None:
        self.size, self.losses = size, 0
        self._percent, self._random = percent, Random(seed)
        self._hosts: dict[int, Worker] = {}
        self._known: dict[int, set[int]] = {}
        self._ended: set[int] = set()
        self.placement, self._lock, self.stop = Placement(), RLock(), StopFlag()
        self._sent: list[tuple[int, int, ExperimentSpec, bytes]] = []
        self._begun = self._messages = 0

    @property
    def workers(self) -> Sequence[int]:
        return list(self._hosts)

    def ensure_workers(self, wanted: int) -> None:
        with self._lock:
            while len(self._hosts) < min(wanted, self.size):
                self._hosts[self._begun] = Worker()
                self._begun += 1

    wait = ensure_workers

    def send(self, worker: int, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        with self._lock:
            known = self._known.setdefault(worker, set())
            is_known = spec.seed in known
            known.add(spec.seed)
            self._messages += 1
            # As bytes, so that nothing is shared with the host; the beginning never changes.
            self._sent.append((self._messages, worker, spec, pickle.dumps((is_known, requests, [*self._ended]))))
            return self._messages

    def end(self, spec: ExperimentSpec) -> None:
        with self._lock:
            self._ended.add(spec.seed)

    def poll(self, messages: Collection[int], _: int) -> Iterator[tuple[int, Replies]]:
        """One message at a time, and now and then the loss of its host."""
        with self._lock:
            found = next(each for each in self._sent if each[0] in messages)
            self._sent.remove(found)
            message, worker, spec, content = found
            answer = self._answer(worker, spec, content)
        yield message, answer

    def _answer(self, worker: int, spec: ExperimentSpec, content: bytes) -> Replies:
        fate = self._random.randrange(100)
        if worker not in self._hosts or fate < self._percent // 2:
            return self.drop(worker)
        is_known, requests, ended = pickle.loads(content)  # noqa: S301
        reports = self._hosts[worker].execute(spec.seed, None if is_known else spec, requests, ended)
        if fate < self._percent:
            return self.drop(worker)
        copied: Replies = pickle.loads(pickle.dumps(reports))  # noqa: S301
        return copied

    def drop(self, worker: int) -> None:
        self.losses += self._hosts.pop(worker, None) is not None


class UnevenWorkerPool(SmallWorkerPool):
    """Hosts of different speed, by a clock of their own: the n-th takes ``seconds[n]`` for a message, and so on."""

    def __init__(self, size: int, seconds: Sequence[float], percent: int = 0, seed: int = 0) -> None:
        super().__init__(size, percent, seed)
        self._seconds, self._now = seconds, 0.0
        self._is_free_at: dict[int, float] = {}
        self._due: dict[int, float] = {}  # by the number of the message

    def send(self, worker: int, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        message = super().send(worker, spec, requests)
        begins = max(self._now, self._is_free_at.get(worker, 0.0))
        self._due[message] = self._is_free_at[worker] = begins + self._seconds[worker % len(self._seconds)]
        return message

    def poll(self, messages: Collection[int], wanted: int) -> Iterator[tuple[int, Replies]]:
        """The one that is due first."""
        self._sent.sort(key=lambda each: self._due[each[0]])
        self._now = self._due[self._sent[0][0]]
        yield from super().poll(messages, wanted)


class SmallEngine:
    """Runs islands on such a fleet."""

    startup_message = ""
    cluster = None

    def __init__(self, worker_pool: SmallWorkerPool) -> None:
        self.worker_pool, self.workers, self.stop = worker_pool, worker_pool.size, worker_pool.stop

    def islands(self, spec: ExperimentSpec) -> SyncIslands:
        self.worker_pool.ensure_workers(len(spec.tasks) * spec.config.experiment.concurrent)
        return new_islands(spec, self.worker_pool)

    def score(self, programs: Sequence[Program], spec: ExperimentSpec, stop: StopFlag) -> list[float]:
        return score_on_workers(programs, spec, self.worker_pool, stop)

    def close(self) -> None:
        """There is nothing to let go of."""
