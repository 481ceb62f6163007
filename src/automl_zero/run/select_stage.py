"""The select stage: the best program of each experiment competes on tasks that took no part in the search."""

from __future__ import annotations

from functools import cached_property, partial

from automl_zero.config import Config
from automl_zero.run.experiment import Candidate, Experiment
from automl_zero.run.record.events import Selection
from automl_zero.run.stop_control import StopControl, run_apart
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks


class SelectStage:
    """Scores the programs of experiments on the select tasks.

    Attributes:
        selections: those that were the best of the run when they were made, so the last one is the best.
    """

    def __init__(self, config: Config, stop_control: StopControl) -> None:
        self._config, self._stop_control = config, stop_control
        self.selections: list[Selection] = []

    @cached_property
    def tasks(self) -> TaskSet:
        """The select tasks, built when the first experiment ends.

        Raises:
            Stopped: the time was over before they were built.
        """
        build = partial(build_tasks, self._config.tasks, Stage.SELECT, self._config.seed)
        return run_apart(build, lambda: self._stop_control.scoring.is_set)

    @property
    def best_fitness(self) -> float:
        """The best fitness on the select tasks so far; -1 before there is any."""
        return self.selections[-1].select_fitness if self.selections else -1.0

    def score(self, experiment: Experiment) -> Candidate:
        """Return the program of an experiment that does best on the select tasks.

        Raises:
            Stopped: the time was over before its programs were scored.
        """
        return experiment.select(self.tasks, self._stop_control.scoring)

    def add(self, selection: Selection) -> None:
        """Keep a selection if it is the best so far."""
        if selection.is_best:
            self.selections.append(selection)
