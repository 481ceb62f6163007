"""The score of a program on a task set: one number with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.record.events import Score
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import evaluate
from automl_zero.vm.factored import execution as factored
from automl_zero.vm.fitness import combine
from automl_zero.vm.stop_flag import StopFlag

FACTORED_FEATURES = 768  # from here on, factored matrices are faster (benchmarks/experiments/factored.py)


def fitnesses(program: Program, tasks: TaskSet, config: Config, stop: StopFlag | None = None) -> list[float]:
    """Run a program with the settings of a config; return its fitness on each task.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    rules = config.evaluation
    # Without matrices, there is nothing to factor, and the compiled engine is faster.
    by = factored.evaluate if rules.factored_matrices and program.address_counts().matrices else evaluate
    results = by(
        program,
        tasks,
        dtype=config.dtype,
        max_abs_error=rules.max_abs_error,
        num_predictions=0,
        stop=stop,
        epochs=rules.epochs,
    )
    return [result.fitness for result in results]


def for_study(config: Config) -> Config:
    """Return the rules for studying a program: with factored matrices where they are faster than the engine.

    Example:
        >>> from automl_zero.config import load_config
        >>> for_study(load_config("cifar10", ["tasks.num_features=1024"])).evaluation.factored_matrices
        True
    """
    if config.tasks.num_features < FACTORED_FEATURES:
        return config
    rules = config.evaluation.model_copy(update={"factored_matrices": True})
    return config.model_copy(update={"evaluation": rules})


def score_program(program: Program, tasks: TaskSet, config: Config, stop: StopFlag | None = None) -> Score:
    """Run a program on a task set with the settings of a config.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    return score_of(fitnesses(program, tasks, config, stop), config.evaluation.combination)


def score_of(values: Sequence[float], combination: str) -> Score:
    """Combine the fitness on each task, with the standard error of the mean.

    Example:
        >>> score_of([0.25, 0.75], "mean")
        Score(fitness=0.5, standard_error=0.25)
    """
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return Score(combine(values, combination), error)
