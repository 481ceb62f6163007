"""Scoring of programs on worker processes, in batches that go to whichever worker is idle.

A program has the same fitness on all workers, so the batch of a lost worker is scored again on another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from automl_zero.program.program import Program
from automl_zero.run.distributed.messages import ProgramBatch
from automl_zero.run.distributed.worker_pool import WorkerPool, count_losses, workers_wanted
from automl_zero.run.islands.engine import ExperimentSpec
from automl_zero.vm.stop_flag import StopFlag

BATCHES_PER_WORKER = 4  # so that a batch of slow programs delays the end little


def score_on_workers(
    programs: Sequence[Program], spec: ExperimentSpec, worker_pool: WorkerPool, stop: StopFlag | None = None
) -> list[float]:
    """Return ``ExperimentSpec.score`` of each program.

    Raises:
        ClusterError: a batch was lost too often, each time with its worker.
        Stopped: the flag was raised meanwhile; by default, that of the pool.
    """
    count = BATCHES_PER_WORKER * max(len(worker_pool.workers), 1)
    batches = [ProgramBatch(batch) for first in range(count) if (batch := programs[first::count])]
    scores: dict[int, Sequence[float]] = {}
    waiting = list(range(len(batches)))
    in_flight: dict[int, tuple[int, int]] = {}  # (worker, batch) by the number of the message
    losses: Counter[int] = Counter()
    while len(scores) < len(batches):
        (stop or worker_pool.stop).check()
        for worker in _idle_workers(worker_pool, spec, {worker for worker, _ in in_flight.values()})[: len(waiting)]:
            number = waiting.pop(0)
            in_flight[worker_pool.send(worker, spec, [batches[number]])] = worker, number
        for message, replies in worker_pool.poll(list(in_flight), 1):
            worker, number = in_flight.pop(message)
            if replies is None:
                worker_pool.drop(worker)
                count_losses(losses, [number], "batch of programs")
                waiting.append(number)
            else:
                (scores[number],) = replies
    return [scores[index % count][index // count] for index in range(len(programs))]


def _idle_workers(worker_pool: WorkerPool, spec: ExperimentSpec, busy: set[int]) -> list[int]:
    """Return the workers that have nothing to do; where there is no worker at all, wait for one."""
    wanted = workers_wanted(spec.config)
    worker_pool.ensure_workers(wanted)
    while not (workers := worker_pool.workers):
        worker_pool.wait(wanted)
    return [worker for worker in workers if worker not in busy]
