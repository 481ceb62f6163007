"""The evaluation of given programs on given tasks, for the command ``evaluate``, as plain data for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from automl_zero.config import ConfigError
from automl_zero.program.program import Program
from automl_zero.run.record.program_lookup import load_program
from automl_zero.run.scoring.suite import suite_config
from automl_zero.tasks.npz_tasks import load_npz
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import evaluate
from automl_zero.vm.fitness import combine
from automl_zero.vm.result import Evaluation

NUM_PREDICTIONS = 5


def choose_tasks(suite: str | None, data: Path | None, stage: str, seed: int) -> TaskSet:
    """Return the tasks of a file, or of a suite at this stage and seed.

    Raises:
        ConfigError: not exactly one of ``suite`` and ``data`` is given, or there is no such suite.
        TaskError: the data cannot be used.
    """
    if (suite is None) == (data is None):
        raise ConfigError("what to evaluate on? give either --suite NAME or --data FILE.npz")
    return load_npz(data) if data else build_tasks(suite_config(str(suite)).tasks, Stage(stage), seed)


def evaluate_programs(names: Iterable[str], tasks: TaskSet, dtype: str, max_abs_error: float) -> dict[str, Any]:
    """Run programs given by name on every task.

    Raises:
        ConfigError: ``max_abs_error`` is not above 0.
        ProgramError, StoreError: one of the programs cannot be found or read.
    """
    if not max_abs_error > 0:
        raise ConfigError(f"max_abs_error = {max_abs_error} is not possible: use a number above 0")
    programs = [(name, load_program(name)) for name in names]
    return {"programs": [_program(name, program, tasks, dtype, max_abs_error) for name, program in programs]}


def _program(name: str, program: Program, tasks: TaskSet, dtype: str, limit: float) -> dict[str, Any]:
    results = evaluate(program, tasks, dtype=dtype, max_abs_error=limit, num_predictions=NUM_PREDICTIONS)
    fitnesses = [result.fitness for result in results]
    return {
        "program": name,
        "mean_fitness": combine(fitnesses, "mean"),
        "median_fitness": combine(fitnesses, "median"),
        "tasks": [_task(number, result) for number, result in enumerate(results)],
    }


def _task(number: int, result: Evaluation) -> dict[str, Any]:
    return {
        "task": number,
        "fitness": result.fitness,
        "error": None if result.error is None else _finite(result.error),
        "stopped_early": result.stopped_early,
        "train_steps": result.train_steps,
        "first_predictions": list(map(_finite, result.first_predictions)),
    }


def _finite(value: float) -> float | None:
    """Replace NaN and infinity, which JSON does not have, by None."""
    return value if math.isfinite(value) else None
