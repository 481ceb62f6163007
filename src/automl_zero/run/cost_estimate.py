"""What programs of a config cost on this machine, from a second of search on islands that are thrown away.

The islands have a branch of the seed tree of their own and share nothing with those of the run but its tasks, which
never change: no result depends on a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import astuple, dataclass, replace
from functools import partial
from statistics import mean
from time import perf_counter

from automl_zero.config import Config
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.program import AddressCounts, Program, ProgramError
from automl_zero.rng import seed_at
from automl_zero.run.record.events import Estimate
from automl_zero.search.island import Island
from automl_zero.system.processors import usable_processors
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import Prepared
from automl_zero.vm.stop_flag import StopFlag

SECONDS = 0.8  # of search in all; to score the first members comes on top
SHARE = 0.1  # of the time of a run, at most, since that counts
MOST_PROGRAMS = 100_000  # of one island
MEMBERS, MEMBER_SECONDS = 100, 0.1  # at most so many of them, and no more than can be scored in that time
EVALUATED = 0.1  # the share of programs that may be evaluated later, if in the first second there are fewer
DRIFT = 2.0  # so many times more or less than what is measured do programs cost later on

ExperimentSpec = Sequence[Program] | None  # what an island begins with, None for random programs


@dataclass(frozen=True, slots=True)
class Pace:
    """What a program of a population costs in the mean.

    Attributes:
        seconds: with all threads at work; ``steps``: training steps.
        evaluated: the share of programs that are run on all tasks.
        net_seconds: of an evaluation of the two-layer net; ``net_steps``: its training steps.
    """

    seconds: float
    steps: float
    evaluated: float
    net_seconds: float
    net_steps: float

    @property
    def slow_seconds(self) -> float:
        """Had each program that is evaluated cost a net on top."""
        return self.seconds + max(self.evaluated, EVALUATED) * self.net_seconds

    @property
    def most_steps(self) -> float:
        """Training steps, if as many programs are evaluated."""
        return max(self.steps, EVALUATED * self.net_steps)

    @property
    def speeds(self) -> tuple[float, float, float]:
        """Training steps in a second: as measured, of slower programs, and if more of them are evaluated."""
        slow = self.seconds + self.evaluated * self.net_seconds
        return self.steps / self.seconds, self.steps / slow, self.most_steps / self.slow_seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """What some programs have cost a thread."""

    seconds: float
    programs: int
    evaluated: int
    steps: int


def measure(
    config: Config, tasks: Sequence[TaskSet], initial: ExperimentSpec, workers: int, stop: StopFlag | None = None
) -> Estimate:
    """Measure what the programs of a run cost, for about a second; longer only where a few evaluations take longer.

    Programs differ a lot in cost, so two populations are measured: that which the run begins with, and, unless that is
    a program of the user's choice, one that descends from a known learner, as later ones may. The least is the cost in
    the cheaper one. The most is that in the other, had every program that is evaluated cost a two-layer net on top.

    Args:
        config: the run's.
        tasks: the search tasks of each island.
        initial: what each island begins with.
        workers: threads of the run.
        stop: ends the measurement.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    threads, stop = _threads(config, workers), stop or StopFlag()
    groups = max(1, len(config.islands.groups))
    with ThreadPoolExecutor(threads) as pool:
        found = [
            _paces(config.of_island(each), tasks[each], initial, groups, pool, threads, stop) for each in range(groups)
        ]
    return _estimate([_mean(each) for each in zip(*found, strict=True)])


def on_cluster(estimate: Estimate, config: Config, workers: int) -> Estimate:
    """The estimate of a run with so many processes, if this machine cannot have as many at a time."""
    times = min(workers, config.islands.count) / _threads(config, workers)
    (fast, slow), (low, high) = estimate.seconds_per_program, estimate.steps_per_second
    return replace(
        estimate, seconds_per_program=(fast / times, slow / times), steps_per_second=(low * times, high * times)
    )


def _threads(config: Config, workers: int) -> int:
    """Islands that this machine can run at a time."""
    return max(1, min(workers, config.islands.count * config.experiment.concurrent, usable_processors()))


def _estimate(paces: Sequence[Pace]) -> Estimate:
    """From one population to the other, with room for what a second does not show."""
    seconds = min(each.seconds for each in paces), max(each.slow_seconds for each in paces)
    steps = min(each.steps for each in paces), max(each.most_steps for each in paces)
    speeds = [speed for each in paces for speed in each.speeds]
    return Estimate(
        seconds_per_program=_widened(*seconds),
        steps_per_program=_widened(*steps),
        steps_per_second=_widened(min(speeds), max(speeds)),
    )


def _widened(least: float, most: float) -> tuple[float, float]:
    return max(least, 1e-12) / DRIFT, max(most, 1e-12) * DRIFT


def _mean(paces: Sequence[Pace]) -> Pace:
    """Over the groups, which make equally many programs."""
    return Pace(*(mean(values) for values in zip(*map(astuple, paces), strict=True)))


def _paces(
    config: Config,
    tasks: TaskSet,
    initial: ExperimentSpec,
    groups: int,
    pool: Executor,
    threads: int,
    stop: StopFlag,
) -> list[Pace]:
    """Of both populations on an island of one of the groups."""
    net, steps = _net(config, tasks, stop)
    search = config.search.model_copy(update={"population_size": _members(config, net)})
    small, beginnings = config.model_copy(update={"search": search}), [initial, *_learners(config, tasks)]
    seconds = min(SECONDS, SHARE * (config.stop.max_seconds or SECONDS / SHARE)) / groups / len(beginnings)
    sample = partial(_sample, small, tasks, stop, seconds, max(1, int(seconds / 4 / net)))
    samples = (pool.map(partial(sample, each), range(threads)) for each in beginnings)
    return [_pace(list(each), net, steps) for each in samples]


def _pace(samples: Sequence[Sample], net_seconds: float, net_steps: float) -> Pace:
    """Of islands side by side."""
    programs = sum(sample.programs for sample in samples)
    return Pace(
        seconds=1 / sum(sample.programs / sample.seconds for sample in samples),
        steps=sum(sample.steps for sample in samples) / programs,
        evaluated=sum(sample.evaluated for sample in samples) / programs,
        net_seconds=net_seconds / len(samples),
        net_steps=net_steps,
    )


def _sample(
    config: Config, tasks: TaskSet, stop: StopFlag, seconds: float, most: int, beginning: ExperimentSpec, thread: int
) -> Sample:
    """Search for about that long, by ever more programs at once, so that calls do not count, but at most so many."""
    island = Island(config, tasks, seed_at(config.seed, "cost", thread), beginning, stop)
    before, made, enough = island.counters, 0, min(config.stop.max_programs or MOST_PROGRAMS, MOST_PROGRAMS)
    began, taken = perf_counter(), 0.0
    while made == 0 or (taken < seconds and made < enough):
        count = min(made // 4 + 1, most)
        island.run(count)
        made, taken = made + count, perf_counter() - began
    after = island.counters
    evaluated, steps = (after[name] - before[name] for name in ("evaluated", "train_steps"))
    return Sample(max(taken, 1e-9), made, evaluated, steps)


def _net(config: Config, tasks: TaskSet, stop: StopFlag) -> tuple[float, int]:
    """Seconds and training steps of an evaluation of the two-layer net."""
    program, limit = two_layer_net(multiclass=tasks.is_multiclass), config.evaluation.max_abs_error
    net = Prepared(program, tasks, config.dtype, limit, stop=stop)

    def timed() -> tuple[float, int]:
        began = perf_counter()
        steps = net.run()
        return perf_counter() - began, steps

    return min(timed(), timed())


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
