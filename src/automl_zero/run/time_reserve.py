"""Preparation before the time of a run starts: compilation, and the time to reserve for the work after the search."""

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
from automl_zero.run.scoring.baselines import Algorithm, load_libraries, suited
from automl_zero.run.scoring.task_score import score_program
from automl_zero.search.island import Island
from automl_zero.tasks.task import TaskSet, first
from automl_zero.tasks.task_kinds import Stage, sample_tasks
from automl_zero.vm.stop_flag import StopFlag, Stopped

BASELINES_SHARE, MAX_SHARE = 0.12, 0.3  # of the time of a run: the least if there are baselines, and the most
MEASURED_SHARE, MEASURED_SECONDS = 0.1, 2.0  # the smaller of this share and these seconds is for the measurement
MARGIN = 1.5  # a safety factor: evolved programs may cost more than the measured ones
TRIED = 2  # tasks on which a baseline is measured


def compile_search(config: Config, samples: Iterable[TaskSet]) -> None:
    """Compile what the run executes, or load it from the cache, for each group of islands and each stage.

    In a run with a limit on time, the libraries of the baselines are imported, too: neither counts as time of the run.

    Args:
        config: the settings of the run.
        samples: some tasks of the select and final stages.

    Raises:
        ConfigError, TaskError: the config cannot be used.
    """
    for tasks in samples:
        score_program(Program(), _of_one_epoch(tasks), config)
    for group in range(max(1, len(config.islands.groups))):
        own = config.of_island(group)
        tasks = _of_one_epoch(sample_tasks(own.tasks, Stage.SEARCH, config.seed))
        Island(_small(own), tasks, config.seed, [Program()])
    if config.stop.max_seconds is not None and config.baselines.names:
        load_libraries()


def _of_one_epoch(tasks: TaskSet) -> TaskSet:
    return replace(tasks, train_order=tasks.train_order[:1])


def _small(config: Config) -> Config:
    """Return the config of a tiny island, which needs the same compiled code as a large one."""
    return config.model_copy(
        update={
            "search": config.search.model_copy(update={"population_size": 2, "children": 1}),
            "evaluation": config.evaluation.model_copy(update={"cache_size": 4, "screening_tasks": 0}),
            "mutation": config.mutation.model_copy(update={"graph_share": 0.0}),
            "islands": config.islands.model_copy(update={"epoch_programs": 1}),
        }
    )


def seconds_after_search(config: Config, samples: Mapping[Stage, TaskSet], workers: int) -> float:
    """Estimate the time to select a program, to score it, and to tune the baselines.

    Args:
        config: the settings of the run; the estimate is at most ``MAX_SHARE`` of its ``stop.max_seconds``.
        samples: some of its select and final tasks.
        workers: how many programs are scored in parallel.
    """
    limit, stop = config.stop.max_seconds or float("inf"), StopFlag()
    least = BASELINES_SHARE * limit if suited(samples, config) else 0.0
    timer = Timer(min(MEASURED_SHARE * limit, MEASURED_SECONDS), stop.set)
    timer.daemon = True
    timer.start()
    try:
        return min(max(MARGIN * _measured(config, samples, workers, stop), least), MAX_SHARE * limit)
    except Stopped:  # if even the measurement takes too long, reserve the most
        return MAX_SHARE * limit
    finally:
        timer.cancel()


def _measured(config: Config, samples: Mapping[Stage, TaskSet], workers: int, stop: StopFlag) -> float:
    """Return the estimate without bounds.

    Raises:
        Stopped: the flag was raised meanwhile.
    """
    program = _typical(config, samples[Stage.SELECT])
    for tasks in samples.values():  # a first call packs the tasks and loads compiled code
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
    """Return a program that is typical for the result of a search; it uses matrices if the memory has any."""
    if config.memory.matrices or tasks.is_multiclass:
        return two_layer_net(multiclass=tasks.is_multiclass)
    return library_program("linear_regression")


def _baseline_seconds(algorithm: Algorithm, config: Config, samples: Mapping[Stage, TaskSet]) -> float:
    """Estimate the time of all trials on the select tasks, and of the scores on the tasks of each stage.

    The cost of a setting is the mean of the costs of the least, the greatest and the default one.
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
