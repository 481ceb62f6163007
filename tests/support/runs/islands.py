"""Small islands for the tests of the search, what is in them, and the scores that their members should have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from support.runs.small_config import small_config

from automl_zero.config import Config
from automl_zero.program.library import library_program
from automl_zero.program.ops import BY_NAME
from automl_zero.program.program import Instruction, Program
from automl_zero.search.island import Island
from automl_zero.search.population import decode
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate
from automl_zero.vm.fitness import combine

OFF = {"cost_limit": 0, "cache_size": 0, "fingerprint_train": 0, "fingerprint_valid": 0}  # whatever spares a run

LINEAR = library_program("linear_regression")
CLONES = {"mutation": {"prob": 0.0}}  # children are equal to their parents
SIZE = 20  # of the population of the small config
NOISE_OPS = ["scalar_const_set", "vector_inner_product", "vector_gaussian_set", "scalar_uniform_set", "vector_sum"]
NOISY = {f"{name}_ops": NOISE_OPS for name in ("setup", "predict", "learn")}
# Changes of the small config under which scores differ.
SPACES: dict[str, dict[str, Any]] = {
    "linear": {},
    "noisy": {"program": NOISY},
    "mean": {"evaluation": {"combination": "mean"}},
    "strict": {"evaluation": {"max_abs_error": 3.0, "combination": "mean"}},
    "several epochs": {"tasks": {"num_epochs": 3}},
    "released": {"mutation": {"table": "released"}},
}


def constant(value: float) -> Program:
    """A program that predicts a constant, so that programs have a known order."""
    return Program(setup=(Instruction(BY_NAME["scalar_const_set"].number, out=1, data=(value,)),))


def tasks_of(config: Config) -> TaskSet:
    return build_tasks(config.tasks, Stage.SEARCH, 1)


def new_island(seed: int = 0, initial: Sequence[Program] | None = None, **changes: dict[str, Any]) -> Island:
    """An island of the small config with some changes, on its tasks."""
    config = small_config(**changes)
    return Island(config, tasks_of(config), seed, initial)


def member(island: Island, slot: int) -> Program:
    population = island.state.population
    return decode(population.code[slot], population.data[slot], population.size[slot], island.state.best.start)


def members(island: Island) -> list[Program]:
    """The programs of the population by their slots."""
    return [member(island, slot) for slot in range(len(island.state.population.fitness))]


def fitness(island: Island) -> list[float]:
    return [float(value) for value in island.state.population.fitness]


def newest(island: Island) -> int:
    """The slot that was filled last."""
    return (int(island.state.population.oldest[0]) - 1) % len(island.state.population.fitness)


def contents(value: Any) -> list[bytes]:
    """All bytes of nested tuples of arrays."""
    return [value.tobytes()] if isinstance(value, np.ndarray) else [part for each in value for part in contents(each)]


def true_fitness(program: Program, config: Config, tasks: TaskSet | None = None) -> float:
    """What the program scores when it is run by itself, in the same precision."""
    tasks = tasks or tasks_of(config)
    limit, epochs = config.evaluation.max_abs_error, config.evaluation.epochs
    evaluations = evaluate(program, tasks, dtype=config.dtype, max_abs_error=limit, epochs=epochs)
    scores = [evaluation.fitness for evaluation in evaluations]
    return combine(scores, "median") if config.evaluation.combination == "median" else sum(scores) / len(scores)
