"""What must be known before the clock of a run begins: all is compiled, and what follows the search has its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter

from automl_zero.config import Config
from automl_zero.program.library import two_layer_net
from automl_zero.program.program import Program
from automl_zero.run.baselines import Algorithm, suited
from automl_zero.run.experiment import CANDIDATES
from automl_zero.run.scoring import score_program
from automl_zero.search.island import Island
from automl_zero.tasks.suites import Stage, sample_tasks
from automl_zero.tasks.task import TaskSet, first

MOST_SHARE = 0.3  # of the time of a run
MARGIN = 1.5  # so many times what is measured: evolved programs and other settings of baselines may cost more
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
    net = two_layer_net(multiclass=samples[Stage.SELECT].is_multiclass)
    times = {stage: _seconds(partial(score_program, net, tasks, config)) for stage, tasks in samples.items()}
    whole = {stage: each * _share(config, stage, len(samples[stage])) for stage, each in times.items()}
    chosen = whole[Stage.SELECT] * CANDIDATES * config.islands.count / max(workers, 1)
    tuned = sum(_baseline_seconds(each, config, samples) for each in suited(samples, config))
    most = MOST_SHARE * (config.stop.max_seconds or float("inf"))
    return min(MARGIN * (chosen + sum(whole.values()) + tuned), most)


def _baseline_seconds(algorithm: Algorithm, config: Config, samples: Mapping[Stage, TaskSet]) -> float:
    """Of all trials on the select tasks, and of the scores on those of each stage."""
    tasks = first(samples[Stage.SELECT], TRIED)
    settings = {name: default for name, (_, _, default) in algorithm.ranges.items()}
    algorithm.scores(settings, tasks, config)  # loads what it needs
    each = _seconds(partial(algorithm.scores, settings, tasks, config)) / len(tasks)
    sizes = {stage: stage.size(config.tasks).num_tasks for stage in Stage}
    trials = config.baselines.trials if algorithm.ranges else 0
    return each * (trials * min(sizes[Stage.SELECT], algorithm.tuned_on) + sum(sizes.values()))


def _share(config: Config, stage: Stage, sampled: int) -> float:
    return stage.size(config.tasks).num_tasks / sampled


def _seconds(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began
