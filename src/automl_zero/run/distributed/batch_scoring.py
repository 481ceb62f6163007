"""Programs scored on the hosts of a fleet, in batches: each goes to whichever host is free.

A fitness is the same on all hosts, so what was lost with one of them is scored again on another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from automl_zero.program.program import Program
from automl_zero.run.distributed.messages import ProgramBatch
from automl_zero.run.distributed.worker_pool import WorkerPool, check_losses, workers_wanted
from automl_zero.run.islands.engine import ExperimentSpec
from automl_zero.vm.stop_flag import StopFlag

ROUNDS = 4  # batches for each host, so that slow programs delay the end little


def score_on_workers(
    programs: Sequence[Program], beginning: ExperimentSpec, worker_pool: WorkerPool, stop: StopFlag | None = None
) -> list[float]:
    """What ``ExperimentSpec.score`` gives for each of these programs.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    count = ROUNDS * max(len(worker_pool.workers), 1)
    batches = [ProgramBatch(each) for first in range(count) if (each := programs[first::count])]
    found: dict[int, Sequence[float]] = {}
    waiting = list(range(len(batches)))
    sent: dict[int, tuple[int, int]] = {}  # (host, batch) by the number of the message
    losses: Counter[int] = Counter()
    while len(found) < len(batches):
        (stop or worker_pool.stop).check()
        for worker in _idle(worker_pool, beginning, {worker for worker, _ in sent.values()})[: len(waiting)]:
            number = waiting.pop(0)
            sent[worker_pool.send(worker, beginning, [batches[number]])] = worker, number
        for message, answer in worker_pool.answers(list(sent), 1):
            worker, number = sent.pop(message)
            if answer is None:
                worker_pool.lose(worker)
                check_losses(losses, [number], "batch of programs")
                waiting.append(number)
            else:
                (found[number],) = answer
    return [found[place % count][place // count] for place in range(len(programs))]


def _idle(worker_pool: WorkerPool, beginning: ExperimentSpec, busy: set[int]) -> list[int]:
    """The hosts that have nothing to do; waits for one if there is none at all."""
    wanted = workers_wanted(beginning.config)
    worker_pool.ensure_workers(wanted)
    while not (workers := worker_pool.workers):
        worker_pool.wait(wanted)
    return [worker for worker in workers if worker not in busy]
