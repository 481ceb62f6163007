"""A run: experiments one after the other until a limit ends it, and then the final score of the best program.

The experiments' programs compete on the select tasks; the final tasks have no part in any choice. Clock and signals
decide after which epoch a run ends, and nothing else, unless islands do not wait for each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic

from automl_zero import __version__
from automl_zero.config import Config
from automl_zero.program.program import Program
from automl_zero.program.text import to_text
from automl_zero.run.callbacks import Callback, Callbacks
from automl_zero.run.checkpoint import Checkpoint, Origin, origin_of
from automl_zero.run.checkpoints import Checkpoints
from automl_zero.run.cost import measure, on_cluster
from automl_zero.run.engine import Engine
from automl_zero.run.events import EpochEnd, Estimate, Event, Improvement, Lineage, Selection, Start, Stop
from automl_zero.run.experiment import Experiment, check_losses, check_spaces
from automl_zero.run.final import score_result
from automl_zero.run.initial import initial_programs
from automl_zero.run.limits import INTERRUPTED, Spent, check_ends, ends_run, experiment_limit, run_limit
from automl_zero.run.scoring import score_program
from automl_zero.run.snapshot import Record, Snapshot
from automl_zero.run.threads import ThreadEngine
from automl_zero.tasks.suites import Stage, build_tasks, sample_tasks
from automl_zero.tasks.task import TaskSet


class Run:
    """A run of a config. Building one finds every fault of the config, and compiles the engine where need be.

    Args:
        config: what to do.
        workers: threads; they change no result.
        engine: where islands run; in so many threads of this process if none is given. The run closes it.
        interrupted: asked after every epoch; once it says yes, the search ends as if a limit had been reached.
        checkpoints: where states of the search are kept, if anywhere.
        resumed: a state to go on from; the events that led to it are not told again.
        callbacks: told what happens; they may end the search, too.
        is_measured: whether to measure first what the run will cost; that changes no result.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used.
        StoreError: the state to go on from does not fit it.

    Example:
        >>> for event in Run(load_config("linear")).events():
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
        self._initial = initial_programs(config)
        samples = [sample_tasks(config.tasks, stage, config.seed) for stage in (Stage.SELECT, Stage.FINAL)]
        for tasks in samples:
            score_program(Program(), tasks, config)
        self._experiment = self._new_experiment(resumed.record.experiment if resumed else 0)
        check_losses([self._experiment.tasks, *samples])
        self._before: Counter[str] = Counter()  # counters of the experiments before this one
        self._ended = 0
        self._record = -1.0  # best search fitness of the run
        self._selections: list[Selection] = []  # each one a record, so the last is the best
        self._told = 0  # events
        self._before_seconds, self._began = 0.0, monotonic()
        if resumed:
            self._restore(resumed)

    def events(self) -> Iterator[Event]:
        """Do the run, once, and tell what happens; the run waits for whoever takes the events."""
        self._began = monotonic()
        self._callbacks.tell(lambda each: each.on_start(self.config))
        for event in self._all_events():
            self._told += 1
            yield event
            self._callbacks.tell_event(event)

    def _all_events(self) -> Iterator[Event]:
        if not self._told:
            yield self._start()
            if self._is_measured:
                yield self.estimate()
            self._began = monotonic()
        with closing(self._engine):
            reason = yield from self._run_experiment()
            while reason is None:
                self._begin_experiment()
                reason = yield from self._run_experiment()
        yield from self._final()
        yield self._stop(reason)

    def estimate(self) -> Estimate:
        """Measure what the programs of the run cost on this machine, which takes about a second.

        The processes of a cluster are taken to be as fast as one on this machine.
        """
        workers = self._engine.workers
        found = measure(self.config, self._experiment.archipelago.tasks, self._initial, workers)
        return on_cluster(found, self.config, workers) if self._engine.cluster else found

    @cached_property
    def _select_tasks(self) -> TaskSet:
        """Built when the first experiment ends, and kept for the others."""
        return build_tasks(self.config.tasks, Stage.SELECT, self.config.seed)

    def _begin_experiment(self) -> None:
        self._before.update(self._experiment.archipelago.counters)
        self._experiment = self._new_experiment(self._experiment.number + 1)

    def _new_experiment(self, number: int) -> Experiment:
        return Experiment(self.config, number, self._initial, self._engine)

    def _run_experiment(self) -> Generator[Event, None, str | None]:
        """Take the experiment to its end; gives what ends the run, too, if anything does."""
        yield from self._improvement()
        self._keep_if_due()
        while (limit := self._limit() or self._experiment_limit()) is None:
            self._run_epoch()
            improvement = list(self._improvement())
            yield self._epoch_end()
            yield from improvement
            self._keep_if_due()
        yield from self._settle()
        ended = self.snapshot()
        yield from self._select(limit)
        reason = limit if ends_run(limit) else self._limit()
        if reason:
            self._keep(ended)  # as it was before the selection, so that a run whose limits are raised can go on
        return reason

    def _run_epoch(self) -> None:
        archipelago = self._experiment.archipelago
        if archipelago.run_epoch():
            self._callbacks.tell(lambda each: each.on_migration(archipelago.epoch))

    def _settle(self) -> Iterator[Event]:
        """Let islands that do not wait for each other come to an end, so that all of their programs count."""
        if self._experiment.archipelago.settle():
            improvement = list(self._improvement())
            yield self._epoch_end()
            yield from improvement

    @property
    def origin(self) -> Origin:
        """Under what the run's checkpoints are made."""
        return origin_of(self.config, self._experiment.digests)

    def snapshot(self) -> Snapshot:
        """The state of the search, between epochs; it holds until the next one begins."""
        experiment = self._experiment
        record = Record(
            experiment=experiment.number,
            epoch=experiment.archipelago.epoch,
            fitness=experiment.fitness,
            improved_at=experiment.improved_at,
            best_fitness=self._record,
            before=dict(self._before),
            ended=self._ended,
            selections=tuple(self._selections),
            events=self._told,
            seconds=self._seconds(),
        )
        return Snapshot(record, experiment.archipelago.arrays)

    def _restore(self, snapshot: Snapshot) -> None:
        record = snapshot.record
        self._experiment.restore(snapshot)
        self._before, self._ended, self._record = Counter(record.before), record.ended, record.best_fitness
        self._selections, self._told = list(record.selections), record.events
        self._before_seconds = record.seconds

    def _keep_if_due(self) -> None:
        if self._checkpoints and self._checkpoints.is_due():
            self._keep(self.snapshot())

    def _keep(self, snapshot: Snapshot) -> None:
        path = self._checkpoints.write(Checkpoint(self.origin, snapshot)) if self._checkpoints else None
        if path:
            self._callbacks.tell(lambda each: each.on_checkpoint(path))

    def _experiment_limit(self) -> str | None:
        return experiment_limit(self.config.experiment, self._experiment.spent)

    def _limit(self) -> str | None:
        """What ends the search now, if anything does."""
        return run_limit(self.config.stop, self._spent()) or (INTERRUPTED if self._is_interrupted() else None)

    def _is_interrupted(self) -> bool:
        return self._interrupted() or self._callbacks.ask_to_end

    def _spent(self) -> Spent:
        counters = self._counters()
        return Spent(
            counters["programs"], counters["train_steps"], self._best_on_select(), self._seconds(), self._ended
        )

    def _best_on_select(self) -> float:
        return self._selections[-1].select_fitness if self._selections else -1.0

    def _counters(self) -> Counter[str]:
        total = Counter(self._experiment.archipelago.counters)
        total.update(self._before)
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
        )

    def _epoch_end(self) -> EpochEnd:
        archipelago, counters = self._experiment.archipelago, self._counters()
        return EpochEnd(
            seconds=self._seconds(),
            experiment=self._experiment.number,
            epoch=archipelago.epoch,
            experiment_programs=archipelago.programs,
            programs=counters["programs"],
            train_steps=counters["train_steps"],
            best_fitness=self._experiment.fitness,
            island_fitness=tuple(map(float, archipelago.islands.fitness)),
            counters=dict(counters),
            behaviours=archipelago.behaviours,
            takeover=archipelago.takeover,
            immigrants=archipelago.immigrants,
            cluster=self._engine.cluster,
        )

    def _improvement(self) -> Iterator[Improvement]:
        """The best program of the experiment, if there is a better one than before."""
        experiment = self._experiment
        if not experiment.improves():
            return
        record, self._record = experiment.fitness > self._record, max(experiment.fitness, self._record)
        yield Improvement(
            seconds=self._seconds(),
            experiment=experiment.number,
            experiment_programs=experiment.archipelago.programs,
            fitness=experiment.fitness,
            record=record,
            program=to_text(experiment.archipelago.best),
        )

    def _select(self, limit: str) -> Iterator[Event]:
        """Score the experiment's program on the select tasks; the best of the run is kept, and its lineage told."""
        candidate = self._experiment.select(self._select_tasks)
        selection = Selection(
            seconds=self._seconds(),
            experiment=self._experiment.number,
            experiment_programs=self._experiment.archipelago.programs,
            search_fitness=candidate.search_fitness,
            select_fitness=candidate.select_fitness,
            record=candidate.select_fitness > self._best_on_select(),
            limit=limit,
            program=to_text(candidate.program),
        )
        self._ended += 1
        if selection.record:
            self._selections.append(selection)
        yield selection
        if selection.record:
            yield self._lineage(candidate.ancestor)

    def _lineage(self, ancestor: int) -> Lineage:
        archipelago = self._experiment.archipelago
        return Lineage(
            seconds=self._seconds(),
            experiment=self._experiment.number,
            ancestors=archipelago.lineage.way_to(ancestor),
            effects=archipelago.effects,
        )

    def _final(self) -> Iterator[Event]:
        """Score the result, and the baselines beside it, on the tasks of all stages."""
        for event in score_result(self._selections[-1], self._select_tasks, self.config):
            yield replace(event, seconds=self._seconds())

    def _stop(self, reason: str) -> Stop:
        spent = self._spent()
        return Stop(
            seconds=self._seconds(),
            reason=reason,
            experiments=spent.experiments,
            programs=spent.programs,
            train_steps=spent.train_steps,
        )
