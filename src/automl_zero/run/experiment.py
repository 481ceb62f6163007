"""One experiment: an evolution of its own on search tasks of its own, whose best program goes to the select tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.limits import Spent
from automl_zero.run.scoring import score_program
from automl_zero.tasks.suites import Stage, build_tasks
from automl_zero.tasks.task import TaskSet


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program with its combined fitness on the search tasks of its experiment and on the select tasks."""

    program: Program
    search_fitness: float
    select_fitness: float


def search_tasks(config: Config, experiment: int) -> TaskSet:
    """What programs of an experiment are evolved on."""
    return build_tasks(config.tasks, Stage.SEARCH, seed_at(config.seed, "experiment", experiment))


class Experiment:
    """An archipelago and how far it has come.

    Args:
        config: the run's settings.
        number: which of the run's experiments, from 0; all its random choices follow from it and the run's seed.
        initial: programs to begin with, or None for random ones.
    """

    def __init__(self, config: Config, number: int, initial: Sequence[Program] | None) -> None:
        self.config, self.number = config, number
        seed = seed_at(config.seed, "experiment", number)
        self.archipelago = Archipelago(config, search_tasks(config, number), seed, initial)
        self.fitness = -1.0
        self._improved_at = 0

    def improves(self) -> bool:
        """Take note of the best fitness; tells whether it has risen since it was asked for last."""
        fitness = self.archipelago.leader.best_fitness
        if fitness <= self.fitness:
            return False
        self.fitness, self._improved_at = fitness, self.archipelago.programs
        return True

    @property
    def spent(self) -> Spent:
        """What the limits of an experiment look at."""
        programs, steps = self.archipelago.programs, self.archipelago.train_steps
        return Spent(programs, steps, self.fitness, idle_programs=programs - self._improved_at)

    def select(self, tasks: TaskSet) -> Candidate:
        """Of the best program of each island, the one that does best on the select tasks; of equals, on search."""
        candidates = [
            Candidate(island.best, island.best_fitness, score_program(island.best, tasks, self.config).fitness)
            for island in self.archipelago.islands
        ]
        return max(candidates, key=lambda each: (each.select_fitness, each.search_fitness))
