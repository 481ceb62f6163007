"""Programs scored on the hosts of a fleet, in batches: each goes to whichever host is free.

A fitness is the same on all hosts, so what was lost with one of them is scored again on another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from automl_zero.program.program import Program
from automl_zero.run.distributed.messages import Batch
from automl_zero.run.distributed.worker_pool import Fleet, check_losses, hosts_wanted
from automl_zero.run.islands.engine import Beginning
from automl_zero.vm.stop_flag import StopFlag

ROUNDS = 4  # batches for each host, so that slow programs delay the end little


def score_on_hosts(
    programs: Sequence[Program], beginning: Beginning, fleet: Fleet, stop: StopFlag | None = None
) -> list[float]:
    """What ``Beginning.score`` gives for each of these programs.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    count = ROUNDS * max(len(fleet.hosts), 1)
    batches = [Batch(each) for first in range(count) if (each := programs[first::count])]
    found: dict[int, Sequence[float]] = {}
    waiting = list(range(len(batches)))
    sent: dict[int, tuple[int, int]] = {}  # (host, batch) by the number of the message
    losses: Counter[int] = Counter()
    while len(found) < len(batches):
        (stop or fleet.stop).check()
        for host in _idle(fleet, beginning, {host for host, _ in sent.values()})[: len(waiting)]:
            number = waiting.pop(0)
            sent[fleet.send(host, beginning, [batches[number]])] = host, number
        for message, answer in fleet.answers(list(sent), 1):
            host, number = sent.pop(message)
            if answer is None:
                fleet.lose(host)
                check_losses(losses, [number], "batch of programs")
                waiting.append(number)
            else:
                (found[number],) = answer
    return [found[place % count][place // count] for place in range(len(programs))]


def _idle(fleet: Fleet, beginning: Beginning, busy: set[int]) -> list[int]:
    """The hosts that have nothing to do; waits for one if there is none at all."""
    wanted = hosts_wanted(beginning.config)
    fleet.tend(wanted)
    while not (hosts := fleet.hosts):
        fleet.wait(wanted)
    return [host for host in hosts if host not in busy]
