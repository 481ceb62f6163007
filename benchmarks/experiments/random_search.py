"""Estimate how rarely random search finds an algorithm, where direct observation would take a data centre.

    python benchmarks/experiments/random_search.py affine-8 --seconds 3600 --workers 1

A program that reaches the target is also one that predicts something. So the share of random programs that reach the
target is the share of those that predict, which is counted, times the share of these that reach it. The latter is
counted on walks that begin at each of the former: a step redraws one instruction, as random search does, and is
taken back if the program then predicts no more. Under such steps, programs that predict keep their distribution, and a
walk begins in it, so the count is unbiased however slowly the walks mix; its interval is a bootstrap over the walks.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config, load_config, override
from automl_zero.program.library import linear
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.search.mutate import randomize_instruction
from automl_zero.search.population import Population, copy_in, copy_out
from automl_zero.search.random_stream import below
from automl_zero.search.score import evaluate_candidate
from automl_zero.search.space import Space
from automl_zero.search.state import Settings, State, Workspace
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.evaluation_arrays import LaneTasks
from automl_zero.vm.jit import jit_entry
from automl_zero.vm.lower import lower

CHUNK = 20_000  # random programs between two looks at the best of them
TASK_SETS = 4  # the walks and the count are shared out between so many, as each experiment has tasks of its own
PART = 0.25
RESAMPLES = 10_000


@dataclass(frozen=True)
class Found:
    """The result of a thread: its random programs, and the share of steps at the target of each that predicts."""

    programs: int
    shares: tuple[float, ...]


@jit_entry
def walk(
    width: Any,
    space: Space,
    settings: Settings,
    tasks: LaneTasks,
    state: State,
    work: Workspace,
    bounds: Any,
    steps: int,
) -> int:
    """Let the first member walk among programs of fitness ``bounds[0]`` or more; count its steps at ``bounds[1]``."""
    population, candidate, count = state.population, work.candidate, 0
    rows = space.max_size.sum()
    fitness = population.fitness[0]
    for _ in range(steps):
        copy_out(population, 0, candidate)
        row = below(state.random, rows)
        component = 0
        while row >= candidate.start[component + 1]:
            component += 1
        randomize_instruction(state.random, space, candidate, component, row)
        key = lower(candidate, settings.multiclass, work.lowered)
        found = evaluate_candidate(width, settings, tasks, state, work, key)
        if found >= bounds[0]:
            copy_in(candidate, population, 0)
            fitness = found
        count += fitness >= bounds[1]
    return count


def predicting(tasks: TaskSet, config: Config) -> float:
    """Return the fitness from which a program predicts: a share of the way from empty to linear regression."""
    nothing, regression = (score_program(each, tasks, config).fitness for each in (Program(), linear(0.01)))
    return nothing + PART * (regression - nothing)


def search(config: Config, number: int, seconds: float, steps: int) -> Found:
    """Draw random programs for some seconds, and walk some steps from each that predicts."""
    tasks = build_tasks(config.tasks, Stage.SEARCH, seed_at(config.seed, "random search", number % TASK_SETS))
    bounds = np.array([predicting(tasks, config), config.experiment.target_fitness])
    island = Island(config, tasks, seed_at(config.seed, "random search", "island", number))
    begun, programs, shares = time.monotonic(), 0, []
    while time.monotonic() - begun < seconds:
        island.state.best_fitness[0] = -1.0
        island.run(CHUNK)
        programs += CHUNK
        if island.best_fitness >= bounds[0]:
            shares.append(_share(island, bounds, steps))
            print(
                f"{programs:,} programs, {len(shares)} predict, {np.mean(shares):.2g} of steps at the target",
                flush=True,
            )
    return Found(programs, tuple(shares))


def _share(island: Island, bounds: NDArray[np.float64], steps: int) -> float:
    """Return the share of steps at the target of a walk from the best program of an island."""
    population: Population = island.state.population
    copy_in(island.state.best, population, 0)
    population.fitness[0] = island.best_fitness
    arguments = (island._width, island.space, island.settings, island._tasks, island.state, island._scratch)
    return walk(*arguments, bounds, steps) / steps


def interval(found: list[Found]) -> tuple[float, float, float]:
    """Return the rate of the target with its 95 % interval: a Poisson count, and a bootstrap over the shares."""
    programs, shares = sum(each.programs for each in found), np.concatenate([each.shares for each in found])
    rng = np.random.default_rng(0)
    counts = rng.poisson(len(shares), RESAMPLES)
    drawn = np.array([rng.choice(shares, count).sum() for count in counts]) / programs
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(shares.sum() / programs), float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=["linear-8", "affine-8"])
    parser.add_argument("--seconds", type=float, default=1200)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    changes = ["search.method=random-search", "search.population_size=2", f"seed={chosen.seed}"]
    config = override(load_config(chosen.preset), changes)
    with ThreadPoolExecutor(chosen.workers) as threads:
        numbers = range(chosen.workers)
        found = list(threads.map(lambda number: search(config, number, chosen.seconds, chosen.steps), numbers))
    programs, predict = sum(each.programs for each in found), sum(len(each.shares) for each in found)
    print(f"{chosen.preset}, seed {chosen.seed}: {predict} of {programs:,} random programs predict")
    with np.errstate(divide="ignore"):
        one_in = 1 / np.array(interval(found))
    print("one in {:.3g} reaches the target (95 %: {:.3g} to {:.3g})".format(one_in[0], *one_in[:0:-1]))


if __name__ == "__main__":
    main()
