"""What the benchmarks run: prepared evaluations, searches, and processes of their own.

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
from functools import cache
from pathlib import Path
from typing import Any

from automl_zero.config import Config, TasksConfig, load_config, parse_config
from automl_zero.program.library import linear, two_layer_net
from automl_zero.program.program import Program
from automl_zero.search.island import Island
from automl_zero.tasks.suites import Stage, build_tasks
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import execute
from automl_zero.vm.jit import CACHE_VARIABLE

NUM_TASKS, NUM_TRAIN, NUM_VALID = 16, 1000, 100
PROGRAMS = {"linear": linear(0.01), "net": two_layer_net(0.001)}
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
        "kind": "digits-groups",
        "num_features": 16,
        "num_epochs": 8,
        "search": {"num_tasks": 10, "num_train": NUM_TRAIN, "num_valid": NUM_VALID},
    },
}


def search_config(name: str) -> Config:
    """The config of a search by name, ``linear`` or ``s10``."""
    return parse_config(S10) if name == "s10" else load_config(name)


@cache
def search_tasks(name: str) -> TaskSet:
    """The tasks that a search is scored on."""
    return build_tasks(search_config(name).tasks, Stage.SEARCH, seed=0)


def new_island(name: str, seed: int) -> Island:
    """An island with its initial population scored."""
    config = search_config(name)
    initial = [Program()] if config.program.initial == "empty" else None
    return Island(config, search_tasks(name), seed, initial)


@cache
def regression_tasks(num_features: int) -> TaskSet:
    """The tasks of the evaluations: linear regression, on which no program here stops early."""
    size: Any = {"num_tasks": NUM_TASKS, "num_train": NUM_TRAIN, "num_valid": NUM_VALID}
    return build_tasks(TasksConfig(kind="linear", num_features=num_features, search=size), Stage.SEARCH, seed=0)


def lanes_of(name: str, num_features: int, dtype: str) -> int:
    """How many tasks run side by side."""
    return execute.choose_lanes(PROGRAMS[name].address_counts(), regression_tasks(num_features), dtype)


def prepared_evaluation(name: str, num_features: int, dtype: str) -> Callable[[], int]:
    """An evaluation on all tasks, as ``execute.evaluate`` does it, with everything packed and allocated before.

    It gives the number of training steps.
    """
    evaluate = execute.Prepared(PROGRAMS[name], regression_tasks(num_features), dtype, num_predictions=0).run
    steps = evaluate()
    assert steps == NUM_TASKS * NUM_TRAIN, f"{name} at F={num_features} stopped early, after {steps} steps"
    return evaluate


def instructions_per_task(name: str) -> int:
    """How many instructions an evaluation executes on each task."""
    program = PROGRAMS[name]
    return NUM_TRAIN * (len(program.predict) + len(program.learn)) + NUM_VALID * len(program.predict)


def seconds(work: Callable[[], object], calls: int = 1) -> float:
    """Mean time of some calls."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def process_seconds(*command: str) -> float:
    """How long a process takes, from its start to its end."""
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


@cache
def run_child(search: str, cold: bool, _run: int) -> dict[str, float]:
    """What ``child.py`` reports of a process that begins a search, and the seconds to its first scored programs.

    Where ``cold``, nothing is in its cache of compiled code. Runs are numbered, and figures share them.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | ({CACHE_VARIABLE: folder} if cold else {})
        start = time.time()
        command = [sys.executable, str(CHILD), search]
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    report: dict[str, float] = json.loads(output)
    return report | {"first program": report["time"] - start}
