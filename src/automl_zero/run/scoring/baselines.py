"""Baselines: known algorithms on exactly the tasks of a run, which evolved programs are compared with.

Each is tuned on the select tasks, where the evolved program is chosen, too, and all with the same number of trials. The
final tasks have no part in it. A baseline is one row of ``ALGORITHMS``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from automl_zero.config import Config
from automl_zero.config.sections import BaselineName
from automl_zero.program.library import library_program, linear, two_layer_net
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.record.events import Baseline, Score
from automl_zero.run.scoring import sklearn_baselines
from automl_zero.run.scoring.score_cache import cached, read_cached
from automl_zero.run.scoring.task_score import fitnesses, score_of
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.task import Loss, TaskSet, first
from automl_zero.vm.fitness import combine

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

Settings = Mapping[str, float]
Scorer = Callable[[Settings, TaskSet, Config], list[float]]  # returns the fitness on each task


@dataclass(frozen=True)
class Algorithm:
    """A baseline.

    Attributes:
        names: what users see, for regression and for classification.
        ranges: (least, most, default) of each hyperparameter, on a log scale; of integers if all three are.
        scores: computes the fitness on each task at given settings.
        suits: returns whether it supports such tasks.
        tuned_on: the most select tasks that it is tuned on; fewer for slow ones.
    """

    names: tuple[str, str]
    ranges: Mapping[str, tuple[float, float, float]]
    scores: Scorer
    suits: Callable[[TaskSet], bool] = lambda _: True
    tuned_on: int = 1000

    def name(self, tasks: TaskSet) -> str:
        """Return its name on such tasks."""
        return self.names[0] if tasks.loss is Loss.RMSE else self.names[1]


def _program_scores(
    make: Callable[[Settings, TaskSet], Program], settings: Settings, tasks: TaskSet, config: Config
) -> list[float]:
    return fitnesses(make(settings, tasks), tasks, config)


def _linear_program(settings: Settings, _: TaskSet) -> Program:
    return linear(settings["learning rate"])


def _net(settings: Settings, tasks: TaskSet) -> Program:
    return two_layer_net(settings["learning rate"], settings["first weights"], tasks.is_multiclass)


def _is_binary(tasks: TaskSet) -> bool:
    return tasks.loss is Loss.ACCURACY and not tasks.is_multiclass


def _figure_6(_: Settings, __: TaskSet) -> Program:
    return library_program("figure_6")


RATES = (1e-4, 1.0, 0.01)
_ROWS: Mapping[BaselineName, Algorithm] = {
    "linear": Algorithm(
        names=("ridge regression", "logistic regression"),
        ranges={"penalty": (1e-6, 1e4, 1.0)},
        scores=sklearn_baselines.linear_scores,
    ),
    "mlp": Algorithm(
        names=("multilayer perceptron",) * 2,
        ranges={"learning rate": (1e-4, 0.1, 1e-3), "penalty": (1e-6, 0.1, 1e-4), "hidden units": (8, 128, 100)},
        scores=sklearn_baselines.perceptron_scores,
        tuned_on=8,
    ),
    "gradient-descent": Algorithm(
        names=("linear by gradient descent",) * 2,
        ranges={"learning rate": RATES},
        scores=partial(_program_scores, _linear_program),
        suits=lambda tasks: not tasks.is_multiclass,
    ),
    "net": Algorithm(
        names=("two-layer net",) * 2,
        ranges={"learning rate": RATES, "first weights": (0.01, 1.0, 0.1)},
        scores=partial(_program_scores, _net),
    ),
    "figure-6": Algorithm(
        names=("figure 6 of the paper",) * 2,
        ranges={},
        scores=partial(_program_scores, _figure_6),
        suits=_is_binary,
    ),
}
ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(dict(_ROWS.items()))


def baselines(
    tasks: Mapping[Stage, TaskSet], config: Config, names: Sequence[str] | None = None
) -> tuple[Baseline, ...]:
    """Tune and score the baselines of the config, or those named, on the tasks of every stage.

    Scores that were computed before on the same tasks are read from the cache of the user.
    """
    return tuple(baseline(each, tasks, config) for each in suited(tasks, config, names))


def suited(tasks: Mapping[Stage, TaskSet], config: Config, names: Sequence[str] | None = None) -> list[Algorithm]:
    """Return the baselines of the config, or those named, that support the tasks."""
    wanted = [ALGORITHMS[name] for name in (config.baselines.names if names is None else names)]
    return [each for each in wanted if each.suits(tasks[Stage.SELECT])]


def load_libraries() -> None:
    """Import the libraries that fit and tune baselines, so that their first use takes no longer than the next."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "IProgress not found")  # in notebooks, of bars that are never drawn
        import optuna  # noqa: F401 (imported for later)

    sklearn_baselines.load_library()


def baseline(algorithm: Algorithm, tasks: Mapping[Stage, TaskSet], config: Config) -> Baseline:
    """Tune and score one algorithm, or read its scores from the cache."""
    name = algorithm.name(tasks[Stage.SELECT])
    return cached(_key(name, tasks, config), partial(_tune_and_score, algorithm, name, tasks, config))


def is_cached(algorithm: Algorithm, tasks: Mapping[Stage, TaskSet], config: Config) -> bool:
    """Return whether the scores of an algorithm are in the cache, so that they take no time."""
    return read_cached(_key(algorithm.name(tasks[Stage.SELECT]), tasks, config)) is not None


def _key(name: str, tasks: Mapping[Stage, TaskSet], config: Config) -> tuple[object, ...]:
    of_config = config.dtype, config.evaluation.combination, config.evaluation.max_abs_error
    return name, config.baselines.trials, config.seed, *of_config, *(tasks[stage].digest for stage in Stage)


def _tune_and_score(algorithm: Algorithm, name: str, tasks: Mapping[Stage, TaskSet], config: Config) -> Baseline:
    settings = _tuned(algorithm, first(tasks[Stage.SELECT], algorithm.tuned_on), config)

    def score(stage: Stage) -> Score:
        return score_of(algorithm.scores(settings, tasks[stage], config), config.evaluation.combination)

    described = ", ".join(f"{setting} {value:.3g}" for setting, value in settings.items())
    return Baseline(name=name, setting=described or "untuned", scores={stage: score(stage) for stage in Stage})


def _tuned(algorithm: Algorithm, tasks: TaskSet, config: Config) -> Settings:
    """Return the best settings on some tasks: the defaults, or those of one of the trials."""
    if not algorithm.ranges:
        return {}
    load_libraries()
    import optuna

    def objective(trial: BaseTrial) -> float:
        settings = _suggested(algorithm, trial)
        return combine(algorithm.scores(settings, tasks, config), config.evaluation.combination)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed_at(config.seed, "baselines") % (1 << 32))
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial({setting: default for setting, (_, _, default) in algorithm.ranges.items()})
    study.optimize(objective, n_trials=config.baselines.trials)
    return study.best_params


def _suggested(algorithm: Algorithm, trial: BaseTrial) -> Settings:
    def suggest(setting: str, least: float, most: float) -> float:
        if isinstance(least, int) and isinstance(most, int):
            return trial.suggest_int(setting, least, most, log=True)
        return trial.suggest_float(setting, least, most, log=True)

    return {setting: suggest(setting, least, most) for setting, (least, most, _) in algorithm.ranges.items()}
