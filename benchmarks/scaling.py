"""How far a run scales on a cluster: what its driver spends on each worker and island is measured, the rest follows.

``python benchmarks/scaling.py`` measures on nodes of a simulated Ray cluster on this machine, and writes SCALING.md.
Seconds of the driver are those of its process, all threads together, so that other work on the machine counts little.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import ray
from ray.cluster_utils import Cluster

import workloads
from automl_zero.config import Config, override
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.engine import Engine
from automl_zero.run.experiment import search_tasks
from automl_zero.run.migrate import take
from automl_zero.run.ray_engine import RayEngine
from automl_zero.run.spread import MOST_STATES, STATE_EPOCHS, state_epochs
from automl_zero.run.threads import ThreadEngine

TABLE = Path(__file__).with_name("SCALING.md")
SEARCH = "digits"
SHORT = (  # so that epochs take next to no time; states and programs are as large as ever
    "islands.epoch_programs=1",
    "search.method=regularized-evolution",
    "mutation.graph_share=0",
    "tasks.search.num_train=10",
    "tasks.search.num_valid=10",
)
SIZES = ((1, 1), (2, 2), (2, 32), (4, 16), (6, 6), (6, 64))  # (workers, islands)
NODES, PROCESSORS = 3, 2
EPOCHS = 6 * STATE_EPOCHS
BANDWIDTH = 1.25e9  # bytes per second that the driver's machine can receive: a network of 10 Gbit/s, not measured
WORKERS = (100, 1_000, 10_000)
SECONDS = (1.0, 10.0, 60.0)  # of an epoch


PAGE = f"""# How far a run scales

Written by `python benchmarks/scaling.py` on {{date}}: {{cores}} cores, load {{load:.1f}}; search `{SEARCH}`, with next
to nothing to compute, on {NODES} simulated nodes.

In an epoch, the driver spends {{worker:.2f}} ms on each worker and {{island:.2f}} ms on each island (least squares over
the second table). The state of an island is {{state:.2f}} MB, told every {STATE_EPOCHS} epochs, or
less often, so that no more than {MOST_STATES} are told in one; its migrants are {{migrants:.1f}} kB, in every epoch.

The part of the time in which workers search, with one island on each, if the driver works only while they wait, and
receives {{bandwidth:.2f}} GB per second, the one figure that is assumed and not measured. All states are what the
driver holds in memory, and what it receives for a checkpoint:

{{head}}
{{line}}
{{rows}}

What was measured, and what the model gives for it:

| workers | islands | driver, per epoch | model |
|---|---|---|---|
{{checks}}
"""


@dataclass(frozen=True)
class Costs:
    """What an epoch costs the driver.

    Attributes:
        worker: seconds for each process that holds islands, however many; ``island``: for each island on top.
        state: bytes of an island's state; ``migrants``: of the programs that leave it in an epoch.
    """

    worker: float
    island: float
    state: int
    migrants: int

    def own_seconds(self, workers: int, islands: int) -> float:
        """The driver's own work in an epoch."""
        return workers * self.worker + islands * self.island

    def driver_seconds(self, workers: int, islands: int) -> float:
        """With what it waits for the network."""
        sent = islands * (self.state / state_epochs(islands) + 2 * self.migrants)
        return self.own_seconds(workers, islands) + sent / BANDWIDTH

    def efficiency(self, workers: int, seconds: float, islands_of_worker: int = 1) -> float:
        """The part of the time in which workers search, if epochs take them so long."""
        return seconds / (seconds + self.driver_seconds(workers, workers * islands_of_worker))


def config_of(islands: int) -> Config:
    """The search with short epochs on so many islands."""
    return override(workloads.search_config(SEARCH), [*SHORT, f"islands.count={islands}"])


@contextmanager
def simulated_cluster() -> Iterator[None]:
    """Nodes of Ray's own test cluster, with no regard to the processors that this machine really has."""
    node = {"num_cpus": PROCESSORS, "object_store_memory": 500_000_000}
    cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
    for _ in range(NODES - 1):
        cluster.add_node(**node)
    ray.init(cluster.address, log_to_driver=False, logging_level="error")
    try:
        yield
    finally:
        ray.shutdown()
        cluster.shutdown()


def driver_seconds(engine: Engine, islands: int) -> float:
    """Of the driver's process for an epoch, in the mean."""
    config = config_of(islands)
    made = Archipelago(config, search_tasks(config, 0), 0, engine=engine)
    made.run_epoch()
    began = time.process_time()
    for _ in range(EPOCHS):
        made.run_epoch()
    return (time.process_time() - began) / EPOCHS


def ray_seconds(workers: int, islands: int) -> float:
    """Of the driver for an epoch on Ray."""
    engine = RayEngine(workers)
    try:
        return driver_seconds(engine, islands)
    finally:
        engine.close()


def measured_costs() -> tuple[Costs, list[float]]:
    """The costs that explain the measured seconds best, and those seconds."""
    with simulated_cluster():
        found = [ray_seconds(*size) for size in SIZES]
    (worker, island), *_ = np.linalg.lstsq(np.array(SIZES, float), np.array(found), rcond=None)
    return Costs(float(worker), float(island), *island_bytes()), found


def island_bytes() -> tuple[int, int]:
    """Of the state of an island, and of the programs that leave it in a migration."""
    config = config_of(1)
    made = Archipelago(config, search_tasks(config, 0), 0, engine=ThreadEngine(1))
    state = sum(array.nbytes for array in made.islands.arrays.values())
    population = workloads.new_island(SEARCH, 0).state.population
    leaving = take(population, np.arange(config.islands.migrants))
    return state, sum(array.nbytes for array in leaving.values())


def table(costs: Costs, found: list[float]) -> str:
    """The page."""
    rows = [
        f"| {workers:,} | {costs.driver_seconds(workers, workers):.2f} s | {workers * costs.state / 1e9:.1f} GB | "
        + " | ".join(f"{costs.efficiency(workers, seconds):.0%}" for seconds in SECONDS)
        + f" | {limit(costs, workers):,.1f} s |"
        for workers in WORKERS
    ]
    checks = [
        f"| {workers} | {islands} | {1e3 * seconds:.2f} ms | {1e3 * costs.own_seconds(workers, islands):.2f} ms |"
        for (workers, islands), seconds in zip(SIZES, found, strict=True)
    ]
    epochs = " | ".join(f"epochs of {seconds:.0f} s" for seconds in SECONDS)
    return PAGE.format(
        date=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        load=os.getloadavg()[0],
        worker=1e3 * costs.worker,
        island=1e3 * costs.island,
        state=costs.state / 1e6,
        migrants=costs.migrants / 1e3,
        bandwidth=BANDWIDTH / 1e9,
        head=f"| workers | driver, per epoch | all states | {epochs} | 95 % from epochs of |",
        line="|---" * (len(SECONDS) + 4) + "|",
        rows="\n".join(rows),
        checks="\n".join(checks),
    )


def limit(costs: Costs, workers: int) -> float:
    """The seconds of an epoch from which 95 % of the time is search."""
    return 19 * costs.driver_seconds(workers, workers)


if __name__ == "__main__":
    TABLE.write_text(table(*measured_costs()), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
