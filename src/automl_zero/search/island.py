"""An island: one population with its caches, counters and random numbers, and the tasks it is scored on.

Its state is arrays alone (``state.State``): a function of the config, its seed and the number of children so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from automl_zero.config import Config, ConfigError, SearchMethod
from automl_zero.program.library import library_program
from automl_zero.program.program import AddressCounts, Program
from automl_zero.search.cache import new_cache
from automl_zero.search.evolve import CandidateSource, evolve
from automl_zero.search.graph.mutation import new_graph_workspace
from automl_zero.search.hurdle import new_hurdle
from automl_zero.search.learnability import new_abstract_memory
from automl_zero.search.lineage_log import MUTATION_NAMES, EpochStats, Roots, collect, compact_now, new_lineage_log
from automl_zero.search.population import decode, fill, new_population
from automl_zero.search.random_stream import new_state
from automl_zero.search.reproduction import MAX_RANDOM_ATTEMPTS
from automl_zero.search.space import Space, build_space
from automl_zero.search.state import COUNTERS, Settings, State, Workspace
from automl_zero.tasks.task import TaskSet
from automl_zero.vm import execute
from automl_zero.vm.evaluation_arrays import BLOCKS, EvaluationBudget, ExecutionBuffers
from automl_zero.vm.lanes.lanes import Width
from automl_zero.vm.lower import encode, new_code, new_lowered
from automl_zero.vm.stop_flag import StopFlag

# Where the candidates of each search method come from, once the initial population has been scored.
SOURCES = {
    SearchMethod.REGULARIZED_EVOLUTION: CandidateSource.CHILD,
    SearchMethod.MINIMAL_GENERATION_GAP: CandidateSource.FAMILY,
    SearchMethod.RANDOM_SEARCH: CandidateSource.RANDOM,
}


class Member(NamedTuple):
    """A program of an island, its fitness there, and its closest ancestor that was fitter than its parent, or 0."""

    program: Program
    fitness: float
    ancestor: int


class Island:
    """One population, ready to evolve.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.tasks.task_kinds import Stage, build_tasks
        >>> config = load_config("linear")
        >>> island = Island(config, build_tasks(config.tasks, Stage.SEARCH, 1), seed=1)
        >>> island.run(10_000)
        >>> island.counters["programs"] == config.search.population_size + 10_000
        True

    Args:
        config: the run's settings.
        tasks: what programs are scored on; islands may share it.
        seed: of this island's random numbers.
        initial: initial programs, repeated until the population is full; random ones where none are given, or where
            the first is empty and mutations change graphs.
        stop: a flag that ends whatever the island is doing when it is raised; after that, only its best programs can
            be read.

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
        _check_screening(config, len(tasks))
        self.space: Space = build_space(config)
        self.keeps_fittest = config.islands.keep_fittest  # when migrants replace members
        self._source, self._stop = SOURCES[config.search.method], stop or StopFlag()
        # Tasks are evaluated side by side, one in each lane of a vector register; see ``vm.evaluation``.
        counts = AddressCounts(config.memory.scalars, config.memory.vectors, config.memory.matrices)
        lanes = execute.choose_lanes(counts, tasks, config.dtype)
        self._width = Width(config.dtype, lanes)
        self._tasks = execute.pack(tasks, config.dtype, lanes)
        self.settings = _settings(config, tasks, num_blocks=int(self._tasks.shape[BLOCKS]))
        self.state = _new_state(config, seed)
        traced = self.settings.fingerprint.num_train + self.settings.fingerprint.num_valid
        buffers = execute.new_buffers(counts, tasks, config.dtype, lanes, traced, self._stop)
        self._scratch = _new_workspace(config, buffers, len(tasks), lanes)
        self._populate(initial or [Program()], counts, config.program.max_sizes, is_random=not initial)

    def _populate(
        self,
        initial: Sequence[Program],
        counts: AddressCounts,
        capacity: tuple[int, int, int],
        is_random: bool,
    ) -> None:
        """Fill the population with scored programs: the initial ones in turn, or random ones."""
        for program in initial:
            program.check_fits(counts, capacity)
        fill(self.state.population, [encode(program, capacity) for program in initial])
        source, count = CandidateSource.MEMBER, len(self.state.population.fitness)
        if is_random or (self.settings.graph_share > 0 and not any(initial[0])):
            # The first by itself: where no program is valid, each one takes MAX_RANDOM_ATTEMPTS to fail.
            source, count = CandidateSource.RANDOM, count - 1
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
        """Evolve for ``count`` more candidates, without the GIL.

        Raises:
            Stopped: the stop flag was raised before all of them were evaluated.
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
            self._run(CandidateSource.MEMBER, 1)
        oldest[0] = before

    def _run(self, source: CandidateSource, count: int) -> None:
        # A plain integer, as the type of an enum would be another signature of the loop.
        arguments = (self._width, self.space, self.settings, self._tasks, self.state, self._scratch)
        evolve(*arguments, int(source), count)
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
        """Return what the search has found after the last call of this; ``number`` is the island's own."""
        state, scratch = self.state, self._scratch
        roots = Roots(population=state.population, family=scratch.family, best_ancestor=state.best_ancestor)
        # So that what is collected has living descendants, whenever the last compaction was.
        compact_now(scratch.lineage_log, roots, state.best.start)
        _, counts = np.unique(state.population.fitness, return_counts=True)
        return EpochStats(
            ancestors=collect(scratch.lineage_log, state.best.start, number),
            living=np.unique(np.append(state.population.ancestor, state.best_ancestor)),
            behaviours=len(counts),
            most_common_count=int(counts.max()),
            best=int(state.best_ancestor[0]),
        )

    def fittest(self, count: int) -> list[Member]:
        """Return at most ``count`` different programs: the best so far, then the fittest members."""
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
        """Totals of all candidates so far, by the names in ``state.COUNTERS``."""
        return dict(zip(COUNTERS, map(int, self.state.counters), strict=True))


def _settings(config: Config, tasks: TaskSet, num_blocks: int) -> Settings:
    search, mutation, chosen = config.search, config.mutation, config.evaluation
    steps = tasks.num_train_examples * tasks.num_epochs
    return Settings(
        tournament_size=search.tournament_size,
        multiclass=tasks.is_multiclass,
        median=chosen.combination == "median",
        max_abs_error=chosen.max_abs_error,
        max_cost=chosen.cost_limit * library_program("two_layer_net").cost(steps),
        fingerprint=_part(tasks, chosen.fingerprint_train, chosen.fingerprint_valid, 1),
        hurdle=_part(tasks, chosen.hurdle_train, chosen.hurdle_valid, num_blocks),
        hurdle_quantile=chosen.hurdle_quantile,
        screening_tasks=chosen.screening_tasks,
        only_last_epoch=chosen.epochs == "last",
        reject_unlearnable=chosen.reject_unlearnable,
        fitness_resolution=search.fitness_resolution,
        parsimony=search.parsimony,
        max_attempts=mutation.max_attempts,
        neutral_share=mutation.neutral_share,
        graph_share=mutation.graph_share,
        children=search.children,
        rarity=search.rarity if search.method.has_families else 0.0,
        forget_after=chosen.forget_after,
        evaluations=chosen.evaluations,
    )


def _new_state(config: Config, seed: int) -> State:
    """Return the state of a search that has not begun; its population is empty."""
    capacity, chosen = config.program.max_sizes, config.evaluation
    expires = chosen.forget_after > 0
    return State(
        population=new_population(config.search.population_size, capacity),
        programs=new_cache(chosen.cache_size, counts_uses=expires),
        fingerprints=new_cache(chosen.cache_size if chosen.fingerprint_train else 0, counts_uses=expires),
        hurdle=new_hurdle(),
        best=new_code(capacity),
        best_fitness=np.full(1, -1.0),
        best_ancestor=np.zeros(1, np.uint64),
        random=new_state(seed),
        counters=np.zeros(len(COUNTERS), np.int64),
        effects=np.zeros((len(MUTATION_NAMES), 3), np.int64),
    )


def _new_workspace(config: Config, buffers: ExecutionBuffers, num_tasks: int, lanes: int) -> Workspace:
    capacity = config.program.max_sizes
    return Workspace(
        candidate=new_code(capacity),
        mutation=np.zeros(1, np.int64),
        lineage_log=new_lineage_log(config.search.population_size, config.islands.epoch_programs, capacity),
        family=new_population(config.search.children + 2, capacity),  # with both parents
        graphs=new_graph_workspace(capacity),
        lowered=new_lowered(sum(capacity)),
        abstract_memory=new_abstract_memory(),
        buffers=buffers,
        scores=execute.new_scores(execute.padded(num_tasks, lanes)),
        sorted_scores=np.zeros(num_tasks),
    )


def _part(tasks: TaskSet, num_train: int, num_valid: int, num_blocks: int) -> EvaluationBudget:
    """Return a budget of some examples of the first epoch, at most all there are."""
    return EvaluationBudget(
        num_train=min(num_train, tasks.num_train_examples),
        num_valid=min(num_valid, tasks.num_valid_examples),
        num_epochs=1,
        validated_from=0,
        blocks=(0, num_blocks),
    )


def _check_screening(config: Config, num_tasks: int) -> None:
    if (screening := config.evaluation.screening_tasks) and screening >= num_tasks:
        raise ConfigError(
            f"evaluation.screening_tasks = {screening}, but tasks.search.num_tasks = {num_tasks}: programs that pass "
            "are evaluated on the other tasks, so use fewer for screening, or more in all"
        )
