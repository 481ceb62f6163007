"""The figures of the benchmark, one row each: the measurement, its target, and the value of the C++ program.

C++ figures are those of the published program on one core of an AMD EPYC (Zen 3), in double precision, with the best
compiler flags for each case; its training steps per second are the paper's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import archipelagos
import workloads
from automl_zero.tasks.datasets.dataset_cache import is_cached
from automl_zero.tasks.datasets.sources import KNOWN

Sample = Callable[[], float]  # measures once
LANES = 16  # of the evaluations in single precision
BURN_IN = {
    "linear": 10_000,
    "s10": 30_000,
    "s10-cifar10": 30_000,
    "digits": 30_000,
}  # programs before a search is timed: from empty ones, the first are trivial
TIMED = {"linear": 500_000, "s10": 20_000, "s10-cifar10": 20_000, "digits": 20_000}


@dataclass(frozen=True)
class Figure:
    """A row: ``prepare`` prepares everything and returns the function that measures once.

    A figure with ``more_is_better`` is a rate; of the others, times and sizes, less is better.
    """

    name: str
    unit: str
    prepare: Callable[[], Sample]
    target: float | None = None
    cpp: float | None = None
    more_is_better: bool = False
    rounds: int = 5

    def times_better(self, value: float) -> float | None:
        """Return how many times better a value is than that of the C++ program; None if it has no such figure."""
        if self.cpp is None:
            return None
        return value / self.cpp if self.more_is_better else self.cpp / value

    def meets_target(self, value: float) -> bool | None:
        """Return whether a value meets the target; None if there is no target."""
        if self.target is None:
            return None
        return value >= self.target if self.more_is_better else value <= self.target


def evaluation(name: str, num_features: int, dtype: str = "float32", *, unit_seconds: float, work: float) -> Sample:
    """Measure an evaluation on all tasks, in units of ``unit_seconds``, divided by ``work``."""
    seconds = workloads.steady(workloads.prepared_evaluation(name, workloads.Size(num_features), dtype).run)
    return lambda: seconds() / unit_seconds / work


def step_rate(name: str, num_features: int) -> Sample:
    """Measure the training steps per second of an evaluation."""
    seconds = workloads.steady(workloads.prepared_evaluation(name, workloads.Size(num_features)).run)
    return lambda: workloads.NUM_TASKS * workloads.NUM_TRAIN / seconds()


def roofline(name: str, num_features: int) -> Sample:
    """Measure the rate at which training moves its data, as a share of that of a copy in as much memory."""
    evaluation = workloads.prepared_evaluation(name, workloads.Size(num_features, num_valid=1))
    seconds = workloads.steady(evaluation.run)
    moved = workloads.bytes_per_step(name, num_features) * workloads.NUM_TASKS * workloads.NUM_TRAIN
    memory = workloads.bytes_of_memory(name, num_features) * LANES
    return lambda: moved / seconds() / workloads.copy_rate(memory)


def known_child() -> Sample:
    """Measure the microseconds for a known child."""
    island = workloads.island_of_known()

    def sample() -> float:
        before = island.counters
        elapsed = workloads.seconds(partial(island.run, TIMED["linear"]))
        assert island.counters["cache_hits"] - before["cache_hits"] == TIMED["linear"]
        return elapsed / TIMED["linear"] * 1e6

    return sample


def search_rate(name: str, counter: str) -> Sample:
    """Measure how fast a counter of a search grows, per second on one core; each round has another seed."""
    seeds = count()

    def sample() -> float:
        island = workloads.new_island(name, next(seeds))
        island.run(BURN_IN[name])
        before = island.counters[counter]
        elapsed = workloads.seconds(partial(island.run, TIMED[name]))
        return (island.counters[counter] - before) / elapsed

    return sample


def thread_speed_up(name: str) -> Sample:
    """Measure how much faster two searches are in two threads than one after the other."""

    def searches() -> list[Callable[[], None]]:
        islands = [workloads.new_island(name, seed=1) for _ in range(2)]
        for island in islands:
            island.run(BURN_IN[name])
        return [partial(island.run, TIMED[name]) for island in islands]

    def sample() -> float:
        alone = sum(map(workloads.seconds, searches()))
        together = searches()
        with ThreadPoolExecutor(2) as threads:
            return alone / workloads.seconds(lambda: wait([threads.submit(search) for search in together]))

    return sample


def process(*command: str) -> Sample:
    """Measure the time of a whole process."""
    return lambda: workloads.process_seconds(*command)


def child(search: str, entry: str, cold: bool = False) -> Sample:
    """Measure an entry of the report of ``child.py``, with a cold or a warm cache of compiled code."""
    runs = count()
    return lambda: workloads.run_child(search, cold, next(runs))[entry]


def array_memory(search: str) -> Sample:
    """Measure the memory of one more island: its state, workspace and tasks."""
    return lambda: workloads.array_bytes(workloads.new_island(search, seed=0)) / 1e6


def evaluation_rows() -> Iterator[Figure]:
    """Yield the figures of evaluations, per task of 1000 + 100 examples; the targets are for single precision."""
    for name, num_features, target, cpp in (
        ("linear", 4, 2.5, 24.6),
        ("linear", 8, None, 26.2),
        ("linear", 16, None, 28.4),
        ("net", 4, 7.0, 64.0),
        ("net", 8, 13.0, 121.0),
        ("net", 16, 30.0, 249.0),
        ("net", 32, 110.0, None),
    ):
        for dtype, its_target in (("float32", target), ("float64", None)):
            prepare = partial(evaluation, name, num_features, dtype, unit_seconds=1e-6, work=workloads.NUM_TASKS)
            yield Figure(
                f"evaluation, {name} F={num_features} {dtype}", "us per task", prepare, its_target, cpp, rounds=15
            )


def instruction_rows() -> Iterator[Figure]:
    """Yield the same evaluations per instruction: for all lanes together, and for one task."""
    for name, num_features, target, cpp in (
        ("linear", 4, 0.5, 4.8),
        ("linear", 16, None, 5.6),
        ("net", 4, 0.42, 3.9),
        ("net", 16, 1.8, 15.1),
    ):
        instructions = workloads.instructions_per_task(name) * workloads.NUM_TASKS
        blocks = instructions / LANES
        for what, work, its_target, its_cpp in (("all lanes", blocks, None, None), ("task", instructions, target, cpp)):
            prepare = partial(evaluation, name, num_features, unit_seconds=1e-9, work=work)
            yield Figure(f"instruction, {name} F={num_features} {what}", "ns", prepare, its_target, its_cpp, rounds=15)


def search(name: str, counter: str, target: float | None = None, cpp: float | None = None) -> Figure:
    """Return a row for a rate of a search."""
    what = counter.replace("_", " ")
    return Figure(f"search, {name}, {what}", "1/s per core", partial(search_rate, name, counter), target, cpp, True)


def cifar_rows() -> Iterator[Figure]:
    """Yield the figures on CIFAR-10, if the machine has it: ``automl-zero data get cifar10``."""
    if not is_cached(KNOWN["cifar10"]):
        return
    yield search("s10-cifar10", "programs", target=10_000, cpp=538)
    yield search("s10-cifar10", "train_steps", target=20e6, cpp=2.3e6)
    yield Figure("start-up, first program, cifar10", "s", partial(child, "cifar10", "first program"), 10)
    yield Figure("arrays of an island, cifar10", "MB", partial(array_memory, "cifar10"))
    yield Figure("peak memory, one island of cifar10", "MB", partial(child, "cifar10", "memory"))


def checkpoint_sample(name: str, place: int) -> Sample:
    """Measure the milliseconds of a checkpoint, or its megabytes."""
    return lambda: archipelagos.checkpoint(name)[place]


def archipelago_rows() -> Iterator[Figure]:
    """Yield the figures of four islands, and of migration among a thousand."""
    for name in archipelagos.EPOCH:
        prepare = partial(partial, archipelagos.ray_overhead, name)
        yield Figure(f"Ray, {name}, longer than in threads", "percent", prepare, 5, rounds=3)
        speed_up = partial(partial, archipelagos.ray_speed_up, name)
        yield Figure(f"Ray, {name}, two processes", "times one thread", speed_up, 1.9, None, True, rounds=3)
        for what, unit, place in (("time", "ms", 0), ("size", "MB", 1)):
            yield Figure(f"checkpoint, {name}, {what}", unit, partial(checkpoint_sample, name, place))
    yield Figure("migration, 1000 islands", "ms", lambda: lambda: 1e3 * archipelagos.migration_seconds(1000, 100, 5))


PYTHON = sys.executable
COMMAND = str(Path(PYTHON).with_name("automl-zero"))

FIGURES = (
    *evaluation_rows(),
    *instruction_rows(),
    Figure("steps, figure 6 F=16", "1/s per core", partial(step_rate, "figure 6", 16), 15e6, None, True, rounds=15),
    *(
        Figure(f"roofline, net F={size}", "of a copy", partial(roofline, "net", size), 0.5, None, True, rounds=15)
        for size in (4, 16, 32)
    ),
    Figure("search, linear, a known child", "us", known_child, 1.5),
    search("linear", "programs", target=400_000, cpp=35_000),
    search("linear", "train_steps"),
    search("s10", "programs", target=10_000, cpp=538),
    search("s10", "train_steps", target=20e6, cpp=2.3e6),
    search("digits", "programs"),
    search("digits", "train_steps"),
    search("digits", "rejected_drafts"),
    Figure("speed-up, linear, two threads", "times", partial(thread_speed_up, "linear"), 1.9, None, True),
    Figure("speed-up, s10, two threads", "times", partial(thread_speed_up, "s10"), 1.9, None, True),
    Figure("start-up, import automl_zero", "s", partial(process, PYTHON, "-c", "import automl_zero"), 0.3),
    Figure("start-up, automl-zero --help", "s", partial(process, COMMAND, "--help"), 0.3),
    Figure("start-up, first program, warm cache", "s", partial(child, "linear", "first program"), 0.5),
    Figure("start-up, first program, cold cache", "s", partial(child, "linear", "first program", cold=True), 20),
    Figure("start-up, compilation alone", "s", partial(child, "linear", "begin", cold=True)),
    Figure("arrays of an island, linear", "MB", partial(array_memory, "linear")),
    Figure("arrays of an island, s10", "MB", partial(array_memory, "s10")),
    Figure("peak memory, one island of linear", "MB", partial(child, "linear", "memory")),
    Figure("peak memory, one island of s10", "MB", partial(child, "s10", "memory")),
    *cifar_rows(),
    *archipelago_rows(),
)
