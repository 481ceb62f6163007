"""Compile the engine into the cache beforehand, so that runs, estimators and tests start at once.

The compiled functions are specialised on the precision and on the number of lanes (tasks side by side in one machine
vector): a whole cache line of them, or half of one where there are few tasks or the program's memory is large. A part
is compiled by running it on the smallest tasks that need such a version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from automl_zero.config import Config, ConfigError, load_config
from automl_zero.program.program import AddressCounts, Program
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.execute import choose_lanes, evaluate
from automl_zero.vm.inference import train

NUM_TASKS = (2, 16)  # tasks that fill half of a cache line of lanes, and all of it, in either precision
NUM_PROGRAMS = 10  # programs that a search makes, which need every compiled function of it


@dataclass(frozen=True, slots=True)
class WarmupStep:
    """A part of the engine in one precision and width; ``compile`` compiles it, or loads it from the cache."""

    name: str
    compile: Callable[[], None]


def warmup_steps(dtypes: Sequence[str], parts: Sequence[str] = ()) -> list[WarmupStep]:
    """Return the steps that compile parts of the engine, by their names in ``PARTS``; by default all of them.

    Raises:
        ConfigError: there is no such part.

    Example:
        >>> for step in warmup_steps(["float32"]):
        ...     step.compile()
    """
    for part in parts:
        if part not in PARTS:
            raise ConfigError(f"no part '{part}' of the engine: use {', '.join(PARTS)}")
    return [
        _step(part, dtype, num_tasks) for dtype in dtypes for num_tasks in NUM_TASKS for part in (parts or list(PARTS))
    ]


def _step(part: str, dtype: str, num_tasks: int) -> WarmupStep:
    sizes = {"num_tasks": num_tasks, "num_train": 10}
    overrides = (f"tasks.search.{name}={value}" for name, value in sizes.items())
    config = load_config("linear", [f"dtype={dtype}", "search.population_size=2", *overrides])
    tasks = build_tasks(config.tasks, Stage.SEARCH, 0)
    memory = AddressCounts(config.memory.scalars, config.memory.vectors, config.memory.matrices)
    lanes = choose_lanes(memory, tasks, dtype)
    return WarmupStep(f"{part} in {dtype}, {lanes} tasks side by side", partial(PARTS[part], config, tasks, lanes))


def _compile_evaluation(config: Config, tasks: TaskSet, lanes: int) -> None:
    evaluate(Program(), tasks, dtype=config.dtype, lanes=lanes)


def _compile_search(config: Config, tasks: TaskSet, _lanes: int) -> None:
    island = Island(config, tasks, 0)
    island.run(NUM_PROGRAMS)
    island.epoch_stats(0)


def _compile_training(config: Config, tasks: TaskSet, _lanes: int) -> None:
    train(Program(), tasks, dtype=config.dtype).outputs(tasks.valid_x[0])


# The parts of the engine, in the order in which they are compiled.
PARTS: Mapping[str, Callable[[Config, TaskSet, int], None]] = MappingProxyType(
    {"evaluation": _compile_evaluation, "search": _compile_search, "training": _compile_training}
)
