"""The islands of a run on a Ray cluster: this machine alone, or many nodes that come and go.

Each actor is a worker. Messages are plain data and arrays, which go through Ray's object store; the tasks of an
experiment are sent to each node once, so that no node needs the data sets. Only this module and ``ray_cluster`` use
Ray.
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
from automl_zero.run.distributed.worker_pool import Replies
from automl_zero.run.islands.engine import ExperimentSpec, score_here
from automl_zero.run.record.events import Cluster
from automl_zero.system.processors import usable_processors
from automl_zero.vm.stop_flag import StopFlag

CHECK_SECONDS = 1.0  # between two checks of which nodes the cluster has
POLL_SECONDS = 0.5  # the longest wait for replies, so the delay until a loss is noticed while others still work
PICKLE = 5  # the protocol; all nodes have the same package
# The run recovers lost actors itself, and the task events that Ray records for its own views would slow the driver.
ACTOR: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0, "max_task_retries": 0, "enable_task_events": False}
START_SECONDS = 30.0  # that a run waits at its start for workers that are slower than the first


class RayEngine:
    """Runs islands in the actors of a Ray cluster.

    Args:
        workers: at most this many actors; by default, one for each processor of the cluster.
        address: that of an existing cluster, as in ``ray.init``; by default, one starts on this machine and ends with
            the run, unless this process is already connected to a cluster.
    """

    startup_message = "waiting for processes of the Ray cluster; each node compiles the engine once"

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        self._max_workers, self._address, self.stop = workers, address, StopFlag()
        self._worker_pool: RayWorkerPool | None = None
        self._active: list[SyncIslands] = []  # of the experiments that run
        self._replays = 0  # in the experiments that have ended
        self._connection: RayConnection | None = None  # None where this process was already connected

    @property
    def workers(self) -> int:
        """The number of actors at the moment."""
        return len(self._worker_pool.workers) if self._worker_pool else 0

    @property
    def cluster(self) -> Cluster:
        """What the run uses at the moment."""
        replays = self._replays + sum(each.replays for each in self._active)
        return Cluster(nodes=self._worker_pool.nodes if self._worker_pool else 0, workers=self.workers, replays=replays)

    def islands(self, spec: ExperimentSpec) -> SyncIslands:
        """Create the islands of an experiment.

        Raises:
            ClusterError: there is no such cluster, or one of its nodes has another version of the package.
        """
        worker_pool = self._connect()
        self._replays += sum(each.replays for each in self._active if each.has_ended)
        self._active = [each for each in self._active if not each.has_ended]
        self._active.append(new_islands(spec, worker_pool))
        return self._active[-1]

    def score(self, programs: Sequence[Program], spec: ExperimentSpec, stop: StopFlag) -> list[float]:
        """Return the fitness of each program on the first tasks of an experiment, which are sent to each node once.

        Once the engine's stop flag is raised, actors are killed, whatever they are doing, and this process scores.

        Raises:
            ClusterError: as for ``islands``.
            Stopped: the flag was raised meanwhile.
        """
        if not self.stop.is_set:
            return score_on_workers(programs, spec, self._connect(), stop)
        if self._worker_pool:
            self._worker_pool.close()
        with ThreadPoolExecutor(usable_processors()) as pool:
            return score_here(programs, spec, pool, stop)

    def _connect(self) -> RayWorkerPool:
        if self._worker_pool is None:
            if not ray.is_initialized():
                self._connection = RayConnection(self._address)
            self._worker_pool = RayWorkerPool(self._max_workers, self.stop)
        return self._worker_pool

    def close(self) -> None:
        """End the actors, and the cluster if the run has started it."""
        if self._worker_pool:
            self._worker_pool.close()
        if self._connection:
            self._connection.close()
        self._worker_pool, self._connection = None, None


class RayWorker(Worker):
    """A worker as an actor. It pickles messages itself: Ray's serialization is slower, since it inspects each array."""

    def execute_packed(self, packed: bytes, spec: ExperimentSpec | None = None) -> bytes:
        """Execute pickled requests as ``execute`` does; return the pickled replies."""
        seed, requests, ended = pickle.loads(packed)  # noqa: S301
        return pickle.dumps(self.execute(seed, spec, requests, ended), PICKLE)


@dataclass(eq=False, slots=True)
class _Actor:
    """An actor, and the seeds of the experiments whose specs it holds."""

    handle: Any
    known: set[int] = field(default_factory=set)


class RayWorkerPool:
    """A ``WorkerPool`` of actors, at most ``max_workers`` of them."""

    def __init__(self, max_workers: int | None, stop: StopFlag) -> None:
        self._max_workers, self.stop = max_workers, stop
        self._actors: dict[int, _Actor] = {}
        self._starting: dict[Any, _Actor] = {}  # by the reference to the reply to their handshake
        self._sent: dict[int, Any] = {}  # references to replies, None for a lost worker, by the number of the message
        self.placement, self._lock = Placement(), threading.RLock()
        self._num_admitted = self._num_messages = self.nodes = 0
        self._checked_at = -CHECK_SECONDS
        self._stored: dict[int, Any] = {}  # references to the specs in the object store, by the seeds of experiments

    @property
    def workers(self) -> Sequence[int]:
        """The actors that have replied to the handshake."""
        return list(self._actors)

    def ensure_workers(self, wanted: int) -> None:
        """Check the cluster and start missing actors, but at most once a second."""
        with self._lock:
            if monotonic() - self._checked_at >= CHECK_SECONDS:
                self._start_missing(wanted)
                self._admit(len(self._starting), 0.0)

    def wait(self, wanted: int) -> None:
        """Wait for one actor, and at the start of the run a while for the others.

        Raises:
            Stopped: the stop flag was raised meanwhile.
        """
        with self._lock:
            is_first_wait = self._num_admitted == 0
            while not self._actors:
                self.stop.check()
                self._start_missing(wanted)
                self._admit(1, CHECK_SECONDS)
                sleep(0.0 if self._actors or self._starting else CHECK_SECONDS)  # until there is a processor
            if is_first_wait:
                self._admit(len(self._starting), START_SECONDS)

    def _start_missing(self, wanted: int) -> None:
        """Count the nodes, and start the actors that are missing, one for each processor."""
        self._checked_at = monotonic()
        self.nodes = sum(node["Alive"] for node in ray.nodes())
        target = min(wanted, int(ray.cluster_resources().get("CPU", 0)), self._max_workers or wanted)
        for _ in range(target - len(self._actors) - len(self._starting)):
            handle = ray.remote(**ACTOR)(RayWorker).remote()
            self._starting[handle.handshake.remote(engine_hash())] = _Actor(handle)

    def _admit(self, count: int, seconds: float) -> None:
        """Admit the actors that have replied to the handshake; wait for ``count`` of them, at most this long."""
        if not self._starting:
            return
        replied, _ = ray.wait(list(self._starting), num_returns=count, timeout=seconds)
        for handshake in replied:
            actor = self._starting.pop(handshake)
            if _get(handshake) is not None:
                self._actors[self._num_admitted] = actor
                self._num_admitted += 1

    def send(self, worker: int, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> int:
        """Call an actor; the spec is sent only if the actor does not have it."""
        with self._lock:
            self._num_messages += 1
            actor = self._actors.get(worker)
            self._sent[self._num_messages] = self._call(actor, spec, requests) if actor else None
            return self._num_messages

    def _call(self, actor: _Actor, spec: ExperimentSpec, requests: Sequence[IslandRequest | ProgramBatch]) -> Any:
        seed = spec.seed
        if seed not in self._stored:
            self._stored[seed] = ray.put(spec)
        new_spec = [] if seed in actor.known else [self._stored[seed]]
        ended = sorted(actor.known - self._stored.keys())
        actor.known = (actor.known & self._stored.keys()) | {seed}
        return actor.handle.execute_packed.remote(pickle.dumps((seed, requests, ended), PICKLE), *new_spec)

    def poll(self, messages: Collection[int], wanted: int) -> Iterator[tuple[int, Replies]]:
        """Yield what has arrived once ``wanted`` messages are done or half a second is over."""
        references = {message: self._sent[message] for message in messages}
        by_reference = {reference: message for message, reference in references.items() if reference is not None}
        for message in (message for message, reference in references.items() if reference is None):
            del self._sent[message]
            yield message, None
        if not by_reference:
            return
        ray.wait(list(by_reference), num_returns=min(wanted, len(by_reference)), timeout=POLL_SECONDS)
        done, _ = ray.wait(list(by_reference), num_returns=len(by_reference), timeout=0)  # all that are ready by now
        for reference, packed in zip(done, _get_all(done), strict=True):
            message = by_reference[reference]
            del self._sent[message]
            yield message, pickle.loads(packed) if packed else None  # noqa: S301

    def forget(self, spec: ExperimentSpec) -> None:
        """Remove a spec from the object store; actors discard it with their next message."""
        with self._lock:
            self._stored.pop(spec.seed, None)

    def drop(self, worker: int) -> None:
        """Kill an actor: one that cannot be reached may still be at work."""
        if actor := self._actors.pop(worker, None):
            ray.kill(actor.handle)

    def close(self) -> None:
        """End all actors."""
        for actor in (*self._actors.values(), *self._starting.values()):
            ray.kill(actor.handle)
        self._actors, self._starting, self._sent = {}, {}, {}


def _get_all(references: Sequence[Any]) -> list[Any]:
    """Return the results of calls, None for lost actors; a single call gets all if none was lost, which is fast."""
    try:
        return list(ray.get(references))
    except RayError:
        return [_get(reference) for reference in references]


def _get(reference: Any) -> Any:
    """Return the result of a call, None if the actor was lost; raise the original error of a call that failed."""
    try:
        return ray.get(reference)
    except RayTaskError as error:
        raise error.cause from None
    except RayError:
        return None
