"""The estimate of what programs of a config cost on this machine: a second of search on temporary islands.

These islands have their own branch of the seed tree, and share nothing with those of the run but its tasks, which never
change. So no result depends on a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from statistics import mean
from time import perf_counter

from automl_zero.config import Config
from automl_zero.config.paths import INITIAL_CHOICES
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.program import AddressCounts, Program, ProgramError
from automl_zero.rng import seed_at
from automl_zero.run.record.events import Estimate
from automl_zero.search.island import Island
from automl_zero.system.processors import usable_processors
from automl_zero.tasks.task import TaskSet
from automl_zero.vm.execute import Prepared
from automl_zero.vm.stop_flag import StopFlag

SECONDS = 0.8  # of search in total; scoring the initial members takes additional time
SHARE = 0.1  # the most of the time limit of a run, which the measurement counts towards
MAX_PROGRAMS = 100_000  # of one island
MEMBERS, MEMBER_SECONDS = 100, 0.1  # the most members, and the most time to score them
EVALUATED = 0.1  # a lower bound of the share of programs that are evaluated later in a run
DRIFT = 2.0  # the factor by which the cost of programs may rise or fall later in a run

InitialPrograms = Sequence[Program] | None  # what an island starts from; None for random programs


@dataclass(frozen=True, slots=True)
class Pace:
    """The mean cost of a program of a population.

    Attributes:
        seconds: the time for one program while all threads work; ``steps``: its training steps.
        evaluated: the share of programs that are run on all tasks.
        net_seconds: the time to evaluate the two-layer net; ``net_steps``: its training steps.
    """

    seconds: float
    steps: float
    evaluated: float
    net_seconds: float
    net_steps: float

    @property
    def slow_seconds(self) -> float:
        """The time for one program if each evaluated program cost an additional two-layer net."""
        return self.seconds + max(self.evaluated, EVALUATED) * self.net_seconds

    @property
    def most_steps(self) -> float:
        """The training steps of a program at that cost."""
        return max(self.steps, EVALUATED * self.net_steps)

    @property
    def speeds(self) -> tuple[float, float, float]:
        """Training steps per second: as measured, of slower programs, and if more of them are evaluated."""
        slow = self.seconds + self.evaluated * self.net_seconds
        return self.steps / self.seconds, self.steps / slow, self.most_steps / self.slow_seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """What some programs have cost one thread."""

    seconds: float
    programs: int
    evaluated: int
    steps: int


def measure(
    config: Config, tasks: Sequence[TaskSet], initial: InitialPrograms, workers: int, stop: StopFlag | None = None
) -> Estimate:
    """Measure the cost of the programs of a run, for about a second; longer only where a few evaluations take longer.

    Programs differ a lot in cost, so two populations are measured: the initial one of the run, and one that descends
    from a known learner, as later populations may; the latter not if the user chose an initial program. The least cost
    is that in the cheaper population. The most is that in the other one, plus a two-layer net for each program that is
    evaluated.

    Args:
        config: the settings of the run.
        tasks: [islands] the search tasks.
        initial: what each island starts from.
        workers: the number of threads of the run.
        stop: ends the measurement.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    threads, stop = _threads(config, workers), stop or StopFlag()
    groups = max(1, len(config.islands.groups))
    with ThreadPoolExecutor(threads) as pool:
        samplers = (
            _Sampler(config.of_island(each), tasks[each], groups, pool, threads, stop) for each in range(groups)
        )
        found = [sampler.paces(initial) for sampler in samplers]
    return _estimate([_mean(each) for each in zip(*found, strict=True)])


def on_cluster(estimate: Estimate, config: Config, workers: int) -> Estimate:
    """Scale an estimate, which was measured with the threads of this machine, to ``workers`` processes."""
    times = min(workers, config.islands.count) / _threads(config, workers)
    (fast, slow), (low, high) = estimate.seconds_per_program, estimate.steps_per_second
    return replace(
        estimate, seconds_per_program=(fast / times, slow / times), steps_per_second=(low * times, high * times)
    )


def _threads(config: Config, workers: int) -> int:
    """Return how many islands this machine can run in parallel."""
    return max(1, min(workers, config.islands.count * config.experiment.concurrent, usable_processors()))


def _estimate(paces: Sequence[Pace]) -> Estimate:
    """Return the range over both populations, widened for what a second does not show."""
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
    """Average over the groups of islands, which make equally many programs."""
    return Pace(**{field.name: mean(getattr(pace, field.name) for pace in paces) for field in fields(Pace)})


@dataclass(frozen=True, slots=True)
class _Sampler:
    """Measures populations on islands of one group, in all threads at the same time."""

    config: Config
    tasks: TaskSet
    groups: int
    pool: Executor
    threads: int
    stop: StopFlag

    def paces(self, initial: InitialPrograms) -> list[Pace]:
        """Measure the population that starts from ``initial``, and one that starts from a known learner."""
        config = self.config
        net_seconds, net_steps = _net_cost(config, self.tasks, self.stop)
        search = config.search.model_copy(update={"population_size": _members(config, net_seconds)})
        small, starts = config.model_copy(update={"search": search}), [initial, *_learners(config, self.tasks)]
        seconds = min(SECONDS, SHARE * (config.stop.max_seconds or SECONDS / SHARE)) / self.groups / len(starts)
        most = max(1, int(seconds / 4 / net_seconds))  # programs of one call, so that none takes too long
        samples = (
            self.pool.map(partial(self._sample, small, each, seconds, most), range(self.threads)) for each in starts
        )
        return [_pace(list(each), net_seconds, net_steps) for each in samples]

    def _sample(self, config: Config, initial: InitialPrograms, seconds: float, most: int, thread: int) -> Sample:
        """Search for about this long; calls grow up to ``most`` programs, so that their overhead is small."""
        island = Island(config, self.tasks, seed_at(config.seed, "cost", thread), initial, self.stop)
        before, made, enough = island.counters, 0, min(config.stop.max_programs or MAX_PROGRAMS, MAX_PROGRAMS)
        began, taken = perf_counter(), 0.0
        while made == 0 or (taken < seconds and made < enough):
            count = min(made // 4 + 1, most)
            island.run(count)
            made, taken = made + count, perf_counter() - began
        after = island.counters
        evaluated, steps = (after[name] - before[name] for name in ("evaluated", "train_steps"))
        return Sample(seconds=max(taken, 1e-9), programs=made, evaluated=evaluated, steps=steps)


def _pace(samples: Sequence[Sample], net_seconds: float, net_steps: float) -> Pace:
    """Combine the samples of threads that worked at the same time."""
    programs = sum(sample.programs for sample in samples)
    return Pace(
        seconds=1 / sum(sample.programs / sample.seconds for sample in samples),
        steps=sum(sample.steps for sample in samples) / programs,
        evaluated=sum(sample.evaluated for sample in samples) / programs,
        net_seconds=net_seconds / len(samples),
        net_steps=net_steps,
    )


def _net_cost(config: Config, tasks: TaskSet, stop: StopFlag) -> tuple[float, int]:
    """Return the seconds and the training steps of an evaluation of the two-layer net."""
    program, limit = two_layer_net(multiclass=tasks.is_multiclass), config.evaluation.max_abs_error
    net = Prepared(program, tasks, config.dtype, limit, stop=stop)

    def timed() -> tuple[float, int]:
        began = perf_counter()
        steps = net.run()
        return perf_counter() - began, steps

    return min(timed(), timed())


def _members(config: Config, net_seconds: float) -> int:
    return min(config.search.population_size, MEMBERS, max(2, int(MEMBER_SECONDS / net_seconds)))


def _learners(config: Config, tasks: TaskSet) -> Iterator[list[Program]]:
    """Yield the first known learner that fits the config; none if the user chose an initial program."""
    if not set(config.program.initial_names) <= set(INITIAL_CHOICES):
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
