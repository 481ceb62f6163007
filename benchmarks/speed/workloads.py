"""The workloads of the benchmarks: prepared evaluations, searches, and separate processes.

The sizes are those at which the published C++ program was measured: tasks of 1000 training and 100 validation examples,
its demonstration search (preset ``linear``), and its S10 setting on randomly projected images.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from automl_zero.config import Config, TasksConfig, load_config, parse_config
from automl_zero.program.library import library_program, linear, two_layer_net
from automl_zero.program.program import Program
from automl_zero.search.island import Island
from automl_zero.system.cache_dir import CACHE_VARIABLE
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import Prepared, aligned
from automl_zero.vm.fuse import fuse
from automl_zero.vm.jit import jit_entry
from automl_zero.vm.lanes.lanes import Width, load, store, width_of
from automl_zero.vm.lower import FUSED, IN1, KERNEL, KINDS, OUT, Lowered, encode, lower, new_lowered

ROUND_SECONDS = 0.05  # of short work, which is repeated that long in each round
NUM_TASKS, NUM_TRAIN, NUM_VALID = 16, 1000, 100
PROGRAMS = {"linear": linear(0.001), "net": two_layer_net(0.001), "figure 6": library_program("figure_6")}
MAX_ABS_ERROR = 100.0
CHILD = Path(__file__).with_name("child.py")

# 1000 images in 8 epochs stand in for the 8000 of the published setting, which the bundled digits do not have.
S10 = {
    "name": "s10",
    "memory": {"scalars": 5, "vectors": 9, "matrices": 2},
    "program": {
        "setup_ops": [56, *range(59, 65)],
        "predict_ops": [1, 23, 27, 31, 48],
        "learn_ops": [1, 2, 3, 16, 18, 23, 25, 28, 39],
        "max_sizes": [7, 11, 23],
        "initial": "empty",
    },
    "tasks": {
        "kind": "image-groups",
        "num_features": 16,
        "num_epochs": 8,
        "search": {"num_tasks": 10, "num_train": NUM_TRAIN, "num_valid": NUM_VALID},
    },
}

S10_CIFAR = S10 | {
    "name": "s10-cifar10",
    "tasks": {
        "kind": "image-pairs",
        "dataset": "cifar10",
        "num_features": 16,
        "search": {"num_tasks": 10, "num_train": 8000, "num_valid": 2000},
    },
}
SEARCHES = {"s10": S10, "s10-cifar10": S10_CIFAR}


def search_config(name: str) -> Config:
    """Return the config of a search by name: one of ``SEARCHES``, or a preset."""
    return parse_config(SEARCHES[name]) if name in SEARCHES else load_config(name)


@cache
def search_tasks(name: str) -> TaskSet:
    """Return the search tasks of a search."""
    return build_tasks(search_config(name).tasks, Stage.SEARCH, seed=0)


def island_of_known() -> Island:
    """Return an island whose children are all known: mutations only change matrices in Setup that nothing reads."""
    program = PROGRAMS["linear"]
    setup = {"setup_ops": ["matrix_uniform_set"], "predict_ops": [], "learn_ops": [], "min_sizes": [0, 0, 0]}
    config = search_config("linear").model_dump()
    config["program"] |= setup
    config["mutation"] |= {"prob": 1.0, "weights": {"insert": 1, "remove": 1, "alter_parameter": 1}}
    return Island(
        parse_config(config), search_tasks("linear"), seed=0, initial=[Program((), program.predict, program.learn)]
    )


def new_island(name: str, seed: int) -> Island:
    """Return an island with its initial population scored."""
    config = search_config(name)
    initial = [Program()] if config.program.initial == "empty" else None
    return Island(config, search_tasks(name), seed, initial)


def array_bytes(island: Island) -> int:
    """Return the size of all arrays of an island; islands share those of their tasks."""

    def size(value: Any) -> int:
        if isinstance(value, np.ndarray):
            return int(value.nbytes)
        return sum(map(size, value)) if isinstance(value, tuple) else 0

    return sum(map(size, vars(island).values()))


@dataclass(frozen=True)
class Size:
    """The sizes of the tasks of an evaluation."""

    num_features: int
    num_tasks: int = NUM_TASKS
    num_train: int = NUM_TRAIN
    num_valid: int = NUM_VALID


@cache
def tasks_for(name: str, size: Size) -> TaskSet:
    """Return tasks on which the program does not stop early: linear regression, or image classes for figure 6."""
    stage: Any = {"num_tasks": size.num_tasks, "num_train": size.num_train, "num_valid": size.num_valid}
    kind: Any = "image-groups" if name == "figure 6" else "linear"
    return build_tasks(TasksConfig(kind=kind, num_features=size.num_features, search=stage), Stage.SEARCH, seed=0)


def prepared_evaluation(name: str, size: Size, dtype: str = "float32") -> Prepared:
    """Return an evaluation on all tasks, packed and allocated, which has run once."""
    evaluation = Prepared(PROGRAMS[name], tasks_for(name, size), dtype, num_predictions=0)
    steps = evaluation.run()
    assert steps == size.num_tasks * size.num_train, f"{name} with {size} stopped early, after {steps} steps"
    return evaluation


def instructions_per_task(name: str) -> int:
    """Count the instructions that an evaluation executes on each task."""
    program = PROGRAMS[name]
    return NUM_TRAIN * (len(program.predict) + len(program.learn)) + NUM_VALID * len(program.predict)


def lowered_program(name: str) -> Lowered:
    """Return the program, pruned and renamed."""
    lowered = new_lowered(len(PROGRAMS[name]))
    lower(encode(PROGRAMS[name]), False, lowered)
    return lowered


def bytes_per_step(name: str, num_features: int) -> int:
    """Count the bytes that a training step reads and writes for each task in single precision, with fused pairs."""
    lowered = lowered_program(name)
    fuse(lowered, False)
    fused = {op for _, _, op in FUSED}
    elements: int = 2 * num_features  # the example, to memory
    for op in lowered.code[lowered.bounds[1] : lowered.bounds[3], KERNEL]:
        kinds = [*KINDS[op, IN1:], *([KINDS[op, OUT]] if op in fused else [])]
        elements += sum(int(num_features ** int(kind)) for kind in kinds if kind >= 0)
    return 4 * elements


def bytes_of_memory(name: str, num_features: int) -> int:
    """Return the memory that a program uses for each task in single precision."""
    lowered = lowered_program(name)
    return 4 * sum(int(lowered.memory[kind] * num_features**kind) for kind in range(3))


def copy_rate(num_bytes: int) -> float:
    """Measure the bytes per second that a copy reads and writes, back and forth between the halves of a memory."""
    lanes, repeats = 16, max(1, (1 << 28) // num_bytes)
    half = num_bytes // 8 // lanes * lanes
    memory = aligned(2 * half, "float32")
    work = partial(copy_to_and_fro, Width("float32", lanes), memory.ctypes.data, half, repeats)
    work()
    return 2 * repeats * memory.nbytes / seconds(work)


@jit_entry
def copy_to_and_fro(width: Any, memory: int, half: int, repeats: int) -> None:
    """Copy the first half of a memory to the second and back, ``repeats`` times."""
    lanes = width_of(width)
    for _ in range(repeats):
        for k in range(0, half, lanes):
            store(memory, half + k, load(width, memory, k))
        for k in range(0, half, lanes):
            store(memory, k, load(width, memory, half + k))


def seconds(work: Callable[[], object], calls: int = 1) -> float:
    """Return the mean time of some calls."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def steady(work: Callable[[], object]) -> Callable[[], float]:
    """Return a measurement of short work: the mean time of as many calls as fill a round."""
    calls = ceil(ROUND_SECONDS / seconds(work))
    return lambda: seconds(work, calls)


def process_seconds(*command: str) -> float:
    """Measure the seconds of a process, from its start to its end."""
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


@cache
def run_child(search: str, cold: bool, _run: int) -> dict[str, float]:
    """Run ``child.py``; return its report, and the seconds to its first scored programs.

    Where ``cold``, nothing is in its cache of compiled code. Runs are numbered, and figures share them.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | ({CACHE_VARIABLE: folder} if cold else {})
        start = time.time()
        command = [sys.executable, str(CHILD), search]
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    report: dict[str, float] = json.loads(output)
    return report | {"first program": report["time"] - start}
