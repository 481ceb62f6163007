"""A worker pool within this process, whose workers are lost at random and replaced: a cluster without the waiting."""

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
    """A pool whose workers are lost in ``percent`` of the messages, before or after they execute them.

    Attributes:
        size: how many workers it should have; a test may change it at any time.
        losses: how many workers were lost.
    """

    def __init__(self, size: int, percent: int = 0, seed: int = 0) -> None:
        self.size, self.losses = size, 0
        self._percent, self._random = percent, Random(seed)
        self._workers: dict[int, Worker] = {}
        self._known: dict[int, set[int]] = {}  # seeds of the specs that each worker holds
        self._ended: set[int] = set()
        self.placement, self._lock, self.stop = Placement(), RLock(), StopFlag()
        self._sent: list[tuple[int, int, ExperimentSpec, bytes]] = []
        self._num_started = self._num_messages = 0

    @property
    def workers(self) -> Sequence[int]:
        return list(self._workers)

    def ensure_workers(self, wanted: int) -> None:
        with self._lock:
            while len(self._workers) < min(wanted, self.size):
                self._workers[self._num_started] = Worker()
                self._num_started += 1

    wait = ensure_workers

    def send(self, worker: int, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        with self._lock:
            known = self._known.setdefault(worker, set())
            is_known = spec.seed in known
            known.add(spec.seed)
            self._num_messages += 1
            # As bytes, so that the worker shares nothing with the run; the spec never changes.
            content = pickle.dumps((is_known, requests, [*self._ended]))
            self._sent.append((self._num_messages, worker, spec, content))
            return self._num_messages

    def forget(self, spec: ExperimentSpec) -> None:
        with self._lock:
            self._ended.add(spec.seed)

    def poll(self, messages: Collection[int], _: int) -> Iterator[tuple[int, Replies]]:
        """Yield the replies to one message; now and then, lose its worker."""
        with self._lock:
            found = next(each for each in self._sent if each[0] in messages)
            self._sent.remove(found)
            message, worker, spec, content = found
            replies = self._execute(worker, spec, content)
        yield message, replies

    def _execute(self, worker: int, spec: ExperimentSpec, content: bytes) -> Replies:
        draw = self._random.randrange(100)
        if worker not in self._workers or draw < self._percent // 2:
            return self.drop(worker)
        is_known, requests, ended = pickle.loads(content)  # noqa: S301
        replies = self._workers[worker].execute(spec.seed, None if is_known else spec, requests, ended)
        if draw < self._percent:
            return self.drop(worker)
        copied: Replies = pickle.loads(pickle.dumps(replies))  # noqa: S301
        return copied

    def drop(self, worker: int) -> None:
        self.losses += self._workers.pop(worker, None) is not None


class UnevenWorkerPool(SmallWorkerPool):
    """Workers of different speed, by a simulated clock: worker n takes ``seconds[n % len(seconds)]`` for a message."""

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
        """Yield the replies to the message that is due first."""
        self._sent.sort(key=lambda each: self._due[each[0]])
        self._now = self._due[self._sent[0][0]]
        yield from super().poll(messages, wanted)


class SmallEngine:
    """Runs islands on such a pool."""

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
        """Release nothing."""
