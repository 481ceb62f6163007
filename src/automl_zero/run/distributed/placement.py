"""Which host holds which islands, of all experiments that go on: loads are even over all of them together.

Experiments that go on side by side ask from threads of their own, so whatever is looked up and changed here is under
one lock. Where an island is changes no result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heapreplace
from threading import RLock

from automl_zero.run.distributed.command_log import IslandReplica


class Placement:
    """Those of the islands of one engine."""

    def __init__(self) -> None:
        self.lock = RLock()
        self._experiments: dict[int, Sequence[IslandReplica]] = {}  # by the seed of each

    def add(self, seed: int, replicas: Sequence[IslandReplica]) -> None:
        """Let an experiment begin.

        Raises:
            ValueError: one of its seed goes on, whose islands its own would be taken for.
        """
        with self.lock:
            if seed in self._experiments:
                raise ValueError(f"an experiment of seed {seed} goes on already: end its islands before another begins")
            self._experiments[seed] = replicas

    def remove(self, seed: int) -> None:
        """An experiment has ended, and its islands hold no place."""
        with self.lock:
            self._experiments.pop(seed, None)

    def loads(self, workers: Sequence[int]) -> Counter[int]:
        """How many islands each of these hosts holds, or is about to."""
        with self.lock:
            places = (each.bound_for for replicas in self._experiments.values() for each in replicas)
            held = Counter(place for place in places if place is not None)
            return Counter({worker: held[worker] for worker in workers})

    def assign(self, workers: Sequence[int], homeless: Sequence[IslandReplica]) -> None:
        """Give islands to the hosts that hold the fewest; neighbours, often of different groups, to the same."""
        with self.lock:
            loads, chosen = self.loads(workers), Counter[int]()
            bound = [each for each in homeless if each.bound_for not in loads]
            fewest = [(load, worker) for worker, load in loads.items()]
            heapify(fewest)
            for _ in bound:
                load, worker = fewest[0]
                heapreplace(fewest, (load + 1, worker))
                chosen[worker] += 1
            for replica, worker in zip(bound, sorted(chosen.elements()), strict=True):
                replica.bound_for = worker
            for replica in homeless:
                replica.worker = replica.bound_for

    def level(self, workers: Sequence[int], replicas: Sequence[IslandReplica]) -> list[int]:
        """Bind islands of an experiment for hosts that hold fewer, until all hold as many, give or take one."""
        moved: list[int] = []
        with self.lock:
            loads = self.loads(workers)
            if not loads or max(loads.values()) - min(loads.values()) <= 1:
                return moved
            least = min(loads, key=loads.__getitem__)
            for number, replica in enumerate(replicas):
                worker = replica.worker
                if worker is None or replica.bound_for != worker or loads[worker] - loads[least] <= 1:
                    continue
                loads.update({worker: -1, least: 1})
                replica.bound_for, least = least, min(loads, key=loads.__getitem__)
                moved.append(number)
        return moved
