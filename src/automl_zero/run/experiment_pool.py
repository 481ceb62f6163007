"""The experiments of a run: those that go on side by side, and the totals of those that have finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

from automl_zero.config import Config, ConfigError
from automl_zero.program.program import Program
from automl_zero.run.experiment import Experiment
from automl_zero.run.islands.engine import Engine


class ExperimentPool:
    """Starts experiments, runs their epochs side by side, and adds up their counters.

    Which experiments start and end when follows from the config alone, so neither the number of threads nor that of
    processes changes a result.

    Args:
        config: the run's settings.
        initial: programs that every experiment begins with, or None for random ones.
        engine: where the islands run.

    Attributes:
        active: the experiments that go on, in the order of their numbers.
        num_finished: how many have been scored on the select tasks; ``finished_counters``: what they have counted.
    """

    def __init__(self, config: Config, initial: Sequence[Program] | None, engine: Engine) -> None:
        self._config, self._initial, self._engine = config, initial, engine
        self.active: list[Experiment] = []
        self.finished_counters: Counter[str] = Counter()
        self.num_finished = 0

    def check_concurrency(self, num_active: int) -> None:
        """Check that so many experiments may go on side by side.

        Raises:
            ConfigError: the islands do not wait for each other, which a single experiment alone allows.
        """
        concurrent = max(self._config.experiment.concurrent, num_active)
        if concurrent > 1 and not self._config.islands.synchronous:
            raise ConfigError(
                f"experiment.concurrent = {concurrent} is for islands that wait for each other: use "
                "islands.synchronous = true, or experiment.concurrent = 1 and more islands"
            )

    def start_next(self) -> list[Experiment]:
        """Start as many experiments as are missing and as ``stop.max_experiments`` still allows."""
        concurrent, max_experiments = self._config.experiment.concurrent, self._config.stop.max_experiments
        num_active, num_started = len(self.active), self.num_finished + len(self.active)
        missing = min(concurrent - num_active, (max_experiments or num_started + concurrent) - num_started)
        return self.start(range(num_started, num_started + missing))

    def start(self, numbers: Iterable[int]) -> list[Experiment]:
        """Start the experiments of these numbers."""
        started = [Experiment(self._config, number, self._initial, self._engine) for number in numbers]
        self.active += started
        return started

    def run_epoch(self, threads: Executor) -> list[Experiment]:
        """Run an epoch of each experiment, or the part of it that ``stop.max_programs`` leaves.

        Returns the experiments in which programs have migrated.
        """
        run_each = threads.map if len(self.active) > 1 else map  # a single one in this thread, which signals reach
        counts = [self._programs_left(each) for each in self.active]
        migrated = list(run_each(lambda each, count: each.run_epoch(count), self.active, counts))
        return [each for each, has_migrated in zip(self.active, migrated, strict=True) if has_migrated]

    def _programs_left(self, experiment: Experiment) -> int | None:
        """Programs of each island until ``stop.max_programs``, if that is within the next epoch."""
        limit = self._config.stop.max_programs
        return limit and experiment.programs_left(limit - self.counters["programs"], len(self.active))

    def drain(self) -> bool:
        """Wait for islands that do not wait for each other; return whether any was at work."""
        drained = [each.archipelago.drain() for each in self.active]  # all of them, not only until the first
        return any(drained)

    def remove(self, experiments: Iterable[Experiment]) -> None:
        """Take out experiments that have finished, and keep what they have counted."""
        for each in experiments:
            self.finished_counters.update(each.archipelago.counters)
            self.active.remove(each)
            each.archipelago.islands.end()

    @property
    def counters(self) -> Counter[str]:
        """The counters of all experiments, finished ones included."""
        total: Counter[str] = Counter()
        for each in self.active:
            total.update(each.archipelago.counters)
        total.update(self.finished_counters)
        return total

    @property
    def is_cut(self) -> bool:
        """Whether the stop flag has cut an epoch, from whose state nothing may go on."""
        return any(each.archipelago.is_cut for each in self.active)
