"""Checkpoints of a run: the state of its search as a snapshot, and the way back from one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from automl_zero.config import Config
from automl_zero.run.checkpoint.file_format import Checkpoint, Origin, origin_of
from automl_zero.run.checkpoint.manager import Checkpoints
from automl_zero.run.checkpoint.snapshot import RunState, Snapshot, join_arrays, split_arrays
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.record.callbacks import Callbacks
from automl_zero.run.record.run_clock import RunClock
from automl_zero.run.select_stage import SelectStage


@dataclass(slots=True)
class Reported:
    """What a run has reported: the number of its events, and the best fitness on search tasks (-1: none yet)."""

    num_events: int = 0
    best_fitness: float = -1.0


class Checkpointing:
    """Takes snapshots of a search between epochs, writes those that are due, and restores a search from one.

    Args:
        config: the run's settings.
        pool: the experiments.
        select_stage: what they have selected.
        clock: the time of the run.
        files: the checkpoints in the run folder, if there is one.
        callbacks: notified of each file.

    Attributes:
        reported: kept up to date by the run; ``at_epoch``: as it was when the latest epoch began.
    """

    def __init__(
        self,
        config: Config,
        pool: ExperimentPool,
        select_stage: SelectStage,
        clock: RunClock,
        files: Checkpoints | None,
        callbacks: Callbacks,
    ) -> None:
        self._config, self._pool, self._select_stage, self._clock = config, pool, select_stage, clock
        self._files, self._callbacks = files, callbacks
        self.reported, self.at_epoch = Reported(), Reported()

    @property
    def origin(self) -> Origin:
        """The config, the tasks and the version that checkpoints of this run are made under."""
        return origin_of(self._config, self._pool.active[0].digests)

    def begin_epoch(self) -> None:
        """Note what was reported before the epoch that begins."""
        self.at_epoch = Reported(self.reported.num_events, self.reported.best_fitness)

    def snapshot(self) -> Snapshot:
        """Return the state of the search, which holds until the next epoch begins.

        Within an epoch, it is that of the events before the epoch: a run that goes on repeats those of its parts.
        """
        first, *others = [each.state for each in self._pool.active]
        is_within_epoch = all(each.position for each in (first, *others))
        reported = self.at_epoch if is_within_epoch else self.reported
        state = RunState(
            experiment=first.experiment,
            epoch=first.epoch,
            fitness=first.fitness,
            improved_at=first.improved_at,
            position=first.position,
            other_experiments=tuple(others),
            best_fitness=reported.best_fitness,
            finished_counters=dict(self._pool.finished_counters),
            num_finished=self._pool.num_finished,
            selections=tuple(self._select_stage.selections),
            num_events=reported.num_events,
            seconds=self._clock.read(),
        )
        return Snapshot(state, join_arrays({each.number: each.archipelago.arrays for each in self._pool.active}))

    def restore(self, snapshot: Snapshot) -> None:
        """Put the search into the state of a snapshot; the experiments of its numbers have been started.

        Raises:
            StoreError: no search of this config comes to such a state.
        """
        state = snapshot.state
        parts = split_arrays(snapshot.arrays, [each.experiment for each in state.experiments])
        for experiment, its_state in zip(self._pool.active, state.experiments, strict=True):
            experiment.restore(its_state, parts[its_state.experiment])
        self._pool.finished_counters, self._pool.num_finished = Counter(state.finished_counters), state.num_finished
        self._select_stage.selections = list(state.selections)
        self._clock.seconds = state.seconds
        self.reported = Reported(state.num_events, state.best_fitness)

    def write_if_due(self) -> None:
        """Write a checkpoint if one is due; never of an epoch that was cut.

        Raises:
            StoreError: it cannot be written.
        """
        if self._files and not self._pool.is_cut and self._files.is_due():
            self.write(self.snapshot())

    def write(self, snapshot: Snapshot) -> None:
        """Write a checkpoint, if the run keeps any.

        Raises:
            StoreError: it cannot be written.
        """
        path = self._files.write(Checkpoint(self.origin, snapshot)) if self._files else None
        if path:
            self._callbacks.notify(lambda each: each.on_checkpoint(path))
