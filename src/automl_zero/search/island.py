"""An island: one population with its caches, counters and random numbers, and the tasks it is scored on.

Its state is arrays alone (``state.State``): a function of the config, its seed and the number of children so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from automl_zero.config import Config, ConfigError
from automl_zero.program.library import library_program
from automl_zero.program.program import AddressCounts, Program
from automl_zero.search import evolve
from automl_zero.search.cache import new_cache
from automl_zero.search.graph.mutation import new_graphs
from automl_zero.search.hurdle import new_hurdle
from automl_zero.search.learnability import new_facts
from automl_zero.search.lineage_log import MUTATION_NAMES, EpochStats, collect, forget_now, new_lineage_log
from automl_zero.search.population import decode, fill, new_population
from automl_zero.search.random_stream import new_state
from automl_zero.search.reproduction import MAX_RANDOM_ATTEMPTS
from automl_zero.search.space import Space, build_space
from automl_zero.search.state import COUNTERS, Settings, State, Workspace
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import execute
from automl_zero.vm.evaluation_arrays import EvaluationBudget
from automl_zero.vm.lanes.lanes import Width
from automl_zero.vm.lower import encode, new_code, new_lowered
from automl_zero.vm.stop_flag import StopFlag

SOURCES = {
    "regularized-evolution": evolve.CHILD,
    "random-search": evolve.RANDOM,
    "minimal-generation-gap": evolve.FAMILY,
}


class Member(NamedTuple):
    """A program of an island, its fitness there, and its closest ancestor that was fitter than its parent, or 0."""

    program: Program
    fitness: float
    ancestor: int


class Island:
    """One population, ready to evolve.

    Args:
        config: the run's settings.
        tasks: what programs are scored on; islands may share it.
        seed: of this island's random numbers.
        initial: programs to begin with, repeated as often as the population needs; random ones where none are given, or
            where the first is empty and graphs are to be valid.
        stop: a flag that ends whatever the island is doing when it is raised; the island can only be asked for its best
            programs then.

    Raises:
        ConfigError, ProgramError: the config or an initial program cannot be used, or no random program is valid.
        Stopped: the flag was raised before the initial population was scored.
    """

    def __init__(
        self,
        config: Config,
        tasks: TaskSet,
        seed: int,
        initial: Sequence[Program] | None = None,
        stop: StopFlag | None = None,
    ) -> None:
        self.space: Space = build_space(config)
        self.settings = _settings(config, tasks)
        self.keeps_fittest = config.islands.keep_fittest  # when programs arrive
        self._source, self._stop = SOURCES[config.search.method], stop or StopFlag()
        capacity = config.program.max_sizes
        counts = AddressCounts(config.memory.scalars, config.memory.vectors, config.memory.matrices)
        self._lanes = execute.choose_lanes(counts, tasks, config.dtype)
        self._width = Width(config.dtype, self._lanes)
        self._tasks = execute.pack(tasks, config.dtype, self._lanes)
        forgets = config.evaluation.forget_after > 0
        self.state = State(
            new_population(config.search.population_size, capacity),
            new_cache(config.evaluation.cache_size, forgets),
            new_cache(config.evaluation.cache_size if config.evaluation.fingerprint_train else 0, forgets),
            new_hurdle(),
            new_code(capacity),
            np.full(1, -1.0),
            np.zeros(1, np.uint64),
            new_state(seed),
            np.zeros(len(COUNTERS), np.int64),
            np.zeros((len(MUTATION_NAMES), 3), np.int64),
        )
        traced = self.settings.fingerprint.num_train + self.settings.fingerprint.num_valid
        self._work = Workspace(
            new_code(capacity),
            np.zeros(1, np.int64),
            new_lineage_log(config.search.population_size, config.islands.epoch_programs, capacity),
            new_population(config.search.children + 2, capacity),
            new_graphs(capacity),
            new_lowered(sum(capacity)),
            new_facts(),
            execute.new_buffers(counts, tasks, config.dtype, self._lanes, traced, self._stop),
            execute.new_scores(execute.padded(len(tasks), self._lanes)),
            np.zeros(len(tasks)),
        )
        self._populate(initial, counts, capacity)

    def _populate(
        self, initial: Sequence[Program] | None, counts: AddressCounts, capacity: tuple[int, int, int]
    ) -> None:
        programs = initial or [Program()]
        for program in programs:
            program.check_fits(counts, capacity)
        fill(self.state.population, [encode(program, capacity) for program in programs])
        source, count = evolve.MEMBER, len(self.state.population.fitness)
        if not initial or (self.settings.graph_share > 0 and not any(initial[0])):
            source, count = evolve.RANDOM, count - 1
            self._run(source, 1)
            self._check_that_one_was_found()
        self._run(source, count)

    def _check_that_one_was_found(self) -> None:
        if self.counters["rejected_drafts"] >= MAX_RANDOM_ATTEMPTS:
            raise ConfigError(
                f"of {MAX_RANDOM_ATTEMPTS} random programs, none is valid, but mutation.graph_share = "
                f"{self.settings.graph_share} asks for valid ones: allow other ops, larger program.max_sizes or more "
                "addresses, or use mutation.graph_share = 0"
            )

    def run(self, count: int) -> None:
        """Search on by ``count`` programs; releases the GIL for the whole time.

        Raises:
            Stopped: the stop flag was raised before all of them were made.
        """
        self._run(self._source, count)

    def rescore(self, slots: Iterable[int]) -> None:
        """Score the members in these slots on this island's tasks, like any other programs; their ages stay.

        Raises:
            Stopped: the stop flag was raised before all of them were scored.
        """
        oldest = self.state.population.oldest
        before = int(oldest[0])
        for slot in slots:
            oldest[0] = slot  # the loop scores the oldest member and puts it back
            self._run(evolve.MEMBER, 1)
        oldest[0] = before

    def _run(self, source: int, count: int) -> None:
        evolve.evolve(self._width, self.space, self.settings, self._tasks, self.state, self._work, source, count)
        self._stop.check()

    @property
    def best_fitness(self) -> float:
        """The best score so far."""
        return float(self.state.best_fitness[0])

    @property
    def best(self) -> Program:
        """The program with the best score so far."""
        best = self.state.best
        return decode(best.code, best.data, best.size, best.start)

    def epoch_stats(self, number: int) -> EpochStats:
        """What the search has brought forth since this was asked last; ``number`` is the island's own."""
        state, work = self.state, self._work
        forget_now(work.lineage_log, state.population, work.family, state.best_ancestor, state.best.start)
        living = np.unique(np.append(state.population.ancestor, state.best_ancestor))
        _, alike = np.unique(state.population.fitness, return_counts=True)
        lineage_log, best = collect(work.lineage_log, state.best.start, number), int(state.best_ancestor[0])
        return EpochStats(lineage_log, living, len(alike), int(alike.max()), best)

    def fittest(self, count: int) -> list[Member]:
        """At most so many different programs: the best so far, then the fittest members."""
        population, start = self.state.population, self.state.best.start
        found = {self.best: Member(self.best, self.best_fitness, int(self.state.best_ancestor[0]))}
        for slot in np.argsort(-population.fitness, kind="stable"):
            if len(found) == count:
                break
            member = decode(population.code[slot], population.data[slot], population.size[slot], start)
            found.setdefault(member, Member(member, float(population.fitness[slot]), int(population.ancestor[slot])))
        return list(found.values())

    @property
    def counters(self) -> dict[str, int]:
        """What became of the children so far, by the names in ``state.COUNTERS``."""
        return dict(zip(COUNTERS, map(int, self.state.counters), strict=True))


def _settings(config: Config, tasks: TaskSet) -> Settings:
    chosen = config.evaluation
    steps = tasks.num_train_examples * tasks.num_epochs
    return Settings(
        config.search.tournament_size,
        tasks.is_multiclass,
        chosen.combination == "median",
        chosen.max_abs_error,
        chosen.cost_limit * library_program("two_layer_net").cost(steps),
        _part(tasks, chosen.fingerprint_train, chosen.fingerprint_valid),
        _part(tasks, chosen.hurdle_train, chosen.hurdle_valid),
        chosen.hurdle_quantile,
        chosen.reject_unlearnable,
        config.search.fitness_resolution,
        config.search.parsimony,
        config.mutation.max_attempts,
        config.mutation.neutral_share,
        config.mutation.graph_share,
        config.search.children,
        config.search.rarity if config.search.method == "minimal-generation-gap" else 0.0,
        chosen.forget_after,
        chosen.evaluations,
    )


def _part(tasks: TaskSet, num_train: int, num_valid: int) -> EvaluationBudget:
    """So many examples of the first epoch, or all there are."""
    return EvaluationBudget(min(num_train, tasks.num_train_examples), min(num_valid, tasks.num_valid_examples), 1)
