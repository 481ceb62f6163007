"""Transfer of a program to other tasks, in comparison with known algorithms.

Targets are other data sets, numbers of features and numbers of examples. For each target, the program and the known
algorithms are tuned on its select tasks with the same number of trials and scored on its final tasks. A discovery is
genuine if the program is still the best there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.run.record.events import Score
from automl_zero.run.scoring.baselines import baselines
from automl_zero.run.scoring.suite import suite_config
from automl_zero.run.scoring.task_score import for_study, score_program
from automl_zero.run.scoring.tune import OnProgress, no_progress, tune
from automl_zero.tasks.task_kinds import Stage, build_tasks

KNOWN = ("linear", "net")  # names in ``run.baselines.ALGORITHMS``
PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class TransferResult:
    """Scores of a program and known algorithms on one target.

    Attributes:
        suite: the name of the tasks.
        features: the number of features.
        examples: the number of training examples of a task.
        untuned: the score of the program as given.
        scores: the scores of the tuned program, called ``program``, and of each known algorithm, the best first.
        tuned: the program with constants tuned for this target.
    """

    suite: str
    features: int
    examples: int
    untuned: Score
    scores: tuple[tuple[str, Score], ...]
    tuned: Program

    @property
    def order(self) -> str:
        """The names in the order of their scores, as in ``program > net > linear``."""
        return " > ".join(name for name, _ in self.scores)

    @property
    def is_best(self) -> bool:
        """Whether the program is better than all known algorithms."""
        return self.scores[0][0] == PROGRAM


def transfer_targets(
    suites: Sequence[str], features: Sequence[int], examples: Sequence[int], overrides: Sequence[str]
) -> tuple[Config, ...]:
    """Return the configs of all combinations; without features or examples, each suite has its own.

    Raises:
        ConfigError: there is no such suite, or a number is not possible.
    """
    sizes = product(_settings(features, ["num_features"]), _settings(examples, [f"{each}.num_train" for each in Stage]))
    every = [[*one, *other] for one, other in sizes]
    return tuple(suite_config(suite, [*overrides, *each]) for suite in suites for each in every)


def transfer(
    program: Program, config: Config, trials: int, workers: int = 1, on_progress: OnProgress = no_progress
) -> TransferResult:
    """Tune and score a program and known algorithms on one target.

    Raises:
        TaskError: the tasks cannot be built.
    """
    config = for_study(config)
    equal = config.model_copy(update={"baselines": config.baselines.model_copy(update={"trials": trials})})
    tasks = {stage: build_tasks(config.tasks, stage, config.seed) for stage in Stage}
    tuned = tune(program, tasks[Stage.SELECT], config, trials, workers, on_progress).program
    known = baselines(tasks, equal, KNOWN)
    final = tasks[Stage.FINAL]
    scores = [
        (PROGRAM, score_program(tuned, final, config)),
        *((each.name, each.scores[Stage.FINAL]) for each in known),
    ]
    # A stable sort: with equal scores, the program comes before the known algorithms.
    scores.sort(key=lambda named: -named[1].fitness)
    untuned = score_program(program, final, config)
    return TransferResult(
        suite=config.name,
        features=final.num_features,
        examples=final.num_train_examples,
        untuned=untuned,
        scores=tuple(scores),
        tuned=tuned,
    )


def _settings(values: Sequence[int], keys: Sequence[str]) -> list[list[str]]:
    """Return for each value the overrides that set all keys of the tasks to it; without values, one empty list."""
    return [[f"tasks.{key}={value}" for key in keys] for value in values] or [[]]
