"""Measurements of whole archipelagos: Ray compared with threads, checkpoints, and migration."""

from __future__ import annotations

import tempfile
import time
from functools import cache, partial
from itertools import count
from pathlib import Path

import workloads
from automl_zero.config import override
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.checkpoint.file_format import Checkpoint, origin_of, write_checkpoint
from automl_zero.run.experiment import search_tasks
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.migration import migrate, plan_migration
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.run import Run

WORKERS, ISLANDS = 2, 4
EPOCH = {"linear": 150_000, "s10": 5_000}  # programs of an island, which take about half a second
EPOCHS = 3
SEEDS = count(1)


def archipelago(name: str, engine: Engine, programs: int, seed: int = 0) -> Archipelago:
    """Return islands between which programs migrate after each epoch; an engine accepts each seed once."""
    sizes = [f"islands.count={ISLANDS}", f"islands.epoch_programs={programs}", "islands.migrants=5"]
    config = override(workloads.search_config(name), sizes)
    return Archipelago(config, search_tasks(config, 0), seed, engine=engine)


@cache
def ray_engine() -> Engine:
    """Return the Ray engine of all figures; its cluster ends with the process."""
    from automl_zero.run.distributed.ray_engine import RayEngine

    return RayEngine(WORKERS)


def epoch_seconds(name: str, engine: Engine, seed: int) -> float:
    """Return the mean seconds of an epoch, after one to warm up."""
    made = archipelago(name, engine, EPOCH[name], seed)
    made.run_epoch()
    seconds = workloads.seconds(made.run_epoch, EPOCHS)
    made.islands.end()
    return seconds


def ray_overhead(name: str) -> float:
    """Return how much longer an epoch takes on Ray than in as many threads, in percent."""
    seed = next(SEEDS)
    return 100 * (epoch_seconds(name, ray_engine(), seed) / epoch_seconds(name, ThreadEngine(WORKERS), seed) - 1)


def ray_speed_up(name: str) -> float:
    """Return how much faster an epoch is with two processes than in one thread."""
    seed = next(SEEDS)
    return epoch_seconds(name, ThreadEngine(1), seed) / epoch_seconds(name, ray_engine(), seed)


def checkpoint(name: str) -> tuple[float, float]:
    """Return milliseconds and MB of a checkpoint of all islands."""
    config = override(workloads.search_config(name), [f"islands.count={ISLANDS}", "stop.max_programs=1"])
    run = Run(config)
    content = Checkpoint(origin_of(config, ()), run.snapshot())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state"
        seconds = workloads.seconds(partial(write_checkpoint, path, content))
        return 1e3 * seconds, path.stat().st_size / 1e6


def migration_seconds(islands: int, members: int, migrants: int) -> float:
    """Return the milliseconds of planning and executing a migration in this process."""
    made = archipelago("s10", ThreadEngine(1), 1)
    population = made.islands.all[0].state.population  # type: ignore[attr-defined]
    populations = [type(population)(*(array.copy() for array in population)) for _ in range(islands)]
    began = time.perf_counter()
    migrate(plan_migration(0, 1, islands, members, migrants), populations)
    return time.perf_counter() - began
