"""What programs of a config cost on this machine, from a second of search on islands that are thrown away.

The islands have a branch of the seed tree of their own and share nothing with those of the run but its tasks, which
never change: no result depends on a measurement.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import mean
from time import perf_counter

from automl_zero.config import Config
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.program import AddressCounts, Program, ProgramError
from automl_zero.rng import seed_at
from automl_zero.run.events import Estimate
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import Prepared

SECONDS = 0.8  # of search in all; to score the first members comes on top
MOST_PROGRAMS = 100_000  # of one island
MEMBERS, MEMBER_SECONDS = 100, 0.1  # at most so many of them, and no more than can be scored in that time
DRIFT = 1.5  # so many times more or less than what is measured do programs cost later on

Beginning = Sequence[Program] | None  # what an island begins with, None for random programs


@dataclass(frozen=True, slots=True)
class Pace:
    """What a program costs in the mean, with all threads at work; ``slow_seconds`` if it is more than was measured."""

    seconds: float
    slow_seconds: float
    steps: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What some programs have cost a thread."""

    seconds: float
    programs: int
    evaluated: int
    steps: int


def measure(config: Config, tasks: Sequence[TaskSet], initial: Beginning, workers: int) -> Estimate:
    """Measure what the programs of a run cost, for about a second; longer only where a few evaluations take longer.

    Programs differ a lot in cost, so two populations are measured: that which the run begins with, and, unless that is
    a program of the user's choice, one that descends from a known learner, as later ones may. The least is the cost in
    the cheaper one. The most is that in the other, had every program that was evaluated cost a two-layer net on top.

    Args:
        config: the run's.
        tasks: the search tasks of each island.
        initial: what each island begins with.
        workers: threads of the run.
    """
    threads = min(workers, config.islands.count, os.cpu_count() or 1)
    groups = max(1, len(config.islands.groups))
    with ThreadPoolExecutor(threads) as pool:
        found = [_paces(config.of_island(each), tasks[each], initial, groups, pool, threads) for each in range(groups)]
    return _estimate([_mean(each) for each in zip(*found, strict=True)])


def _estimate(paces: Sequence[Pace]) -> Estimate:
    """From one population to the other, with room for what a second does not show."""
    seconds = [each.seconds for each in paces], [each.slow_seconds for each in paces]
    speeds = [each.steps / each.slow_seconds for each in paces], [each.steps / each.seconds for each in paces]
    steps = [each.steps for each in paces]
    return Estimate(
        seconds_per_program=(min(seconds[0]) / DRIFT, max(seconds[1]) * DRIFT),
        steps_per_program=(min(steps) / DRIFT, max(steps) * DRIFT),
        steps_per_second=(min(speeds[0]) / DRIFT, max(speeds[1]) * DRIFT),
    )


def _mean(paces: Sequence[Pace]) -> Pace:
    """Over the groups, which make equally many programs."""
    return Pace(
        mean(each.seconds for each in paces),
        mean(each.slow_seconds for each in paces),
        mean(each.steps for each in paces),
    )


def _paces(config: Config, tasks: TaskSet, initial: Beginning, groups: int, pool: Executor, threads: int) -> list[Pace]:
    """Of both populations on an island of one of the groups."""
    net = _seconds_of_net(config, tasks)
    search = config.search.model_copy(update={"population_size": _members(config, net)})
    small, beginnings = config.model_copy(update={"search": search}), [initial, *_learners(config, tasks)]
    sample = partial(_sample, small, tasks, SECONDS / groups / len(beginnings))
    samples = (pool.map(partial(sample, each), range(threads)) for each in beginnings)
    return [_pace(list(each), net / threads) for each in samples]


def _pace(samples: Sequence[Sample], net: float) -> Pace:
    """Of islands side by side; ``net`` is the cost of one in seconds."""
    programs = sum(sample.programs for sample in samples)
    seconds = 1 / sum(sample.programs / sample.seconds for sample in samples)
    evaluated = sum(sample.evaluated for sample in samples) / programs
    return Pace(seconds, seconds + evaluated * net, sum(sample.steps for sample in samples) / programs)


def _sample(config: Config, tasks: TaskSet, seconds: float, beginning: Beginning, thread: int) -> Sample:
    """Search for no longer than that; each call makes twice as many programs as before, so that calls do not count."""
    island = Island(config, tasks, seed_at(config.seed, "cost", thread), beginning)
    before, made, most = island.counters, 0, min(config.stop.max_programs or MOST_PROGRAMS, MOST_PROGRAMS)
    began, taken = perf_counter(), 0.0
    while made == 0 or (taken < seconds / 2 and made < most):
        island.run(made + 1)
        made, taken = 2 * made + 1, perf_counter() - began
    after = island.counters
    evaluated, steps = (after[name] - before[name] for name in ("evaluated", "train_steps"))
    return Sample(max(taken, 1e-9), made, evaluated, steps)


def _seconds_of_net(config: Config, tasks: TaskSet) -> float:
    """Of a whole evaluation of the two-layer net."""
    net = Prepared(two_layer_net(multiclass=tasks.is_multiclass), tasks, config.dtype, config.evaluation.max_abs_error)

    def seconds() -> float:
        began = perf_counter()
        net.run()
        return perf_counter() - began

    return min(seconds(), seconds())


def _members(config: Config, net: float) -> int:
    return min(config.search.population_size, MEMBERS, max(2, int(MEMBER_SECONDS / net)))


def _learners(config: Config, tasks: TaskSet) -> Iterator[list[Program]]:
    """The first of the known learners that fits, if the run does not begin with a program that was chosen."""
    if config.program.initial not in ("empty", "random"):
        return
    known = [two_layer_net(multiclass=tasks.is_multiclass)]
    known += [] if tasks.is_multiclass else [library_program("linear_regression")]
    for program in known:
        if _fits(program, config):
            yield [program]
            return


def _fits(program: Program, config: Config) -> bool:
    try:
        program.check_fits(AddressCounts(**config.memory.model_dump()), config.program.max_sizes)
    except ProgramError:
        return False
    return True
