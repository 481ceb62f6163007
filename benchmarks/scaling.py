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

TABLE = Path(__file__).with_name("SCALING.md")
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
CASES = [(*size, period) for size in SIZES for period in (STATE_EPOCHS, NEVER)]  # after which states are told
NAMES = {True: "wait", False: "go on"}

PAGE = f"""# How far a run scales

Written by `python benchmarks/scaling.py` on {{date}}: {{cores}} cores, load {{load:.1f}} before; search
`{SEARCH}`, with next to nothing to compute, on {NODES} simulated nodes.

What the driver spends (least squares over the last table, no cost below 0), where islands wait for each other between
epochs (`islands.synchronous`, the default) and where they do not:

| islands | on a worker, per epoch | on an island, per epoch | on a state that is told |
|---|---|---|---|
| wait | {{waiting.worker:.2f}} ms | {{waiting.island:.2f}} ms | {{waiting.told:.2f}} ms |
| go on | {{free.worker:.2f}} ms | {{free.island:.2f}} ms | {{free.told:.2f}} ms |

The state of an island is {{state:.2f}} MB, told every {STATE_EPOCHS} epochs, or less often, so that no more than
{MAX_STATES_PER_EPOCH} are told in one. In every epoch, its migrants are {{migrants:.1f}} kB, and its births that have
descendants {{harvest:.1f}} kB.

The part of the time in which workers search, with one island on each. Where islands wait, the driver works only while
the workers do not; where they go on, both work at a time, and workers wait only as far as an epoch of the driver is
longer than one of theirs. It receives {{bandwidth:.2f}} GB per second, the one figure that is assumed and not measured.
All states are what the driver holds in memory, and what it receives for a checkpoint where islands wait:

{{head}}
{{line}}
{{rows}}

So with {SOME:,} workers, islands that wait for each other search for {WANTED:.0%} of the time if their epochs take
{{some_wait:.1f}} s or more, and islands that go on do for all of it if theirs take {{some_free:.1f}} s; with {MANY:,},
these are {{many_wait:.0f}} s and {{many_free:.1f}} s. How long they take is for `islands.epoch_programs` to say, so
there are no stages of migration, each with a driver for a part of the islands.

What was measured, and what the model gives for it:

| islands | workers | islands | states are told | driver, per epoch | model |
|---|---|---|---|---|---|
{{checks}}
"""


@dataclass(frozen=True)
class Costs:
    """What an epoch costs the driver.

    Attributes:
        worker: milliseconds for each process that holds islands, however many; ``island``: for each island on top;
            ``told``: for each state that is told.
        state: bytes of an island's state; ``migrants``: of the programs that leave it in an epoch; ``epoch_stats``: of
            what it tells of births.
    """

    worker: float
    island: float
    told: float
    state: int
    migrants: int
    epoch_stats: int

    def own_seconds(self, workers: int, islands: int, period: int | None = None) -> float:
        """The driver's own work in an epoch, if islands tell their states after so many epochs."""
        states = islands / (period or state_epochs(islands))
        return (workers * self.worker + islands * self.island + states * self.told) / 1e3

    def driver_seconds(self, workers: int, islands: int) -> float:
        """With what it waits for the network."""
        sent = islands * (self.state / state_epochs(islands) + 2 * self.migrants + self.epoch_stats)
        return self.own_seconds(workers, islands) + sent / BANDWIDTH

    def least_seconds(self, workers: int, is_synchronous: bool) -> float:
        """What an epoch must take for the efficiency that is wanted; all of it, where islands go on."""
        driver = self.driver_seconds(workers, workers)
        return driver * WANTED / (1 - WANTED) if is_synchronous else driver

    def efficiency(self, workers: int, seconds: float, is_synchronous: bool) -> float:
        """The part of the time in which workers search, one island on each, if epochs take them so long."""
        driver = self.driver_seconds(workers, workers)
        return seconds / (seconds + driver) if is_synchronous else min(1.0, seconds / driver)


def config_of(islands: int, is_synchronous: bool = True) -> Config:
    """The search with short epochs on so many islands."""
    waiting = f"islands.synchronous={str(is_synchronous).lower()}"
    return override(workloads.search_config(SEARCH), [*SHORT, f"islands.count={islands}", waiting])


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


def driver_seconds(engine: Engine, config: Config) -> float:
    """Of the driver's process for an epoch, in the mean."""
    made = Archipelago(config, search_tasks(config, 0), 0, engine=engine)
    made.run_epoch()
    began = time.process_time()
    for _ in range(EPOCHS):
        made.run_epoch()
    return (time.process_time() - began) / EPOCHS


def ray_seconds(workers: int, config: Config, period: int) -> float:
    """Of the driver for an epoch on Ray, where states are told after so many epochs."""
    engine = RayEngine(workers)
    try:
        sync_islands.STATE_EPOCHS = period
        return driver_seconds(engine, config)
    finally:
        engine.close()
        sync_islands.STATE_EPOCHS = STATE_EPOCHS


def measured_costs(is_synchronous: bool) -> tuple[Costs, list[float]]:
    """The costs that explain the measured seconds best, and those seconds."""
    found = [ray_seconds(workers, config_of(islands, is_synchronous), period) for workers, islands, period in CASES]
    parts = np.array([(workers, islands, islands / period) for workers, islands, period in CASES], float)
    (worker, island, told), _ = nnls(parts, 1e3 * np.array(found))
    return Costs(float(worker), float(island), float(told), *island_bytes()), found


def island_bytes() -> tuple[int, int, int]:
    """Of the state of an island, of the programs that leave it in a migration, and of what an epoch brings forth."""
    config = config_of(1)
    made = Archipelago(config, search_tasks(config, 0), 0, engine=ThreadEngine(1))
    state = sum(array.nbytes for array in made.islands.arrays.values())
    island = workloads.new_island(SEARCH, 0)
    leaving = extract(island.state.population, np.arange(config.islands.migrants))
    island.run(workloads.search_config(SEARCH).islands.epoch_programs)
    epoch_stats = island.epoch_stats(0)
    told = sum(array.nbytes for array in (*epoch_stats.ancestors, epoch_stats.living))
    return state, sum(array.nbytes for array in leaving.values()), told


Measured = dict[bool, tuple[Costs, list[float]]]  # by whether islands wait for each other


def table(measured: Measured, load: float) -> str:
    """The page; the machine's load is that before."""
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
    """What follows for so many workers."""
    parts = " | ".join(f"{costs.efficiency(workers, seconds, is_synchronous):.0%}" for seconds in SECONDS)
    driver, states = costs.driver_seconds(workers, workers), workers * costs.state / 1e9
    return f"| {NAMES[is_synchronous]} | {workers:,} | {driver:.2f} s | {states:.1f} GB | {parts} |"


def check(measured: tuple[Costs, list[float]], place: int, is_synchronous: bool) -> str:
    """One of the cases, as it was measured and as the model has it."""
    (costs, found), (workers, islands, period) = measured, CASES[place]
    told = "never" if period == NEVER else f"every {period} epochs"
    milliseconds = f"{1e3 * found[place]:.2f} ms | {1e3 * costs.own_seconds(workers, islands, period):.2f} ms"
    return f"| {NAMES[is_synchronous]} | {workers} | {islands} | {told} | {milliseconds} |"


if __name__ == "__main__":
    load_before = os.getloadavg()[0]
    with simulated_cluster():
        page = table({each: measured_costs(each) for each in (True, False)}, load_before)
    TABLE.write_text(page, encoding="utf-8")
    print(page)
