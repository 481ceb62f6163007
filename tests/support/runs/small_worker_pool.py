"""A fleet within this process, whose hosts are lost at random moments and replaced: a cluster without the waiting."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator, Sequence
from random import Random
from threading import RLock

from automl_zero.program.program import Program
from automl_zero.run.distributed.async_islands import spread_islands
from automl_zero.run.distributed.batch_scoring import score_on_hosts
from automl_zero.run.distributed.messages import Batch, Order
from automl_zero.run.distributed.placement import Berths
from automl_zero.run.distributed.sync_islands import SpreadIslands
from automl_zero.run.distributed.worker import Host
from automl_zero.run.distributed.worker_pool import Answer
from automl_zero.run.islands.engine import Beginning
from automl_zero.vm.stop_flag import StopFlag


class SmallFleet:
    """Hosts that are lost in so many of a hundred messages, before or after they carry them out.

    Attributes:
        size: hosts that it should have; a test may change it at any time.
        losses: hosts that were lost.
    """

    def __init__(self, size: int, percent: int = 0, seed: int = 0) -> None:
        self.size, self.losses = size, 0
        self._percent, self._random = percent, Random(seed)
        self._hosts: dict[int, Host] = {}
        self._known: dict[int, set[int]] = {}
        self._ended: set[int] = set()
        self.berths, self._lock, self.stop = Berths(), RLock(), StopFlag()
        self._sent: list[tuple[int, int, Beginning, bytes]] = []
        self._begun = self._messages = 0

    @property
    def hosts(self) -> Sequence[int]:
        return list(self._hosts)

    def tend(self, wanted: int) -> None:
        with self._lock:
            while len(self._hosts) < min(wanted, self.size):
                self._hosts[self._begun] = Host()
                self._begun += 1

    wait = tend

    def send(self, host: int, beginning: Beginning, orders: Sequence[Order | Batch]) -> int:
        with self._lock:
            known = self._known.setdefault(host, set())
            is_known = beginning.seed in known
            known.add(beginning.seed)
            self._messages += 1
            # As bytes, so that nothing is shared with the host; the beginning never changes.
            self._sent.append((self._messages, host, beginning, pickle.dumps((is_known, orders, [*self._ended]))))
            return self._messages

    def end(self, beginning: Beginning) -> None:
        with self._lock:
            self._ended.add(beginning.seed)

    def answers(self, messages: Collection[int], _: int) -> Iterator[tuple[int, Answer]]:
        """One message at a time, and now and then the loss of its host."""
        with self._lock:
            found = next(each for each in self._sent if each[0] in messages)
            self._sent.remove(found)
            message, host, beginning, content = found
            answer = self._answer(host, beginning, content)
        yield message, answer

    def _answer(self, host: int, beginning: Beginning, content: bytes) -> Answer:
        fate = self._random.randrange(100)
        if host not in self._hosts or fate < self._percent // 2:
            return self.lose(host)
        is_known, orders, ended = pickle.loads(content)  # noqa: S301
        reports = self._hosts[host].do(beginning.seed, None if is_known else beginning, orders, ended)
        if fate < self._percent:
            return self.lose(host)
        copied: Answer = pickle.loads(pickle.dumps(reports))  # noqa: S301
        return copied

    def lose(self, host: int) -> None:
        self.losses += self._hosts.pop(host, None) is not None


class UnevenFleet(SmallFleet):
    """Hosts of different speed, by a clock of their own: the n-th takes ``seconds[n]`` for a message, and so on."""

    def __init__(self, size: int, seconds: Sequence[float], percent: int = 0, seed: int = 0) -> None:
        super().__init__(size, percent, seed)
        self._seconds, self._now = seconds, 0.0
        self._is_free_at: dict[int, float] = {}
        self._due: dict[int, float] = {}  # by the number of the message

    def send(self, host: int, beginning: Beginning, orders: Sequence[Order | Batch]) -> int:
        message = super().send(host, beginning, orders)
        begins = max(self._now, self._is_free_at.get(host, 0.0))
        self._due[message] = self._is_free_at[host] = begins + self._seconds[host % len(self._seconds)]
        return message

    def answers(self, messages: Collection[int], wanted: int) -> Iterator[tuple[int, Answer]]:
        """The one that is due first."""
        self._sent.sort(key=lambda each: self._due[each[0]])
        self._now = self._due[self._sent[0][0]]
        yield from super().answers(messages, wanted)


class SmallEngine:
    """Runs islands on such a fleet."""

    beginning = ""
    cluster = None

    def __init__(self, fleet: SmallFleet) -> None:
        self.fleet, self.workers, self.stop = fleet, fleet.size, fleet.stop

    def islands(self, beginning: Beginning) -> SpreadIslands:
        self.fleet.tend(len(beginning.tasks) * beginning.config.experiment.at_once)
        return spread_islands(beginning, self.fleet)

    def score(self, programs: Sequence[Program], beginning: Beginning, stop: StopFlag) -> list[float]:
        return score_on_hosts(programs, beginning, self.fleet, stop)

    def close(self) -> None:
        """There is nothing to let go of."""
