"""Compare the engine with factored matrices: the time to train and validate a program on tasks with many features.

``python benchmarks/experiments/factored.py`` takes some minutes and prints a table. Times are the best of two, after
the engine is compiled, in one thread. The engine runs as many tasks at once as it has lanes, so there are eight.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import fmean

import numpy as np
from threadpoolctl import threadpool_limits

from automl_zero.program.library import library_program
from automl_zero.tasks.task import Loss, TaskSet
from automl_zero.vm import execute
from automl_zero.vm.factored import execution
from automl_zero.vm.result import Evaluation

PROGRAMS = ("figure_6_pruned", "two_layer_net")
TASKS, VALID, REPEATS = 8, 200, 2


def tasks_of(num_features: int, num_train: int) -> TaskSet:
    """Return tasks with normal features, whose label is the sign of a sum of products of two features each."""
    rng = np.random.default_rng(0)
    train_x, valid_x = (rng.standard_normal((TASKS, count, num_features)) for count in (num_train, VALID))
    train_y, valid_y = ((np.sum(x[..., 1:] * x[..., :-1], -1) > 0).astype(float) for x in (train_x, valid_x))
    return TaskSet("products", train_x, train_y, valid_x, valid_y, Loss.ACCURACY)


def seconds(evaluate: Callable[[], list[Evaluation]]) -> tuple[float, float]:
    """Return the least time of some evaluations, and the mean fitness."""
    times, fitness = [], 0.0
    for _ in range(REPEATS):
        begin = time.perf_counter()
        fitness = fmean(each.fitness for each in evaluate())
        times.append(time.perf_counter() - begin)
    return min(times), fitness


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, nargs="+", default=[128, 256, 512, 1024])
    parser.add_argument("--examples", type=int, default=400)
    options = parser.parse_args()
    print("| program | features | engine, s | factored, s | times faster | fitness of both |")
    print("| --- | --- | --- | --- | --- | --- |")
    with threadpool_limits(1):
        for name in PROGRAMS:
            program = library_program(name)
            for num_features in options.features:
                tasks = tasks_of(num_features, options.examples)
                engine, one = seconds(lambda: execute.evaluate(program, tasks))  # noqa: B023 -- called at once
                factored, other = seconds(lambda: execution.evaluate(program, tasks))  # noqa: B023
                ratio = engine / factored
                print(
                    f"| {name} | {num_features} | {engine:.2f} | {factored:.2f} | {ratio:.1f} | {one:.3f} {other:.3f} |"
                )


if __name__ == "__main__":
    main()
