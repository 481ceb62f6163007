"""A run: experiments, some of them at once, until a limit ends it, and then the final score of the best program.

Experiments at once do an epoch each, in turns, so which of them begin and end when follows from the config alone. Their
programs compete on the select tasks; the final tasks have no part in any choice. Clock and signals decide when a run
ends, and nothing else, unless islands do not wait for each other: an epoch that they cut is in no state that is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property, partial
from time import monotonic

from automl_zero import __version__
from automl_zero.config import Config, ConfigError
from automl_zero.program.text import to_text
from automl_zero.run.checkpoint.file_format import Checkpoint, Origin, origin_of
from automl_zero.run.checkpoint.manager import Checkpoints
from automl_zero.run.checkpoint.snapshot import RunState, Snapshot, join_arrays, split_arrays
from automl_zero.run.cost_estimate import measure, on_cluster
from automl_zero.run.experiment import Experiment, check_losses, check_spaces
from automl_zero.run.final_evaluation import score_result
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.memory_check import check_memory
from automl_zero.run.record.callbacks import Callback, Callbacks
from automl_zero.run.record.environment import machine, versions
from automl_zero.run.record.events import EpochEnd, Estimate, Event, Improvement, Lineage, Selection, Start, Stop
from automl_zero.run.record.limits import INTERRUPTED, Spent, check_ends, experiment_limit, run_limit
from automl_zero.run.stop_control import StopControl, run_apart
from automl_zero.run.time_reserve import compile_search, seconds_after_search
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, build_tasks, sample_tasks
from automl_zero.vm.stop_flag import Stopped


class RunCutError(ConfigError):
    """A run that was ended before it had a result; what was found before is in its checkpoints.

    ``exit_code`` is what a shell expects of the process.
    """

    exit_code = 2


class Run:
    """A run of a config. Building one finds every fault of the config, and compiles the engine where need be.

    Args:
        config: what to do.
        workers: threads; they change no result.
        engine: where islands run; in so many threads of this process if none is given. The run closes it.
        interrupted: asked after every epoch; once it says yes, the search ends as if a limit had been reached. Whoever
            cannot wait for the end of an epoch calls ``request_stop``, too.
        checkpoints: where states of the search are kept, if anywhere.
        resumed: a state to go on from; the events that led to it are not told again.
        callbacks: told what happens; they may end the search, too.
        is_measured: whether to measure first what the run will cost; that changes no result.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used, or ``stop.max_seconds`` is over before the
            first populations are scored.
        StoreError: the state to go on from does not fit it.

    Example:
        >>> for event in Run(load_config("linear")).iter_events():
        ...     print(to_json(event))
    """

    def __init__(
        self,
        config: Config,
        workers: int = 1,
        interrupted: Callable[[], bool] = lambda: False,
        checkpoints: Checkpoints | None = None,
        resumed: Snapshot | None = None,
        callbacks: Sequence[Callback] = (),
        is_measured: bool = False,
        engine: Engine | None = None,
    ) -> None:
        check_ends(config)
        self.config, self._interrupted, self._engine = config, interrupted, engine or ThreadEngine(workers)
        self._checkpoints, self._callbacks, self._is_measured = checkpoints, Callbacks(callbacks), is_measured
        check_spaces(config)  # so that their faults are found before anything is compiled
        if self._engine.cluster is None:
            check_memory(config)
        self._initial = initial_programs(config)
        samples = {stage: sample_tasks(config.tasks, stage, config.seed) for stage in (Stage.SELECT, Stage.FINAL)}
        self._stop_control = StopControl(config.stop.max_seconds, self._engine.stop)
        run_apart(lambda: compile_search(config, samples.values()))
        self._check_at_once(len(resumed.state.experiments) if resumed else 1)
        self._num_finished = 0
        self._experiments: list[Experiment] = []  # those that go on, in the order of their numbers
        self._stop_control.begin(resumed.state.seconds if resumed else 0.0)
        with self._stop_control:
            self._build([each.experiment for each in resumed.state.experiments] if resumed else None, samples)
        check_losses([self._experiments[0].tasks, *samples.values()])
        self._finished_counters: Counter[str] = Counter()  # counters of the experiments that have ended
        self._best_fitness = -1.0  # best search fitness of the run
        self._selections: list[Selection] = []  # each one a record, so the last is the best
        self._num_events = 0  # events
        self._at_epoch = self._num_events, self._best_fitness  # when the latest epoch began
        self._cut_programs = 0
        self._before_seconds, self._began = 0.0, monotonic()
        if resumed:
            self._restore(resumed)

    def _build(self, going: Sequence[int] | None, samples: Mapping[Stage, TaskSet]) -> None:
        """Begin the experiments, or those that a state goes on with, which takes a part of the run's time."""
        try:
            if self.config.stop.max_seconds is not None:
                workers = self._engine.workers
                self._stop_control.reserve = run_apart(lambda: seconds_after_search(self.config, samples, workers))
            if going is None:
                self._begin_experiments()
            else:
                self._experiments = [self._new_experiment(number) for number in going]
        except BaseException as error:
            self._engine.stop.set()  # so that no island goes on where this was interrupted
            if not isinstance(error, Stopped):
                raise
            raise ConfigError(
                f"stop.max_seconds = {self.config.stop.max_seconds} is over before the first programs are scored: "
                "raise it, or make search.population_size, islands.count or the search tasks smaller"
            ) from None

    def request_stop(self) -> None:
        """Somebody who waits has asked the run to end: cut an epoch that goes on for long, and tune nothing more."""
        self._stop_control.request_stop()

    def iter_events(self) -> Iterator[Event]:
        """Do the run, once, and tell what happens; the run waits for whoever takes the events.

        Raises:
            RunCutError: the run was ended before any program could be scored on the select and final tasks.
        """
        self._began = monotonic()
        self._callbacks.notify(lambda each: each.on_start(self.config))
        for event in self._all_events():
            self._num_events += 1
            yield event
            self._callbacks.notify_event(event)

    def _all_events(self) -> Iterator[Event]:
        with self._stop_control:
            if not self._num_events:
                yield self._start()
                if self._is_measured:
                    yield from self._estimate()
                self._began = monotonic()
            with closing(self._engine), ThreadPoolExecutor(self.config.experiment.concurrent) as turns:
                reason = yield from self._search(turns)
            yield from self._final()
        yield self._stop(reason)

    def _estimate(self) -> Iterator[Estimate]:
        """What is measured, unless there is no time for that."""
        with suppress(Stopped):
            yield run_apart(self.estimate)

    def estimate(self) -> Estimate:
        """Measure what the programs of the run cost on this machine, which takes about a second.

        The processes of a cluster are taken to be as fast as one on this machine.

        Raises:
            Stopped: the run was ended meanwhile.
        """
        workers = self._engine.workers
        found = measure(self.config, self._experiments[0].archipelago.tasks, self._initial, workers, self._engine.stop)
        return on_cluster(found, self.config, workers) if self._engine.cluster else found

    @cached_property
    def _select_tasks(self) -> TaskSet:
        """Built when the first experiment ends, and kept for the others.

        Raises:
            Stopped: there was no time for that.
        """
        build = partial(build_tasks, self.config.tasks, Stage.SELECT, self.config.seed)
        return run_apart(build, lambda: self._stop_control.scoring.is_set)

    def _check_at_once(self, going: int) -> None:
        concurrent = max(self.config.experiment.concurrent, going)
        if concurrent > 1 and not self.config.islands.synchronous:
            raise ConfigError(
                f"experiment.concurrent = {concurrent} is for islands that wait for each other: use "
                "islands.synchronous = true, or experiment.concurrent = 1 and more islands"
            )

    def _begin_experiments(self) -> list[Experiment]:
        """Let the next ones take the places that are free, if they may begin."""
        concurrent, most = self.config.experiment.concurrent, self.config.stop.max_experiments
        going, begun = len(self._experiments), self._num_finished + len(self._experiments)
        free = min(concurrent - going, (most or begun + concurrent) - begun)
        new = [self._new_experiment(begun + place) for place in range(free)]
        self._experiments += new
        return new

    def _new_experiment(self, number: int) -> Experiment:
        return Experiment(self.config, number, self._initial, self._engine)

    def _search(self, turns: Executor) -> Generator[Event, None, str]:
        """Do experiments until something ends the run; gives what does."""
        try:
            return (yield from self._search_on(turns))
        except Stopped:  # while an experiment began, or its programs were scored on the select tasks
            if not self._selections:
                raise RunCutError(self._cut_short("any program was scored on the select tasks")) from None
            return self._limit() or INTERRUPTED

    def _search_on(self, turns: Executor) -> Generator[Event, None, str]:
        self._begin_experiments()  # where a run goes on that may have more of them now
        yield from self._improvements([each for each in self._experiments if not each.archipelago.position])
        self._keep_if_due()
        while True:
            limit = self._limit()
            limits = [limit or self._experiment_limit(each) for each in self._experiments]
            if any(limits):
                reason = yield from self._end_experiments(limits, limit)
                if reason:
                    return reason
            else:
                yield from self._run_epoch(turns)
            self._keep_if_due()

    def _run_epoch(self, turns: Executor) -> Iterator[Event]:
        """One epoch of each experiment, or as much of it as the limit on programs allows, all at the same time."""
        side_by_side = turns.map if len(self._experiments) > 1 else map  # alone, in this thread, which signals reach
        self._at_epoch = self._num_events, self._best_fitness
        most = [self._programs_left(each) for each in self._experiments]
        programs = self._counters()["programs"]
        migrated = list(side_by_side(lambda each, left: each.run_epoch(left), self._experiments, most))
        if self._is_cut:
            self._cut_programs = self._counters()["programs"] - programs
        for experiment, has_migrated in zip(self._experiments, migrated, strict=True):
            if has_migrated:
                self._tell_migration(experiment.archipelago.epoch)
        yield from self._tell_epoch()

    def _programs_left(self, experiment: Experiment) -> int | None:
        """Programs of each island until the limit of the run, if that is within the next epoch."""
        most = self.config.stop.max_programs
        return most and experiment.programs_left(most - self._counters()["programs"], len(self._experiments))

    def _tell_migration(self, epoch: int) -> None:
        self._callbacks.notify(lambda each: each.on_migration(epoch))

    def _tell_epoch(self) -> Iterator[Event]:
        for experiment in self._experiments:
            improvement = list(self._improvements([experiment]))
            yield self._epoch_end(experiment)
            yield from improvement

    def _end_experiments(self, limits: Sequence[str | None], reason: str | None) -> Generator[Event, None, str | None]:
        """End those that have reached a limit, or all of them if that ends the run; others take their places."""
        yield from self._drain()
        ended, state = list(zip(self._experiments, limits, strict=True)), self.snapshot()
        for experiment, limit in ended:
            if limit:
                yield from self._select(experiment, limit)
        if reason := reason or self._limit():
            for experiment, limit in ended:
                if not limit:
                    yield from self._select(experiment, reason)
            if not self._is_cut:
                self._keep(state)  # as it was before the selection, so that a run whose limits are raised can go on
            return reason
        for experiment in (each for each, limit in ended if limit):
            self._finished_counters.update(experiment.archipelago.counters)
            self._experiments.remove(experiment)
            experiment.archipelago.islands.end()
        yield from self._improvements(self._begin_experiments())
        return None

    def _drain(self) -> Iterator[Event]:
        """Let islands that do not wait for each other come to an end, so that all of their programs count."""
        settled = [each.archipelago.drain() for each in self._experiments]
        if any(settled):
            yield from self._tell_epoch()

    @property
    def origin(self) -> Origin:
        """Under what the run's checkpoints are made."""
        return origin_of(self.config, self._experiments[0].digests)

    def snapshot(self) -> Snapshot:
        """The state of the search, between epochs; it holds until the next one begins."""
        first, *others = [each.going for each in self._experiments]
        is_within_epoch = all(each.position for each in (first, *others))
        num_events, best = self._at_epoch if is_within_epoch else (self._num_events, self._best_fitness)
        state = RunState(
            experiment=first.experiment,
            epoch=first.epoch,
            fitness=first.fitness,
            improved_at=first.improved_at,
            position=first.position,
            other_experiments=tuple(others),
            best_fitness=best,
            finished_counters=dict(self._finished_counters),
            num_finished=self._num_finished,
            selections=tuple(self._selections),
            num_events=num_events,  # of whole epochs: those of a part of one are repeated by the run that goes on
            seconds=self._seconds(),
        )
        return Snapshot(state, join_arrays({each.number: each.archipelago.arrays for each in self._experiments}))

    def _restore(self, snapshot: Snapshot) -> None:
        state = snapshot.state
        parts = split_arrays(snapshot.arrays, [each.experiment for each in state.experiments])
        for experiment, going in zip(self._experiments, state.experiments, strict=True):
            experiment.restore(going, parts[going.experiment])
        self._finished_counters, self._num_finished = Counter(state.finished_counters), state.num_finished
        self._best_fitness = state.best_fitness
        self._selections, self._num_events = list(state.selections), state.num_events
        self._before_seconds = state.seconds

    @property
    def _is_cut(self) -> bool:
        return any(each.archipelago.is_cut for each in self._experiments)

    def _cut_short(self, aim: str) -> str:
        """What is wrong where a run is ended too early to have a result."""
        is_interrupted = self._is_interrupted() or self._stop_control.is_stop_requested
        told = INTERRUPTED if is_interrupted else f"ended by stop.max_seconds = {self.config.stop.max_seconds}"
        return f"the run was {told} before {aim}"

    def _keep_if_due(self) -> None:
        if self._checkpoints and not self._is_cut and self._checkpoints.is_due():
            self._keep(self.snapshot())

    def _keep(self, snapshot: Snapshot) -> None:
        path = self._checkpoints.write(Checkpoint(self.origin, snapshot)) if self._checkpoints else None
        if path:
            self._callbacks.notify(lambda each: each.on_checkpoint(path))

    def _experiment_limit(self, experiment: Experiment) -> str | None:
        """The limit that an experiment has reached; within an epoch, none is looked at."""
        if experiment.archipelago.position:
            return None
        return experiment_limit(self.config.experiment, experiment.spent)

    def _limit(self) -> str | None:
        """What ends the search now, if anything does."""
        if limit := run_limit(self.config.stop, self._spent()):
            return limit
        if self._is_interrupted() or self._stop_control.is_stop_requested:
            return INTERRUPTED
        return "stop.max_seconds" if self._stop_control.is_search_over else None

    def _is_interrupted(self) -> bool:
        return self._interrupted() or self._callbacks.ask_to_end

    def _spent(self) -> Spent:
        counters = self._counters()
        return Spent(
            counters["programs"], counters["train_steps"], self._best_on_select(), self._seconds(), self._num_finished
        )

    def _best_on_select(self) -> float:
        return self._selections[-1].select_fitness if self._selections else -1.0

    def _counters(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for experiment in self._experiments:
            total.update(experiment.archipelago.counters)
        total.update(self._finished_counters)
        return total

    def _seconds(self) -> float:
        """Those of the run so far: they never fall, even if the clock is set back, as it may be after a sleep."""
        now = monotonic()
        self._before_seconds, self._began = self._before_seconds + max(now - self._began, 0.0), now
        return round(self._before_seconds, 3)

    def _start(self) -> Start:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        name, seed = self.config.name, self.config.seed
        return Start(
            version=__version__,
            name=name,
            seed=seed,
            workers=self._engine.workers,
            time=time,
            deterministic=self.config.islands.synchronous,
            machine=machine(),
            versions=versions(),
        )

    def _epoch_end(self, experiment: Experiment) -> EpochEnd:
        archipelago, counters = experiment.archipelago, self._counters()
        return EpochEnd(
            seconds=self._seconds(),
            experiment=experiment.number,
            epoch=archipelago.epoch + (archipelago.position > 0),
            experiment_programs=archipelago.programs,
            programs=counters["programs"],
            train_steps=counters["train_steps"],
            best_fitness=experiment.fitness,
            island_fitness=tuple(map(float, archipelago.islands.fitness)),
            counters=dict(counters),
            behaviours=archipelago.behaviours,
            most_common_count=archipelago.most_common_count,
            immigrants=archipelago.immigrants,
            cluster=self._engine.cluster,
        )

    def _improvements(self, experiments: Sequence[Experiment]) -> Iterator[Improvement]:
        """The best program of each of these experiments that has a better one than before."""
        for experiment in (each for each in experiments if each.improves()):
            is_best, self._best_fitness = (
                experiment.fitness > self._best_fitness,
                max(experiment.fitness, self._best_fitness),
            )
            yield Improvement(
                seconds=self._seconds(),
                experiment=experiment.number,
                experiment_programs=experiment.archipelago.programs,
                fitness=experiment.fitness,
                is_best=is_best,
                program=to_text(experiment.archipelago.best),
            )

    def _select(self, experiment: Experiment, limit: str) -> Iterator[Event]:
        """Score the experiment's program on the select tasks; the best of the run is kept, and its lineage told."""
        candidate = experiment.select(self._select_tasks, self._stop_control.scoring)
        selection = Selection(
            seconds=self._seconds(),
            experiment=experiment.number,
            experiment_programs=experiment.archipelago.programs,
            search_fitness=candidate.search_fitness,
            select_fitness=candidate.select_fitness,
            is_best=candidate.select_fitness > self._best_on_select(),
            limit=limit,
            program=to_text(candidate.program),
        )
        self._num_finished += 1
        if selection.is_best:
            self._selections.append(selection)
        yield selection
        if selection.is_best:
            yield self._lineage(experiment, candidate.ancestor)

    def _lineage(self, experiment: Experiment, ancestor: int) -> Lineage:
        archipelago = experiment.archipelago
        return Lineage(
            seconds=self._seconds(),
            experiment=experiment.number,
            ancestors=archipelago.lineage.ancestry(ancestor),
            effects=archipelago.effects,
        )

    def _final(self) -> Iterator[Event]:
        """Score the result, and the baselines beside it, on the tasks of all stages."""
        try:
            for event in score_result(self._selections[-1], self._select_tasks, self.config, self._stop_control):
                yield replace(event, seconds=self._seconds())
        except Stopped:
            raise RunCutError(self._cut_short("its result was scored on the final tasks")) from None

    def _stop(self, reason: str) -> Stop:
        spent = self._spent()
        return Stop(
            seconds=self._seconds(),
            reason=reason,
            experiments=spent.experiments,
            programs=spent.programs,
            train_steps=spent.train_steps,
            cut_programs=self._cut_programs,
        )
