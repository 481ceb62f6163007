"""How a program does on a task set, as one number with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import stdev

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.events import Score
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import evaluate
from automl_zero.vm.fitness import combine


def score_of(fitnesses: Sequence[float], combination: str) -> Score:
    """Sum up the fitness of each task."""
    error = stdev(fitnesses) / math.sqrt(len(fitnesses)) if len(fitnesses) > 1 else None
    return Score(combine(fitnesses, combination), error)


def score_program(program: Program, tasks: TaskSet, config: Config) -> Score:
    """Run a program on a task set under the rules of a config."""
    limit = config.evaluation.max_abs_error
    results = evaluate(program, tasks, dtype=config.dtype, max_abs_error=limit, num_predictions=0)
    return score_of([result.fitness for result in results], config.evaluation.combination)
