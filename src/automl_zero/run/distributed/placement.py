"""The placement of islands on workers, balanced over all experiments that run at the same time.

Concurrent experiments call it from threads of their own, so a lock protects all it looks up and changes. The placement
of an island changes no result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heapreplace
from threading import RLock

from automl_zero.run.distributed.command_log import IslandReplica


class Placement:
    """The workers of the islands of one engine.

    Attributes:
        lock: held while anything is looked up or changed.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self._experiments: dict[int, Sequence[IslandReplica]] = {}  # by the seed of each

    def add(self, seed: int, replicas: Sequence[IslandReplica]) -> None:
        """Register the islands of an experiment.

        Raises:
            ValueError: an experiment with this seed is registered already; workers could not tell their islands apart.
        """
        with self.lock:
            if seed in self._experiments:
                raise ValueError(f"an experiment of seed {seed} is running: end its islands before another one starts")
            self._experiments[seed] = replicas

    def remove(self, seed: int) -> None:
        """Forget the islands of an experiment that has ended."""
        with self.lock:
            self._experiments.pop(seed, None)

    def loads(self, workers: Sequence[int]) -> Counter[int]:
        """Return how many islands each of these workers holds, or is about to hold."""
        with self.lock:
            targets = (each.target_worker for replicas in self._experiments.values() for each in replicas)
            held = Counter(worker for worker in targets if worker is not None)
            return Counter({worker: held[worker] for worker in workers})

    def assign(self, workers: Sequence[int], unassigned: Sequence[IslandReplica]) -> None:
        """Assign islands to the workers that hold the fewest; neighbours, which often share tasks, to the same one."""
        with self.lock:
            loads, chosen = self.loads(workers), Counter[int]()
            untargeted = [each for each in unassigned if each.target_worker not in loads]
            fewest = [(load, worker) for worker, load in loads.items()]
            heapify(fewest)
            for _ in untargeted:
                load, worker = fewest[0]
                heapreplace(fewest, (load + 1, worker))
                chosen[worker] += 1
            for replica, worker in zip(untargeted, sorted(chosen.elements()), strict=True):
                replica.target_worker = worker
            for replica in unassigned:
                replica.worker = replica.target_worker

    def rebalance(self, workers: Sequence[int], replicas: Sequence[IslandReplica]) -> list[int]:
        """Give islands of an experiment less loaded target workers, until loads differ by one at most.

        Returns:
            The indices of the islands that must move.
        """
        moved: list[int] = []
        with self.lock:
            loads = self.loads(workers)
            if not loads or max(loads.values()) - min(loads.values()) <= 1:
                return moved
            least = min(loads, key=loads.__getitem__)
            for number, replica in enumerate(replicas):
                worker = replica.worker
                if worker is None or replica.target_worker != worker or loads[worker] - loads[least] <= 1:
                    continue
                loads.update({worker: -1, least: 1})
                replica.target_worker, least = least, min(loads, key=loads.__getitem__)
                moved.append(number)
        return moved
