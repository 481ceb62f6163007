"""One experiment: an evolution of its own on search tasks of its own, whose best program goes to the select tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from automl_zero.config import Config, ConfigError, TasksConfig
from automl_zero.program.program import Program
from automl_zero.rng import seed_at
from automl_zero.run.archipelago import Archipelago
from automl_zero.run.checkpoint.snapshot import Arrays, ExperimentState
from automl_zero.run.islands.engine import Engine, ExperimentSpec
from automl_zero.run.record.limits import Usage
from automl_zero.search.island import Member
from automl_zero.search.space import build_space
from automl_zero.tasks.task import TaskError, TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks
from automl_zero.vm.stop_flag import StopFlag

CANDIDATES = 5  # of each island, for the select stage: the best ever and the fittest members


@dataclass(frozen=True, slots=True)
class Candidate:
    """A program with its combined fitness on the search tasks of the first island and on the select tasks.

    ``ancestor`` is its closest ancestor that was fitter than its parent, in the lineage of its experiment, or 0.
    """

    program: Program
    search_fitness: float
    select_fitness: float
    ancestor: int


def search_tasks(config: Config, experiment: int) -> tuple[TaskSet, ...]:
    """What programs of an experiment are evolved on, on each island; islands of equal settings share one task set.

    Raises:
        ConfigError: some groups have numbers to predict and others classes.
        TaskError: the data do not suffice.
    """
    seed = seed_at(config.seed, "experiment", experiment)
    settings = [config.of_island(number).tasks for number in range(config.islands.count)]
    built: dict[TasksConfig, TaskSet] = {}
    for number, each in enumerate(settings):
        if each not in built:
            with naming_group(config, number):
                built[each] = build_tasks(each, Stage.SEARCH, seed)
    check_losses(built.values())
    return tuple(built[each] for each in settings)


@contextmanager
def naming_group(config: Config, number: int) -> Iterator[None]:
    """Let errors tell which group of islands they are about, if there are groups."""
    try:
        yield
    except (ConfigError, TaskError) as error:
        if not config.islands.groups:
            raise
        raise type(error)(f"islands.groups.{number}: {error}") from None


def check_spaces(config: Config) -> None:
    """Check that every group of islands has programs to make.

    Raises:
        ConfigError: one of them names ops that are not there, or has none.
    """
    build_space(config)
    for number in range(len(config.islands.groups)):
        with naming_group(config, number):
            build_space(config.of_island(number))


def check_losses(tasks: Iterable[TaskSet]) -> None:
    """Check that all task sets judge predictions in the same way, so that a program means the same on all of them.

    Raises:
        ConfigError: they do not.
    """
    names = {each.loss: each.name for each in tasks}
    if len(names) > 1:
        found = ", ".join(f"'{name}' has {loss}" for loss, name in sorted(names.items()))
        raise ConfigError(
            f"tasks.kind of the run and of islands.groups must have the same loss, but {found}: use kinds of "
            "regression alone, or of classification alone"
        )


class Experiment:
    """An archipelago and how far it has come.

    Args:
        config: the run's settings.
        number: which of the run's experiments, from 0; all its random choices follow from it and the run's seed.
        initial: programs to begin with, or None for random ones.
        engine: where the islands run; in one thread if none is given.
    """

    def __init__(
        self, config: Config, number: int, initial: Sequence[Program] | None, engine: Engine | None = None
    ) -> None:
        self.config, self.number = config, number
        seed = seed_at(config.seed, "experiment", number)
        self.archipelago = Archipelago(config, search_tasks(config, number), seed, initial, engine)
        self.fitness = -1.0
        self.improved_at = 0  # programs
        self._at_epoch = self.fitness, self.improved_at  # after the last whole epoch

    @property
    def state(self) -> ExperimentState:
        """How far the experiment is, besides its arrays."""
        return ExperimentState(
            experiment=self.number,
            epoch=self.archipelago.epoch,
            fitness=self._at_epoch[0],
            improved_at=self._at_epoch[1],
            position=self.archipelago.position,
        )

    def restore(self, state: ExperimentState, arrays: Arrays) -> None:
        """Go on from a state of this experiment that was kept.

        Raises:
            StoreError: its arrays are not those of this config.
        """
        self.archipelago.restore(arrays)
        self.archipelago.set_position(state.epoch, state.position)
        self.fitness, self.improved_at = self._at_epoch = state.fitness, state.improved_at

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The digests of the search tasks of each island."""
        known = {id(tasks): tasks.digest for tasks in {id(each): each for each in self.archipelago.tasks}.values()}
        return tuple(known[id(tasks)] for tasks in self.archipelago.tasks)

    def run_epoch(self, most: int | None) -> bool:
        """Do an epoch, or the rest of one, or a part of it of at most so many programs on each island.

        When an epoch ends, all that is known of the experiment is as if it had not been done in parts. Returns
        whether programs have migrated.
        """
        self.fitness, self.improved_at = self._at_epoch
        return self.archipelago.run_epoch(most)

    def improves(self) -> bool:
        """Update the best fitness; return whether it has risen since the last call."""
        fitness = self.archipelago.fitness
        if has_risen := fitness > self.fitness:
            self.fitness, self.improved_at = fitness, self.archipelago.programs
        if not self.archipelago.position:
            self._at_epoch = self.fitness, self.improved_at
        return has_risen

    def programs_left(self, most: int, share: int) -> int | None:
        """How many more each island may make so that ``share`` such experiments make ``most`` more in all.

        Families stay whole. None stands for all that are left of the epoch, as they are fewer.
        """
        settings = self.config.islands
        if not settings.synchronous:
            return None
        left = -(-most // (settings.count * share))
        if self.config.search.method.has_families:
            left = -(-left // self.config.search.children) * self.config.search.children
        return left if left < settings.epoch_programs - self.archipelago.position else None

    @property
    def tasks(self) -> TaskSet:
        """The search tasks that the experiment's fitness is on: those of the first island."""
        return self.archipelago.tasks[0]

    @property
    def spent(self) -> Usage:
        """What the limits of an experiment look at."""
        programs, steps = self.archipelago.programs, self.archipelago.train_steps
        return Usage(programs, steps, self.fitness, idle_programs=programs - self.improved_at)

    def select(self, tasks: TaskSet, stop: StopFlag | None = None) -> Candidate:
        """Return, of the fittest programs of each island, the best on the select tasks; of equals, the best on search.

        Raises:
            Stopped: the flag was raised meanwhile.
        """
        stop = stop or StopFlag()
        found = self.archipelago.islands.fittest(CANDIDATES, range(len(self.archipelago.tasks)))
        members = [(number, member) for number, each in enumerate(found) for member in each]
        spec = ExperimentSpec(self.config, [tasks], seed_at(self.config.seed, "select"))
        on_select = self._scores([member.program for _, member in members], spec, stop)
        best = max(on_select.values())
        leaders = [(number, member) for number, member in members if on_select[member.program] == best]
        candidates = [
            Candidate(member.program, fitness, best, member.ancestor)
            for (_, member), fitness in zip(leaders, self._on_search(leaders, stop), strict=True)
        ]
        return max(candidates, key=lambda each: each.search_fitness)

    def _on_search(self, members: Sequence[tuple[int, Member]], stop: StopFlag) -> list[float]:
        """Return the fitness of members of islands on the first island's tasks, on which all can be compared."""
        others = [member.program for number, member in members if not self._shares_first_tasks(number)]
        found = self._scores(others, self.archipelago.spec, stop)
        return [
            member.fitness if self._shares_first_tasks(number) else found[member.program] for number, member in members
        ]

    def _shares_first_tasks(self, number: int) -> bool:
        """Whether an island has the first one's tasks."""
        return self.archipelago.tasks[number] is self.tasks

    def _scores(self, programs: Sequence[Program], spec: ExperimentSpec, stop: StopFlag) -> dict[Program, float]:
        """Return the fitness of each program; one that several islands hold is scored once."""
        different = list(dict.fromkeys(programs))
        return dict(zip(different, self.archipelago.engine.score(different, spec, stop), strict=True))
