"""What must be known before the clock of a run begins: all is compiled, and what follows the search has its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from statistics import fmean
from threading import Timer
from time import perf_counter

from automl_zero.config import Config
from automl_zero.program.library import library_program, two_layer_net
from automl_zero.program.program import Program
from automl_zero.run.experiment import CANDIDATES
from automl_zero.run.scoring.baselines import Algorithm, suited
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet, first
from automl_zero.tasks.task_kinds import Stage, sample_tasks
from automl_zero.vm.stop_flag import StopFlag, Stopped

BASELINES_SHARE, MOST_SHARE = 0.12, 0.3  # of the time of a run: at least, if there are baselines, and at most
MEASURED_SHARE, MEASURED_SECONDS = 0.1, 2.0  # of the time of a run, and at most, to measure this
MARGIN = 1.5  # so many times what is measured: evolved programs may cost more
TRIED = 2  # tasks on which a baseline is measured


def compile_search(config: Config, samples: Iterable[TaskSet]) -> None:
    """Compile what the run executes, or load it: for each group of islands, and for some tasks of the other stages.

    Raises:
        ConfigError, TaskError: the config cannot be used.
    """
    for tasks in samples:
        score_program(Program(), _of_one_epoch(tasks), config)
    for group in range(max(1, len(config.islands.groups))):
        own = config.of_island(group)
        tasks = _of_one_epoch(sample_tasks(own.tasks, Stage.SEARCH, config.seed))
        Island(_small(own), tasks, config.seed, [Program()])


def _of_one_epoch(tasks: TaskSet) -> TaskSet:
    return replace(tasks, train_order=tasks.train_order[:1])


def _small(config: Config) -> Config:
    """The config of an island that takes no time; what is compiled for it is what larger ones need."""
    return config.model_copy(
        update={
            "search": config.search.model_copy(update={"population_size": 2, "children": 1}),
            "evaluation": config.evaluation.model_copy(update={"cache_size": 4}),
            "mutation": config.mutation.model_copy(update={"graph_share": 0.0}),
            "islands": config.islands.model_copy(update={"epoch_programs": 1}),
        }
    )


def seconds_after_search(config: Config, samples: Mapping[Stage, TaskSet], workers: int) -> float:
    """About how long it takes to choose a program on the select tasks, to score it, and to tune the baselines.

    Args:
        config: the run's, with a ``stop.max_seconds``, of which this is at most a part.
        samples: some of its select and final tasks.
        workers: programs that are scored at a time.
    """
    limit, stop = config.stop.max_seconds or float("inf"), StopFlag()
    least = BASELINES_SHARE * limit if suited(samples, config) else 0.0
    timer = Timer(min(MEASURED_SHARE * limit, MEASURED_SECONDS), stop.set)
    timer.daemon = True
    timer.start()
    try:
        return min(max(MARGIN * _measured(config, samples, workers, stop), least), MOST_SHARE * limit)
    except Stopped:  # what takes so long to measure takes all that there is
        return MOST_SHARE * limit
    finally:
        timer.cancel()


def _measured(config: Config, samples: Mapping[Stage, TaskSet], workers: int, stop: StopFlag) -> float:
    """The same without bounds.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    program = _typical(config, samples[Stage.SELECT])
    for tasks in samples.values():  # so that they are packed, and all is loaded
        score_program(program, tasks, config, stop)
    times = {stage: _seconds(partial(score_program, program, each, config, stop)) for stage, each in samples.items()}
    whole = {stage: each * _share(config, stage, len(samples[stage])) for stage, each in times.items()}
    chosen = whole[Stage.SELECT] * CANDIDATES * config.islands.count / max(workers, 1)
    tuned = 0.0
    for each in suited(samples, config):
        stop.check()
        tuned += _baseline_seconds(each, config, samples)
    return chosen + sum(whole.values()) + tuned


def _typical(config: Config, tasks: TaskSet) -> Program:
    """A program such as a search comes to: with a matrix, if the memory has any."""
    if config.memory.matrices or tasks.is_multiclass:
        return two_layer_net(multiclass=tasks.is_multiclass)
    return library_program("linear_regression")


def _baseline_seconds(algorithm: Algorithm, config: Config, samples: Mapping[Stage, TaskSet]) -> float:
    """Of all trials on the select tasks, and of the scores on those of each stage.

    A setting costs as much as the least, the greatest and the default ones do in the mean.
    """
    tasks = first(samples[Stage.SELECT], TRIED)
    ends = [{name: values[end] for name, values in algorithm.ranges.items()} for end in range(3)]
    algorithm.scores(ends[-1], tasks, config)  # the defaults; loads what it needs
    each = fmean(_seconds(partial(algorithm.scores, settings, tasks, config)) for settings in ends) / len(tasks)
    sizes = {stage: stage.size(config.tasks).num_tasks for stage in Stage}
    trials = config.baselines.trials if algorithm.ranges else 0
    return each * (trials * min(sizes[Stage.SELECT], algorithm.tuned_on) + sum(sizes.values()))


def _share(config: Config, stage: Stage, sampled: int) -> float:
    return stage.size(config.tasks).num_tasks / sampled


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began
