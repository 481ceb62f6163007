"""A run: experiments until a limit ends it, and then the final score of the best program.

The loop is that of the paper's experiments (section 4.2): search, select, score once on final tasks. Experiments that
go on side by side do an epoch each, in turns, so which of them start and end when follows from the config alone. Their
programs compete on the select tasks; the final tasks have no part in any choice. Clock and signals decide when a run
ends, and nothing else, unless islands do not wait for each other: an epoch that they cut is in no state that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace

from automl_zero.config import Config, ConfigError
from automl_zero.run.checkpoint.file_format import Origin
from automl_zero.run.checkpoint.manager import Checkpoints
from automl_zero.run.checkpoint.snapshot import Snapshot
from automl_zero.run.checkpointing import Checkpointing
from automl_zero.run.cost_estimate import measure, on_cluster
from automl_zero.run.event_factory import EventFactory
from automl_zero.run.experiment import Experiment, check_losses, check_spaces
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.final_evaluation import score_result
from automl_zero.run.initial_programs import initial_programs, tuned_programs
from automl_zero.run.islands.engine import Engine
from automl_zero.run.islands.thread_engine import ThreadEngine
from automl_zero.run.memory_check import check_memory
from automl_zero.run.record.callbacks import Callback, Callbacks
from automl_zero.run.record.events import Estimate, Event
from automl_zero.run.record.limits import INTERRUPTED, Usage, check_ends, experiment_limit, run_limit
from automl_zero.run.record.run_clock import RunClock
from automl_zero.run.select_stage import SelectStage
from automl_zero.run.stop_control import StopControl, run_apart
from automl_zero.run.time_reserve import compile_search, seconds_after_search
from automl_zero.tasks.task import TaskSet
from automl_zero.tasks.task_kinds import Stage, sample_tasks
from automl_zero.vm.stop_flag import Stopped


class RunCutError(ConfigError):
    """A run that was ended before it had a result; its checkpoints hold what was found.

    ``exit_code`` is the exit code of the process.
    """

    exit_code = 2


class Run:
    """A run of a config. Building one finds every fault of the config, and compiles the engine if need be.

    Args:
        config: what to do.
        workers: threads; they change no result.
        interrupted: asked after every epoch; once it says yes, the search ends as if a limit had been reached. Whoever
            cannot wait for the end of an epoch calls ``request_stop``, too.
        checkpoints: where states of the search are kept, if anywhere.
        resumed: a state to go on from; the events that led to it are not repeated.
        callbacks: notified of what happens; they may end the search, too.
        is_measured: whether to measure first what the run will cost; that changes no result.
        engine: where islands run; in so many threads of this process if none is given. The run closes it.

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
        self._callbacks, self._is_measured = Callbacks(callbacks), is_measured
        check_spaces(config)  # so that their faults are found before anything is compiled
        if self._engine.cluster is None:
            check_memory(config)
        self._initial = initial_programs(config)
        samples = {stage: sample_tasks(config.tasks, stage, config.seed) for stage in (Stage.SELECT, Stage.FINAL)}
        self._stop_control = StopControl(config.stop.max_seconds, self._engine.stop)
        run_apart(lambda: compile_search(config, samples.values()))
        self._stop_control.begin(resumed.state.seconds if resumed else 0.0)
        numbers = [each.experiment for each in resumed.state.experiments] if resumed else None
        with self._stop_control:
            self.pool, self._clock = self._start_experiments(numbers, samples), RunClock()
        check_losses([self.pool.active[0].tasks, *samples.values()])
        self._select_stage = SelectStage(config, self._stop_control)
        self._make = EventFactory(config, self._engine, self.pool, self._clock)
        self._checkpointing = Checkpointing(
            config, self.pool, self._select_stage, self._clock, checkpoints, self._callbacks
        )
        self._cut_programs = 0
        if resumed:
            self._checkpointing.restore(resumed)

    def _start_experiments(self, numbers: Sequence[int] | None, samples: Mapping[Stage, TaskSet]) -> ExperimentPool:
        """Start the first experiments, or those of these numbers, which takes a part of the run's time."""
        try:
            if (given := self._initial) is not None:
                self._initial = run_apart(lambda: tuned_programs(given, self.config, self._engine.stop))
            pool = ExperimentPool(self.config, self._initial, self._engine)
            pool.check_concurrency(len(numbers or [0]))
            if self.config.stop.max_seconds is not None:
                workers = self._engine.workers
                self._stop_control.reserve = run_apart(lambda: seconds_after_search(self.config, samples, workers))
            if numbers is None:
                pool.start_next()
            else:
                pool.start(numbers)
            return pool
        except BaseException as error:
            self._engine.stop.set()  # so that no island goes on where this was interrupted
            if not isinstance(error, Stopped):
                raise
            raise ConfigError(
                f"stop.max_seconds = {self.config.stop.max_seconds} is over before the first programs are scored: "
                "raise it, or make search.population_size, islands.count or the search tasks smaller"
            ) from None

    def request_stop(self) -> None:
        """End the run soon: cut an epoch that takes long, and tune no further baseline."""
        self._stop_control.request_stop()

    @property
    def origin(self) -> Origin:
        """The config, the tasks and the version that the run's checkpoints are made under."""
        return self._checkpointing.origin

    def snapshot(self) -> Snapshot:
        """Return the state of the search, between epochs; it holds until the next one begins."""
        return self._checkpointing.snapshot()

    def estimate(self) -> Estimate:
        """Measure what the programs of the run cost on this machine, which takes about a second.

        The processes of a cluster are taken to be as fast as one on this machine.

        Raises:
            Stopped: the run was ended meanwhile.
        """
        workers, tasks = self._engine.workers, self.pool.active[0].archipelago.tasks
        found = measure(self.config, tasks, self._initial, workers, self._engine.stop)
        return on_cluster(found, self.config, workers) if self._engine.cluster else found

    # The loop ---------------------------------------------------------------------------------------------------------

    def iter_events(self) -> Iterator[Event]:
        """Do the run, once, and yield what happens; the run waits for whoever takes the events.

        Raises:
            RunCutError: the run was ended before any program could be scored on the select and final tasks.
        """
        self._clock.start()
        self._callbacks.notify(lambda each: each.on_start(self.config))
        for event in self._run():
            self._checkpointing.reported.num_events += 1
            yield event
            self._callbacks.notify_event(event)

    def _run(self) -> Iterator[Event]:
        """Search, select, and score the result."""
        with self._stop_control:
            if not self._checkpointing.reported.num_events:
                yield from self._begin()
            with closing(self._engine), ThreadPoolExecutor(self.config.experiment.concurrent) as threads:
                reason = yield from self._search_until_stopped(threads)
                yield from self._score_result()  # first, as closing a cluster may take longer than a signal may wait
        yield self._make.stop(reason, self._cut_programs)

    def _begin(self) -> Iterator[Event]:
        yield self._make.start()
        if self._is_measured:
            with suppress(Stopped):  # there is no time for an estimate
                yield run_apart(self.estimate)
        self._clock.start()

    def _search_until_stopped(self, threads: Executor) -> Generator[Event, None, str]:
        """Search until something ends the run; returns what does."""
        try:
            return (yield from self._search(threads))
        except Stopped:  # while an experiment started, or its programs were scored on the select tasks
            if not self._select_stage.selections:
                raise RunCutError(self._cut_short("any program was scored on the select tasks")) from None
            return self._limit() or INTERRUPTED

    def _search(self, threads: Executor) -> Generator[Event, None, str]:
        """Run epochs; where limits are reached, end experiments and start others, or end the run."""
        self.pool.start_next()  # a run that goes on may have more experiments now
        yield from self._improvements([each for each in self.pool.active if not each.archipelago.position])
        while True:
            self._checkpointing.write_if_due()
            reason = self._limit()
            limits = [reason or self._experiment_limit(each) for each in self.pool.active]
            if not any(limits):
                yield from self._run_epoch(threads)
            elif reason := (yield from self._end_experiments(limits, reason)):
                return reason

    def _run_epoch(self, threads: Executor) -> Iterator[Event]:
        """Run one epoch of each experiment, side by side."""
        self._checkpointing.begin_epoch()
        programs = self.pool.counters["programs"]
        for experiment in self.pool.run_epoch(threads):
            self._notify_of_migration(experiment.archipelago.epoch)
        if self.pool.is_cut:
            self._cut_programs = self.pool.counters["programs"] - programs
        yield from self._epoch_ends()

    def _notify_of_migration(self, epoch: int) -> None:
        self._callbacks.notify(lambda each: each.on_migration(epoch))

    def _epoch_ends(self) -> Iterator[Event]:
        for experiment in self.pool.active:
            improvements = list(self._improvements([experiment]))
            yield self._make.epoch_end(experiment)
            yield from improvements

    def _improvements(self, experiments: Sequence[Experiment]) -> Iterator[Event]:
        """Report the best program of each of these experiments that has a better one than before."""
        reported = self._checkpointing.reported
        for experiment in (each for each in experiments if each.improves()):
            is_best = experiment.fitness > reported.best_fitness
            reported.best_fitness = max(experiment.fitness, reported.best_fitness)
            yield self._make.improvement(experiment, is_best)

    def _end_experiments(self, limits: Sequence[str | None], reason: str | None) -> Generator[Event, None, str | None]:
        """End the experiments that have reached a limit, or all of them if that ends the run; others start instead."""
        if self.pool.drain():
            yield from self._epoch_ends()
        active, state = list(zip(self.pool.active, limits, strict=True)), self.snapshot()
        finished = [(experiment, limit) for experiment, limit in active if limit]
        if reason == INTERRUPTED:
            self._engine.stop.set()  # so that a cluster scores here, at once: its workers would load code for it first
        for experiment, limit in finished:
            yield from self._select(experiment, limit)
        if reason := reason or self._limit():
            for experiment in (each for each, limit in active if not limit):
                yield from self._select(experiment, reason)
            if not self.pool.is_cut:
                self._checkpointing.write(state)  # before the selection, so that a run with higher limits can go on
            return reason
        self.pool.remove([experiment for experiment, _ in finished])
        yield from self._improvements(self.pool.start_next())
        return None

    def _select(self, experiment: Experiment, limit: str) -> Iterator[Event]:
        """Score an experiment's program on the select tasks; report its lineage if it is the best of the run."""
        candidate = self._select_stage.score(experiment)
        is_best = candidate.select_fitness > self._select_stage.best_fitness
        selection = self._make.selection(experiment, candidate, is_best, limit)
        self.pool.num_finished += 1
        self._select_stage.add(selection)
        yield selection
        if is_best:
            yield self._make.lineage(experiment, candidate.ancestor)

    def _score_result(self) -> Iterator[Event]:
        """Score the result and the baselines on the tasks of all stages."""
        best = self._select_stage.selections[-1]
        try:
            for event in score_result(best, self._select_stage.tasks, self.config, self._stop_control):
                yield replace(event, seconds=self._clock.read())
        except Stopped:
            raise RunCutError(self._cut_short("its result was scored on the final tasks")) from None

    # What ends it -----------------------------------------------------------------------------------------------------

    def _experiment_limit(self, experiment: Experiment) -> str | None:
        """Return the limit that an experiment has reached; within an epoch, none is looked at."""
        if experiment.archipelago.position:
            return None
        return experiment_limit(self.config.experiment, experiment.spent)

    def _limit(self) -> str | None:
        """Return what ends the search now, None if nothing does."""
        counters = self.pool.counters
        spent = Usage(
            programs=counters["programs"],
            train_steps=counters["train_steps"],
            fitness=self._select_stage.best_fitness,
            seconds=self._clock.read(),
            experiments=self.pool.num_finished,
        )
        if limit := run_limit(self.config.stop, spent):
            return limit
        if self._is_interrupted():
            return INTERRUPTED
        return "stop.max_seconds" if self._stop_control.is_search_over else None

    def _is_interrupted(self) -> bool:
        return self._interrupted() or self._callbacks.ask_to_end or self._stop_control.is_stop_requested

    def _cut_short(self, aim: str) -> str:
        """Return the message of a run that is ended too early to have a result."""
        limit = f"ended by stop.max_seconds = {self.config.stop.max_seconds}"
        return f"the run was {INTERRUPTED if self._is_interrupted() else limit} before {aim}"
