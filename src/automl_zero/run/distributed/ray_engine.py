"""The islands of a run on a Ray cluster: this machine alone, or many that come and go.

Each actor is a process that holds islands. What travels are messages of plain data and arrays, through Ray's object
store; the tasks are sent to each node once, so that none needs the data sets. This module and ``ray_cluster`` are the
only ones that know Ray.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from automl_zero.program.program import Program
from automl_zero.run.checkpoint.file_format import engine_hash
from automl_zero.run.distributed.async_islands import new_islands
from automl_zero.run.distributed.batch_scoring import score_on_workers
from automl_zero.run.distributed.messages import IslandRequest, ProgramBatch
from automl_zero.run.distributed.placement import Placement
from automl_zero.run.distributed.ray_cluster import RayConnection
from automl_zero.run.distributed.sync_islands import SyncIslands
from automl_zero.run.distributed.worker import Worker
from automl_zero.run.distributed.worker_pool import Answer
from automl_zero.run.islands.engine import ExperimentSpec, score_here
from automl_zero.run.record.events import Cluster
from automl_zero.system.processors import usable_processors
from automl_zero.vm.stop_flag import StopFlag

LOOK_SECONDS = 1.0  # between two looks at what has become of the cluster
NOTICE_SECONDS = 0.5  # after which a loss is noticed, while others still work
PICKLE = 5  # the protocol; all nodes have the same package
# Losses are ours to mend, and what Ray notes of each call for its own views costs the driver.
ACTOR: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "enable_task_events": False}
START_SECONDS = 30.0  # that a run waits at its beginning for hosts that are slower than the first


class RayEngine:
    """Runs islands in the actors of a cluster.

    Args:
        workers: at most so many actors; by default, one for each processor of the cluster.
        address: of a cluster that is there, as in ``ray.init``; by default, one begins on this machine and ends with
            the run, unless this process is connected to one already.
    """

    beginning = "waiting for processes of the Ray cluster; each node compiles the engine once"

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        self._most, self._address, self.stop = workers, address, StopFlag()
        self._worker_pool: RayWorkerPool | None = None
        self._going: list[SyncIslands] = []  # of the experiments that go on
        self._replays = 0  # in the experiments that have ended
        self._connection: RayConnection | None = None  # unless this process had one already

    @property
    def workers(self) -> int:
        """Actors that are there."""
        return len(self._worker_pool.workers) if self._worker_pool else 0

    @property
    def cluster(self) -> Cluster:
        """What the run goes on at the moment."""
        nodes, replays = (
            (self._worker_pool.nodes if self._worker_pool else 0),
            sum(each.replays for each in self._going),
        )
        return Cluster(nodes=nodes, workers=self.workers, replays=self._replays + replays)

    def islands(self, beginning: ExperimentSpec) -> SyncIslands:
        """Those of an experiment.

        Raises:
            ClusterError: there is no such cluster, or one of its nodes has another version of the package.
        """
        worker_pool = self._connected()
        self._replays += sum(each.replays for each in self._going if each.has_ended)
        self._going = [each for each in self._going if not each.has_ended]
        self._going.append(new_islands(beginning, worker_pool))
        return self._going[-1]

    def score(self, programs: Sequence[Program], beginning: ExperimentSpec, stop: StopFlag) -> list[float]:
        """The fitness of each of them on the first tasks of a beginning, which are sent to each node once.

        Once the engine's stop flag is raised, actors are ended, whatever they are doing, and this process scores.

        Raises:
            ClusterError: as for ``islands``.
            Stopped: the flag was raised meanwhile.
        """
        if not self.stop.is_set:
            return score_on_workers(programs, beginning, self._connected(), stop)
        if self._worker_pool:
            self._worker_pool.close()
        with ThreadPoolExecutor(usable_processors()) as pool:
            return score_here(programs, beginning, pool, stop)

    def _connected(self) -> RayWorkerPool:
        if self._worker_pool is None:
            if not ray.is_initialized():
                self._connection = RayConnection(self._address)
            self._worker_pool = RayWorkerPool(self._most, self.stop)
        return self._worker_pool

    def close(self) -> None:
        """End the actors, and the cluster if the run has begun it."""
        if self._worker_pool:
            self._worker_pool.close()
        if self._connection:
            self._connection.close()
        self._worker_pool, self._connection = None, None


class RayWorker(Worker):
    """An actor. What it is told and tells is packed here: Ray, which packs all else, asks at each array what to do."""

    def do_packed(self, packed: bytes, beginning: ExperimentSpec | None = None) -> bytes:
        """As ``do``."""
        seed, requests, ended = pickle.loads(packed)  # noqa: S301
        return pickle.dumps(self.do(seed, beginning, requests, ended), PICKLE)


@dataclass(eq=False, slots=True)
class _Actor:
    """An actor, and the seeds of the experiments whose beginnings it was told and has not forgotten."""

    handle: Any
    known: set[int] = field(default_factory=set)


class RayWorkerPool:
    """Actors as hosts."""

    def __init__(self, most: int | None, stop: StopFlag) -> None:
        self._most, self.stop = most, stop
        self._actors: dict[int, _Actor] = {}
        self._coming: dict[Any, _Actor] = {}  # by the answer to a greeting
        self._sent: dict[int, Any] = {}  # answers, None of a host that was gone, by the number of the message
        self.placement, self._lock = Placement(), threading.RLock()
        self._begun = self._messages = self.nodes = 0
        self._looked_at = -LOOK_SECONDS
        self._stored: dict[int, Any] = {}  # beginnings in the object store, by their seeds, of experiments that go on

    @property
    def workers(self) -> Sequence[int]:
        """Those that have answered a greeting."""
        return list(self._actors)

    def ensure_workers(self, wanted: int) -> None:
        """Look at the cluster, but not more often than every second."""
        with self._lock:
            if monotonic() - self._looked_at >= LOOK_SECONDS:
                self._look(wanted)
                self._welcome(len(self._coming), 0.0)

    def wait(self, wanted: int) -> None:
        """Wait for one, and at the beginning of the run a while for the others.

        Raises:
            Stopped: the stop flag was raised meanwhile.
        """
        with self._lock:
            is_beginning = self._begun == 0
            while not self._actors:
                self.stop.check()
                self._look(wanted)
                self._welcome(1, LOOK_SECONDS)
                sleep(0.0 if self._actors or self._coming else LOOK_SECONDS)  # until there is a processor
            if is_beginning:
                self._welcome(len(self._coming), START_SECONDS)

    def _look(self, wanted: int) -> None:
        """See which nodes there are, and begin actors that are missing, one for each processor."""
        self._looked_at = monotonic()
        self.nodes = sum(node["Alive"] for node in ray.nodes())
        room = min(wanted, int(ray.cluster_resources().get("CPU", 0)), self._most or wanted)
        for _ in range(room - len(self._actors) - len(self._coming)):
            handle = ray.remote(**ACTOR)(RayWorker).remote()
            self._coming[handle.greet.remote(engine_hash())] = _Actor(handle)

    def _welcome(self, count: int, seconds: float) -> None:
        """Let those join that have answered their greeting; wait for so many, but no longer than that."""
        if not self._coming:
            return
        answered, _ = ray.wait(list(self._coming), num_returns=count, timeout=seconds)
        for greeting in answered:
            actor = self._coming.pop(greeting)
            if _value(greeting) is not None:
                self._actors[self._begun] = actor
                self._begun += 1

    def send(self, worker: int, beginning: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        """Call the actor; the beginning is sent only if it does not know it."""
        with self._lock:
            self._messages += 1
            actor = self._actors.get(worker)
            self._sent[self._messages] = self._call(actor, beginning, requests) if actor else None
            return self._messages

    def _call(self, actor: _Actor, beginning: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> Any:
        seed = beginning.seed
        if seed not in self._stored:
            self._stored[seed] = ray.put(beginning)
        told = [] if seed in actor.known else [self._stored[seed]]
        ended = sorted(actor.known - self._stored.keys())
        actor.known = (actor.known & self._stored.keys()) | {seed}
        return actor.handle.do_packed.remote(pickle.dumps((seed, requests, ended), PICKLE), *told)

    def answers(self, messages: Collection[int], wanted: int) -> Iterator[tuple[int, Answer]]:
        """What has come, when so many have or when half a second is over."""
        asked = {message: self._sent[message] for message in messages}
        sent = {answer: message for message, answer in asked.items() if answer is not None}
        for message in (message for message, answer in asked.items() if answer is None):
            del self._sent[message]
            yield message, None
        if not sent:
            return
        ray.wait(list(sent), num_returns=min(wanted, len(sent)), timeout=NOTICE_SECONDS)
        answered, _ = ray.wait(list(sent), num_returns=len(sent), timeout=0)  # as many as there are by now
        for answer, packed in zip(answered, _values(answered), strict=True):
            del self._sent[sent[answer]]
            yield sent[answer], pickle.loads(packed) if packed else None  # noqa: S301

    def end(self, beginning: ExperimentSpec) -> None:
        """Let the object store forget the beginning, and actors the islands."""
        with self._lock:
            self._stored.pop(beginning.seed, None)

    def lose(self, worker: int) -> None:
        """Make sure that it is gone: one that cannot be reached may still be at work."""
        if actor := self._actors.pop(worker, None):
            ray.kill(actor.handle)

    def close(self) -> None:
        """End all actors."""
        for actor in (*self._actors.values(), *self._coming.values()):
            ray.kill(actor.handle)
        self._actors, self._coming, self._sent = {}, {}, {}


def _values(answers: Sequence[Any]) -> list[Any]:
    """What actors have answered, all at once if none of them was lost, which takes a fraction of the time."""
    try:
        return list(ray.get(answers))
    except RayError:
        return [_value(answer) for answer in answers]


def _value(answer: Any) -> Any:
    """What an actor has answered, None if it was lost; its errors are ours."""
    try:
        return ray.get(answer)
    except RayTaskError as error:
        raise error.cause from None
    except RayError:
        return None
