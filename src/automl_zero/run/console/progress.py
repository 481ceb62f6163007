"""The progress of a run, collected from its events: the plain numbers that the display and the report show."""

from __future__ import annotations

from collections import deque
from functools import cached_property

from automl_zero.config import Config
from automl_zero.run.console.outcomes import sentence
from automl_zero.run.record.events import Cluster, EpochEnd, Estimate, Event, Final, Improvement, Selection, Start, Stop
from automl_zero.run.record.limits import Usage

RECENT = 5.0  # seconds over which the speed is measured


class Progress:
    """What is known of a run after some of its events.

    Attributes:
        config: the settings of the run.
        last: the latest event; ``start``, ``estimate``, ``epoch``, ``final`` and ``stop``: the latest of their kinds.
        improvement: the latest one of the current experiment, which is the fittest of concurrent ones; ``before``: the
            previous one, if there is one. ``epoch`` is of the same experiment, too.
        selection: that of the experiment that is best on the select tasks so far.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.last: Event | None = None
        self.start: Start | None = None
        self.estimate: Estimate | None = None
        self.epoch: EpochEnd | None = None
        self.improvement: Improvement | None = None
        self.before: Improvement | None = None
        self.selection: Selection | None = None
        self.final: Final | None = None
        self.stop: Stop | None = None
        self._improvements: dict[int, list[Improvement]] = {}  # of the current experiment and of those in progress
        self._ended: set[int] = set()
        self._recent: deque[tuple[float, int]] = deque()  # (seconds, programs) at the ends of epochs

    def update(self, event: Event) -> None:
        """Process the next event."""
        self.last = event
        match event:
            case Start():
                self.start = event
            case Estimate():
                self.estimate = event
            case EpochEnd():
                self._update_epoch(event)
            case Improvement():
                self._update_improvement(event)
            case Selection():
                self.selection = event if event.is_best else self.selection
                self._ended.add(event.experiment)
            case Final():
                self.final = event
            case Stop():
                self.stop = event

    def _update_epoch(self, event: EpochEnd) -> None:
        if self._is_behind(event.experiment, event.best_fitness):
            return
        self.epoch = event
        self._recent.append((event.seconds, event.programs))
        while event.seconds - self._recent[0][0] > RECENT and len(self._recent) > 2:
            self._recent.popleft()

    def _update_improvement(self, event: Improvement) -> None:
        known = self._improvements.setdefault(event.experiment, [])
        known.append(event)
        if self._is_behind(event.experiment, event.fitness):
            return
        self.before, self.improvement = (known[-2] if len(known) > 1 else None), event
        ended = self._ended - {event.experiment}
        self._improvements = {number: each for number, each in self._improvements.items() if number not in ended}

    def _is_behind(self, experiment: int, fitness: float) -> bool:
        """Return whether an experiment that is concurrent with the current one is not fitter."""
        current = self.improvement
        if current is None or self.config.experiment.concurrent == 1 or current.experiment in self._ended:
            return False
        return experiment != current.experiment and fitness <= current.fitness

    @property
    def seconds(self) -> float:
        """Seconds from the start of the run to the latest event."""
        return 0.0 if self.last is None or isinstance(self.last, Start | Estimate) else self.last.seconds

    @property
    def search_seconds(self) -> float:
        """Seconds until the end of the latest epoch, so without the final scoring."""
        return self.epoch.seconds if self.epoch else 0.0

    @property
    def spent(self) -> Usage:
        """What the limits of the run are compared with."""
        fitness = self.selection.select_fitness if self.selection else -1.0
        if self.stop:
            return Usage(
                programs=self.stop.programs,
                train_steps=self.stop.train_steps,
                fitness=fitness,
                seconds=self.stop.seconds,
                experiments=self.stop.experiments,
            )
        return Usage(
            programs=self.epoch.programs if self.epoch else 0,
            train_steps=self.epoch.train_steps if self.epoch else 0,
            fitness=fitness,
            seconds=self.seconds,
            experiments=self._experiments_ended if self.epoch else 0,
        )

    @property
    def _experiments_ended(self) -> int:
        """The number of experiments that have ended; without concurrent ones, those before the latest one."""
        if self.epoch and self.config.experiment.concurrent == 1:
            return self.epoch.experiment
        return len(self._ended)

    @property
    def curve(self) -> list[tuple[int, float]]:
        """(programs, best fitness) of the current experiment at each improvement, and at its latest epoch."""
        if self.improvement is None:
            return []
        known = self._improvements[self.improvement.experiment]
        points = [(each.experiment_programs, each.fitness) for each in known]
        if self.epoch and self.epoch.experiment == self.improvement.experiment:
            points.append((self.epoch.experiment_programs, self.epoch.best_fitness))
        return points

    @property
    def recent_speed(self) -> float:
        """Programs per second over the last few epochs, 0 if there are fewer than two."""
        if len(self._recent) < 2:
            return 0.0
        (first, before), (last, now) = self._recent[0], self._recent[-1]
        return (now - before) / max(last - first, 1e-9)

    @property
    def epochs_per_second(self) -> float:
        """Epochs per second over the last few epochs, 0 if there are fewer than two."""
        if len(self._recent) < 2:
            return 0.0
        return (len(self._recent) - 1) / max(self._recent[-1][0] - self._recent[0][0], 1e-9)

    @property
    def cluster(self) -> Cluster | None:
        """The cluster of the latest epoch, None if there was none."""
        return self.epoch.cluster if self.epoch else None

    @property
    def first_limit(self) -> tuple[str, float] | None:
        """The limit that is expected to end the run, and the seconds left; None if no limit can be extrapolated.

        It is the name of a key in the section ``stop`` of the config.
        """
        stop, spent, seconds = self.config.stop, self.spent, max(self.seconds, 1e-9)
        used = {"max_seconds": seconds, "max_programs": spent.programs, "max_train_steps": spent.train_steps}
        limits = {name: getattr(stop, name) for name, value in used.items() if value}
        left = [((each - used[name]) * seconds / used[name], name) for name, each in limits.items() if each is not None]
        least, first = min(left, default=(0.0, ""))
        return (first, max(least, 0.0)) if first else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until ``first_limit``; None if there is no such limit."""
        return self.first_limit[1] if self.first_limit else None

    @property
    def outcomes(self) -> str:
        """The outcomes of the programs so far, as a sentence."""
        return sentence(self.epoch.counters if self.epoch else {}, self.config)

    @property
    def comparable_fitness(self) -> list[float]:
        """The best fitness of each island with the tasks of the first one; on others, it is not comparable."""
        values = self.epoch.island_fitness if self.epoch else ()
        return [value for number, value in enumerate(values) if self._is_comparable[number % len(self._is_comparable)]]

    @property
    def is_comparable(self) -> bool:
        """Whether all islands have the same search tasks."""
        return all(self._is_comparable)

    @cached_property
    def _is_comparable(self) -> list[bool]:
        """[groups] whether the islands of a group have the tasks of the first island."""
        tasks = [self.config.of_island(number).tasks for number in range(max(1, len(self.config.islands.groups)))]
        return [each == tasks[0] for each in tasks]

    @property
    def best_program(self) -> str | None:
        """The text of the result; before there is one, of the best program on select, or else on search."""
        best = self.final or self.selection or self.improvement
        return best.program if best else None
