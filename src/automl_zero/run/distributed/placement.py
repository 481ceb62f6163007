"""Which host holds which islands, of all experiments that go on: loads are even over all of them together.

Experiments that go on side by side ask from threads of their own, so whatever is looked up and changed here is under
one lock. Where an island is changes no result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heapreplace
from threading import RLock

from automl_zero.run.distributed.command_log import History


class Berths:
    """Those of the islands of one engine."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._experiments: dict[int, Sequence[History]] = {}  # by the seed of each

    def add(self, seed: int, histories: Sequence[History]) -> None:
        """Let an experiment begin.

        Raises:
            ValueError: one of its seed goes on, whose islands its own would be taken for.
        """
        with self.lock:
            if seed in self._experiments:
                raise ValueError(f"an experiment of seed {seed} goes on already: end its islands before another begins")
            self._experiments[seed] = histories

    def remove(self, seed: int) -> None:
        """An experiment has ended, and its islands hold no place."""
        with self.lock:
            self._experiments.pop(seed, None)

    def loads(self, hosts: Sequence[int]) -> Counter[int]:
        """How many islands each of these hosts holds, or is about to."""
        with self.lock:
            places = (each.bound_for for histories in self._experiments.values() for each in histories)
            held = Counter(place for place in places if place is not None)
            return Counter({host: held[host] for host in hosts})

    def settle(self, hosts: Sequence[int], homeless: Sequence[History]) -> None:
        """Give islands to the hosts that hold the fewest; neighbours, often of different groups, to the same."""
        with self.lock:
            loads, chosen = self.loads(hosts), Counter[int]()
            bound = [each for each in homeless if each.bound_for not in loads]
            fewest = [(load, host) for host, load in loads.items()]
            heapify(fewest)
            for _ in bound:
                load, host = fewest[0]
                heapreplace(fewest, (load + 1, host))
                chosen[host] += 1
            for history, host in zip(bound, sorted(chosen.elements()), strict=True):
                history.bound_for = host
            for history in homeless:
                history.host = history.bound_for

    def level(self, hosts: Sequence[int], histories: Sequence[History]) -> list[int]:
        """Bind islands of an experiment for hosts that hold fewer, until all hold as many, give or take one."""
        moved: list[int] = []
        with self.lock:
            loads = self.loads(hosts)
            if not loads or max(loads.values()) - min(loads.values()) <= 1:
                return moved
            least = min(loads, key=loads.__getitem__)
            for number, history in enumerate(histories):
                host = history.host
                if host is None or history.bound_for != host or loads[host] - loads[least] <= 1:
                    continue
                loads.update({host: -1, least: 1})
                history.bound_for, least = least, min(loads, key=loads.__getitem__)
                moved.append(number)
        return moved
