"""Nodes that leave a Ray cluster, join it and are killed while a run goes on change nothing of its result."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from threading import Thread

import psutil
import pytest
import ray
from ray.cluster_utils import Cluster
from support.runs.saved_states import migrating
from support.runs.timeless import timeless

from automl_zero.run.distributed.ray_engine import RayEngine
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import Cluster as Seen
from automl_zero.run.record.events import EpochEnd
from automl_zero.run.run import Run

SMALL_STORE = 100_000_000  # bytes
WORKER_NODES = 2


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    """Ray's own cluster of several nodes on one machine; this process is connected to it."""
    head = {"num_cpus": 1, "object_store_memory": SMALL_STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    ray.init(cluster.address, log_to_driver=False, logging_level="error")
    yield cluster
    ray.shutdown()
    cluster.shutdown()


class Moves(Callback):
    """Lets nodes join and leave after some of the epochs, and takes down what the run has noticed of it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._nodes = cluster, [cluster.head_node]
        self.seen: list[Seen] = []  # after each epoch

    def on_epoch(self, event: EpochEnd) -> None:
        assert event.cluster is not None
        self.seen.append(event.cluster)
        match event.epoch:
            case 3 | 200 | 600:
                self._nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=SMALL_STORE))
            case 400 | 800:
                self._cluster.remove_node(self._nodes.pop())
        time.sleep(0.02)  # so that there are epochs while processes begin


@pytest.mark.soak
def test_nodes_that_join_and_leave_change_nothing(nodes: Cluster) -> None:
    stop, islands = {"max_programs": 200_000, "max_experiments": None}, {"epoch_programs": 50}
    config = migrating(stop=stop, islands=islands, experiment={}, checkpoint={"keep": 0})
    moves = Moves(nodes)
    found = list(Run(config, callbacks=[moves], engine=RayEngine()).iter_events())
    assert timeless(found) == timeless(Run(config, 2).iter_events())
    for count in ([each.nodes for each in moves.seen], [each.workers for each in moves.seen]):
        assert (min(count), max(count)) == (1, 3)
    assert moves.seen[-1].replays >= 2


class Kills(Callback):
    """Kills a process of islands or all processes of a node, at a random moment of some of the epochs."""

    def __init__(self, cluster: Cluster, after: set[int]) -> None:
        self._cluster, self._after, self._random = cluster, after, Random(1)
        self._killing: Thread | None = None
        self.killed: Counter[str] = Counter()
        self.replays = 0

    def on_epoch(self, event: EpochEnd) -> None:
        assert event.cluster is not None
        self.replays = event.cluster.replays
        if event.epoch in self._after:
            self.wait()
            while len(self._cluster.worker_nodes) < WORKER_NODES:
                self._cluster.add_node(num_cpus=1, object_store_memory=SMALL_STORE)
            self._killing = Thread(target=self._kill)
            self._killing.start()
        time.sleep(0.02)  # so that there are epochs while processes begin

    def _kill(self) -> None:
        time.sleep(self._random.uniform(0.0, 0.1))
        actors = [each for each in psutil.Process().children(recursive=True) if "ray::RayHost" in each.name()]
        if actors and self._random.random() < 0.5:
            self._random.choice(actors).kill()
            self.killed["actor"] += 1
        else:
            node = self._random.choice(list(self._cluster.worker_nodes))
            self._cluster.remove_node(node, allow_graceful=False)
            self.killed["node"] += 1

    def wait(self) -> None:
        if self._killing:
            self._killing.join()


@pytest.mark.soak
def test_actors_and_nodes_that_are_killed_at_random_change_nothing(nodes: Cluster) -> None:
    stop, islands = {"max_programs": 400_000, "max_experiments": None}, {"epoch_programs": 100}
    config = migrating(stop=stop, islands=islands, experiment={}, checkpoint={"keep": 0})
    kills = Kills(nodes, set(range(20, 1300, 80)))
    found = list(Run(config, callbacks=[kills], engine=RayEngine()).iter_events())
    kills.wait()
    assert timeless(found) == timeless(Run(config, 2).iter_events())
    assert kills.killed.total() >= 10
    assert min(kills.killed["actor"], kills.killed["node"]) >= 3
    assert kills.replays >= 10
