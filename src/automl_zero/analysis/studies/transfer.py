"""A program elsewhere: on other data sets, numbers of features and numbers of examples, beside known algorithms.

In every place, program and known algorithms are tuned on its select tasks with the same number of trials, and scored
on its final tasks. Whether the program is still the best there is what tells whether a discovery is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from automl_zero.analysis.studies.tune import OnProgress, no_progress, tune
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.record.events import Score
from automl_zero.run.scoring.baselines import baselines
from automl_zero.run.scoring.suite import suite_config
from automl_zero.run.scoring.task_score import score_program
from automl_zero.tasks.task_kinds import Stage, build_tasks

KNOWN = ("linear", "net")  # names in ``run.baselines.ALGORITHMS``
PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """How a program and known algorithms do in one place.

    Attributes:
        suite: where, with its number of ``features`` and, in a task, of training ``examples``.
        untuned: the program as given.
        scores: of the tuned program, called ``program``, and of each known algorithm, the best first.
        tuned: the program with the constants of this place.
    """

    suite: str
    features: int
    examples: int
    untuned: Score
    scores: tuple[tuple[str, Score], ...]
    tuned: Program

    @property
    def order(self) -> str:
        """Who is better than whom."""
        return " > ".join(name for name, _ in self.scores)

    @property
    def is_best(self) -> bool:
        """Whether the program is better than all known algorithms."""
        return self.scores[0][0] == PROGRAM


def transfer_targets(
    suites: Sequence[str], features: Sequence[int], examples: Sequence[int], overrides: Sequence[str]
) -> tuple[Config, ...]:
    """Configs of all combinations; where no features or examples are named, each suite has its own.

    Raises:
        ConfigError: there is no such suite, or a number is not possible.
    """
    sizes = product(_settings(features, ["num_features"]), _settings(examples, [f"{each}.num_train" for each in Stage]))
    every = [[*one, *other] for one, other in sizes]
    return tuple(suite_config(suite, [*overrides, *each]) for suite in suites for each in every)


def transfer(
    program: Program, config: Config, trials: int, workers: int = 1, on_progress: OnProgress = no_progress
) -> TransferTarget:
    """Tune and score a program and known algorithms in one place.

    Raises:
        TaskError: the tasks cannot be built.
    """
    equal = config.model_copy(update={"baselines": config.baselines.model_copy(update={"trials": trials})})
    tasks = {stage: build_tasks(config.tasks, stage, config.seed) for stage in Stage}
    tuned = tune(program, tasks[Stage.SELECT], config, trials, workers, on_progress).program
    known = baselines(tasks, equal, KNOWN)
    final = tasks[Stage.FINAL]
    scores = [
        (PROGRAM, score_program(tuned, final, config)),
        *((each.name, each.scores[Stage.FINAL]) for each in known),
    ]
    scores.sort(key=lambda named: -named[1].fitness)
    untuned = score_program(program, final, config)
    return TransferTarget(config.name, final.num_features, final.num_train_examples, untuned, tuple(scores), tuned)


def _settings(values: Sequence[int], keys: Sequence[str]) -> list[list[str]]:
    """For each value, the overrides that set all keys of the tasks to it; without a value, nothing is set."""
    return [[f"tasks.{key}={value}" for key in keys] for value in values] or [[]]
