"""Measure what the driver of a cluster run spends on each worker and island, and derive how far a run scales.

``python benchmarks/speed/scaling.py`` measures on nodes of a simulated Ray cluster on this machine, and writes
``benchmarks/results/SCALING.md``. Seconds of the driver are CPU seconds of its process, all threads together, so other
work on the machine has little influence.
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
from scipy.optimize import nnls

import workloads
from automl_zero.config import Config, override
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.distributed import sync_islands
from automl_zero.run.distributed.ray_engine import RayEngine
from automl_zero.run.distributed.sync_islands import MAX_STATES_PER_EPOCH, STATE_EPOCHS, state_epochs
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.migration import extract
from automl_zero.run.islands.thread_engine import ThreadEngine

TABLE = Path(__file__).parents[1] / "results" / "SCALING.md"
SEARCH = "digits"
SHORT = (  # so that epochs take next to no time; states and programs are as large as ever
    "islands.epoch_programs=1",
    "search.method=regularized-evolution",
    "mutation.graph_share=0",
    "tasks.search.num_train=10",
    "tasks.search.num_valid=10",
)
NODES, PROCESSORS = 3, 2
EPOCHS = 6 * STATE_EPOCHS
BANDWIDTH = 1.25e9  # bytes per second that the driver's machine can receive: a network of 10 Gbit/s, not measured
WORKERS = FEW, SOME, MANY = 100, 1_000, 10_000
SECONDS = (1.0, 10.0, 60.0)  # of an epoch
WANTED = 0.9  # efficiency of islands that wait


NEVER = 10**9  # epochs
SIZES = ((1, 1), (2, 2), (2, 32), (4, 16), (6, 6), (6, 64))  # (workers, islands)
CASES = [(*size, period) for size in SIZES for period in (STATE_EPOCHS, NEVER)]  # after which states are sent
NAMES = {True: "synchronous", False: "asynchronous"}

PAGE = f"""# Results: scaling of a cluster run

Written by `python benchmarks/speed/scaling.py` on {{date}}: {{cores}} cores, load {{load:.1f}} before; search
`{SEARCH}`, with almost nothing to compute, on {NODES} simulated nodes.

The cost of the driver (least squares over the last table, no cost below 0), for synchronous islands, which wait for
each other between epochs (`islands.synchronous`, the default), and for asynchronous islands:

| islands | per worker and epoch | per island and epoch | per state sent |
|---|---|---|---|
| synchronous | {{waiting.worker:.2f}} ms | {{waiting.island:.2f}} ms | {{waiting.state_sent:.2f}} ms |
| asynchronous | {{free.worker:.2f}} ms | {{free.island:.2f}} ms | {{free.state_sent:.2f}} ms |

The state of an island has {{state:.2f}} MB and is sent every {STATE_EPOCHS} epochs, or less often, so that at most
{MAX_STATES_PER_EPOCH} are sent in one epoch. In every epoch, an island sends migrants of {{migrants:.1f}} kB and a
lineage log of {{epoch_stats:.1f}} kB.

The next table gives the share of time in which workers search, with one island on each. With synchronous islands, the
driver works only while the workers do not. With asynchronous islands, both work at the same time, and workers wait only
if an epoch of the driver is longer than theirs. The driver receives {{bandwidth:.2f}} GB per second; this is the only
assumed figure. "All states" is the memory that the driver holds, and what it receives for a checkpoint of synchronous
islands:

{{head}}
{{line}}
{{rows}}

With {SOME:,} workers, synchronous islands search for {WANTED:.0%} of the time if their epochs take {{some_wait:.1f}} s
or more, and asynchronous islands for all of it if theirs take {{some_free:.1f}} s. With {MANY:,} workers, the epochs
must take {{many_wait:.0f}} s and {{many_free:.1f}} s. `islands.epoch_programs` sets how long they take, so migration
needs no hierarchy of drivers.

The measurements, and the values of the model:

| islands | workers | islands | states are sent | driver, per epoch | model |
|---|---|---|---|---|---|
{{checks}}
"""


@dataclass(frozen=True)
class Costs:
    """The cost of an epoch for the driver.

    Attributes:
        worker: Milliseconds for each process that holds islands.
        island: Additional milliseconds for each island.
        state_sent: Milliseconds for each state that an island sends.
        state: Bytes of the state of an island.
        migrants: Bytes of the programs that leave an island in an epoch.
        epoch_stats: Bytes of its lineage log of an epoch.
    """

    worker: float
    island: float
    state_sent: float
    state: int
    migrants: int
    epoch_stats: int

    def own_seconds(self, workers: int, islands: int, period: int | None = None) -> float:
        """Return the driver's own work in an epoch, if islands send their states after ``period`` epochs."""
        states = islands / (period or state_epochs(islands))
        return (workers * self.worker + islands * self.island + states * self.state_sent) / 1e3

    def driver_seconds(self, workers: int, islands: int) -> float:
        """Return the time of the driver in an epoch, its waits for the network included."""
        sent = islands * (self.state / state_epochs(islands) + 2 * self.migrants + self.epoch_stats)
        return self.own_seconds(workers, islands) + sent / BANDWIDTH

    def least_seconds(self, workers: int, is_synchronous: bool) -> float:
        """Return the shortest epoch for the wanted efficiency; for asynchronous islands, full efficiency."""
        driver = self.driver_seconds(workers, workers)
        return driver * WANTED / (1 - WANTED) if is_synchronous else driver

    def efficiency(self, workers: int, seconds: float, is_synchronous: bool) -> float:
        """Return the share of time in which workers search, with one island on each and epochs of ``seconds``."""
        driver = self.driver_seconds(workers, workers)
        return seconds / (seconds + driver) if is_synchronous else min(1.0, seconds / driver)


def config_of(islands: int, is_synchronous: bool = True) -> Config:
    """Return the config of the search with short epochs on a number of islands."""
    waiting = f"islands.synchronous={str(is_synchronous).lower()}"
    return override(workloads.search_config(SEARCH), [*SHORT, f"islands.count={islands}", waiting])


@contextmanager
def simulated_cluster() -> Iterator[None]:
    """Start nodes of Ray's test cluster, whatever the number of processors of this machine."""
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


def driver_seconds(engine: Engine, config: Config) -> float:
    """Return the mean CPU seconds of the driver's process for an epoch."""
    made = Archipelago(config, search_tasks(config, 0), 0, engine=engine)
    made.run_epoch()
    began = time.process_time()
    for _ in range(EPOCHS):
        made.run_epoch()
    return (time.process_time() - began) / EPOCHS


def ray_seconds(workers: int, config: Config, period: int) -> float:
    """Return the seconds of the driver for an epoch on Ray, if states are sent after ``period`` epochs."""
    engine = RayEngine(workers)
    try:
        sync_islands.STATE_EPOCHS = period
        return driver_seconds(engine, config)
    finally:
        engine.close()
        sync_islands.STATE_EPOCHS = STATE_EPOCHS


def measured_costs(is_synchronous: bool) -> tuple[Costs, list[float]]:
    """Return the costs that fit the measured seconds best, and those seconds."""
    found = [ray_seconds(workers, config_of(islands, is_synchronous), period) for workers, islands, period in CASES]
    parts = np.array([(workers, islands, islands / period) for workers, islands, period in CASES], float)
    (worker, island, state_sent), _ = nnls(parts, 1e3 * np.array(found))
    return Costs(float(worker), float(island), float(state_sent), *island_bytes()), found


def island_bytes() -> tuple[int, int, int]:
    """Return the bytes of an island's state, of its migrants in an epoch, and of its lineage log of an epoch."""
    config = config_of(1)
    made = Archipelago(config, search_tasks(config, 0), 0, engine=ThreadEngine(1))
    state = sum(array.nbytes for array in made.islands.arrays.values())
    island = workloads.new_island(SEARCH, 0)
    leaving = extract(island.state.population, np.arange(config.islands.migrants))
    island.run(workloads.search_config(SEARCH).islands.epoch_programs)
    epoch_stats = island.epoch_stats(0)
    log = sum(array.nbytes for array in (*epoch_stats.ancestors, epoch_stats.living))
    return state, sum(array.nbytes for array in leaving.values()), log


Measured = dict[bool, tuple[Costs, list[float]]]  # by whether islands wait for each other


def table(measured: Measured, load: float) -> str:
    """Return the page; ``load`` is that of the machine before the measurement."""
    (waiting, _), (free, _) = measured[True], measured[False]
    epochs = [f"epochs of {seconds:.0f} s" for seconds in SECONDS]
    return PAGE.format(
        date=datetime.now(UTC).date(),
        cores=os.cpu_count(),
        load=load,
        waiting=waiting,
        free=free,
        state=waiting.state / 1e6,
        migrants=waiting.migrants / 1e3,
        epoch_stats=waiting.epoch_stats / 1e3,
        bandwidth=BANDWIDTH / 1e9,
        some_wait=waiting.least_seconds(SOME, True),
        some_free=free.least_seconds(SOME, False),
        many_wait=waiting.least_seconds(MANY, True),
        many_free=free.least_seconds(MANY, False),
        head=f"| islands | workers | driver, per epoch | all states | {' | '.join(epochs)} |",
        line="|---" * (len(SECONDS) + 4) + "|",
        rows="\n".join(row(measured[each][0], workers, each) for each in (True, False) for workers in WORKERS),
        checks="\n".join(check(measured[each], place, each) for each in (True, False) for place in range(len(CASES))),
    )


def row(costs: Costs, workers: int, is_synchronous: bool) -> str:
    """Return the row of the model for a number of workers."""
    parts = " | ".join(f"{costs.efficiency(workers, seconds, is_synchronous):.0%}" for seconds in SECONDS)
    driver, states = costs.driver_seconds(workers, workers), workers * costs.state / 1e9
    return f"| {NAMES[is_synchronous]} | {workers:,} | {driver:.2f} s | {states:.1f} GB | {parts} |"


def check(measured: tuple[Costs, list[float]], place: int, is_synchronous: bool) -> str:
    """Return the row of one case: its measurement and the value of the model."""
    (costs, found), (workers, islands, period) = measured, CASES[place]
    sent = "never" if period == NEVER else f"every {period} epochs"
    milliseconds = f"{1e3 * found[place]:.2f} ms | {1e3 * costs.own_seconds(workers, islands, period):.2f} ms"
    return f"| {NAMES[is_synchronous]} | {workers} | {islands} | {sent} | {milliseconds} |"


if __name__ == "__main__":
    load_before = os.getloadavg()[0]
    with simulated_cluster():
        page = table({each: measured_costs(each) for each in (True, False)}, load_before)
    TABLE.write_text(page, encoding="utf-8")
    print(page)
