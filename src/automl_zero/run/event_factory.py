"""The events of a run, made from the state of its search; making one changes nothing but the clock's last reading."""

from __future__ import annotations

from datetime import UTC, datetime

from automl_zero import __version__
from automl_zero.config import Config
from automl_zero.program.text import to_text
from automl_zero.run.experiment import Candidate, Experiment
from automl_zero.run.experiment_pool import ExperimentPool
from automl_zero.run.islands.engine import Engine
from automl_zero.run.record.environment import machine, versions
from automl_zero.run.record.events import EpochEnd, Improvement, Lineage, Selection, Start, Stop
from automl_zero.run.record.run_clock import RunClock


class EventFactory:
    """Makes the events of one run."""

    def __init__(self, config: Config, engine: Engine, pool: ExperimentPool, clock: RunClock) -> None:
        self._config, self._engine, self._pool, self._clock = config, engine, pool, clock

    def start(self) -> Start:
        """Return the first event of a run."""
        return Start(
            version=__version__,
            name=self._config.name,
            seed=self._config.seed,
            workers=self._engine.workers,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            deterministic=self._config.islands.synchronous,
            machine=machine(),
            versions=versions(),
        )

    def epoch_end(self, experiment: Experiment) -> EpochEnd:
        """Return the event of an epoch, or of a part of one, that an experiment has done."""
        archipelago, counters = experiment.archipelago, self._pool.counters
        return EpochEnd(
            seconds=self._clock.read(),
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

    def improvement(self, experiment: Experiment, is_best: bool) -> Improvement:
        """Return the event of an experiment's new best program; ``is_best``: in the run."""
        return Improvement(
            seconds=self._clock.read(),
            experiment=experiment.number,
            experiment_programs=experiment.archipelago.programs,
            fitness=experiment.fitness,
            is_best=is_best,
            program=to_text(experiment.archipelago.best),
        )

    def selection(self, experiment: Experiment, candidate: Candidate, is_best: bool, limit: str) -> Selection:
        """Return the event of an experiment's end; ``limit`` is what has ended it."""
        return Selection(
            seconds=self._clock.read(),
            experiment=experiment.number,
            experiment_programs=experiment.archipelago.programs,
            search_fitness=candidate.search_fitness,
            select_fitness=candidate.select_fitness,
            is_best=is_best,
            limit=limit,
            program=to_text(candidate.program),
        )

    def lineage(self, experiment: Experiment, ancestor: int) -> Lineage:
        """Return the ancestry of a program, whose closest ancestor with higher fitness than its parent is given."""
        archipelago = experiment.archipelago
        return Lineage(
            seconds=self._clock.read(),
            experiment=experiment.number,
            ancestors=archipelago.lineage.ancestry(ancestor),
            effects=archipelago.effects,
        )

    def stop(self, reason: str, cut_programs: int) -> Stop:
        """Return the last event of a run."""
        counters = self._pool.counters
        return Stop(
            seconds=self._clock.read(),
            reason=reason,
            experiments=self._pool.num_finished,
            programs=counters["programs"],
            train_steps=counters["train_steps"],
            cut_programs=cut_programs,
        )
