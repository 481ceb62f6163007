"""How far a run is, gathered from its events: what the display draws and the report tells, as plain numbers."""

from __future__ import annotations

from collections import deque
from functools import cached_property

from automl_zero.config import Config
from automl_zero.run.console.outcomes import sentence
from automl_zero.run.record.events import Cluster, EpochEnd, Estimate, Event, Final, Improvement, Selection, Start, Stop
from automl_zero.run.record.limits import Spent

RECENT = 5.0  # seconds over which the speed is measured


class Progress:
    """What is known of a run after some of its events.

    Attributes:
        config: the run's settings.
        last: the latest event; ``start``, ``estimate``, ``epoch``, ``final`` and ``stop``: the latest of their kinds.
        improvement: the latest of the current experiment, which of those at once is the fittest; ``before``: the one
            before it, if there is one. ``epoch`` is of the same experiment, too.
        selection: the experiment that is best on the select tasks so far.
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
        self._improvements: dict[int, list[Improvement]] = {}  # of each experiment that goes on, and the current one
        self._ended: set[int] = set()
        self._recent: deque[tuple[float, int]] = deque()  # (seconds, programs) at the ends of epochs

    def update(self, event: Event) -> None:
        """Take in the next event."""
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
        over = self._ended - {event.experiment}
        self._improvements = {number: each for number, each in self._improvements.items() if number not in over}

    def _is_behind(self, experiment: int, fitness: float) -> bool:
        """Whether an experiment at once with the current one is not fitter than that."""
        current = self.improvement
        if current is None or self.config.experiment.concurrent == 1 or current.experiment in self._ended:
            return False
        return experiment != current.experiment and fitness <= current.fitness

    @property
    def seconds(self) -> float:
        """Since the run began, as of the latest event."""
        return 0.0 if self.last is None or isinstance(self.last, Start | Estimate) else self.last.seconds

    @property
    def search_seconds(self) -> float:
        """Until the latest epoch ended, so without the final scoring."""
        return self.epoch.seconds if self.epoch else 0.0

    @property
    def spent(self) -> Spent:
        """What the limits of the run look at."""
        fitness = self.selection.select_fitness if self.selection else -1.0
        if self.stop:
            return Spent(self.stop.programs, self.stop.train_steps, fitness, self.stop.seconds, self.stop.experiments)
        if self.epoch:
            return Spent(self.epoch.programs, self.epoch.train_steps, fitness, self.seconds, self._experiments_ended)
        return Spent(0, 0, fitness, self.seconds)

    @property
    def _experiments_ended(self) -> int:
        """Those before the latest one, unless several go on at once."""
        if self.epoch and self.config.experiment.concurrent == 1:
            return self.epoch.experiment
        return len(self._ended)

    @property
    def curve(self) -> list[tuple[int, float]]:
        """(programs of the experiment, best fitness) at each improvement of the current experiment, and now."""
        if self.improvement is None:
            return []
        known = self._improvements[self.improvement.experiment]
        points = [(each.experiment_programs, each.fitness) for each in known]
        if self.epoch and self.epoch.experiment == self.improvement.experiment:
            points.append((self.epoch.experiment_programs, self.epoch.best_fitness))
        return points

    @property
    def recent_speed(self) -> float:
        """Programs per second of late, 0 before there are two epochs to tell."""
        if len(self._recent) < 2:
            return 0.0
        (first, before), (last, now) = self._recent[0], self._recent[-1]
        return (now - before) / max(last - first, 1e-9)

    @property
    def epochs_per_second(self) -> float:
        """Epochs per second of late, 0 before there are two to tell."""
        if len(self._recent) < 2:
            return 0.0
        return (len(self._recent) - 1) / max(self._recent[-1][0] - self._recent[0][0], 1e-9)

    @property
    def cluster(self) -> Cluster | None:
        """What the latest epoch was done on, if that was a cluster."""
        return self.epoch.cluster if self.epoch else None

    @property
    def first_limit(self) -> tuple[str, float] | None:
        """The limit that will end the run first of those that can be foreseen, and the seconds left; None without one.

        It is called as in the section ``stop`` of the config.
        """
        stop, spent, seconds = self.config.stop, self.spent, max(self.seconds, 1e-9)
        used = {"max_seconds": seconds, "max_programs": spent.programs, "max_train_steps": spent.train_steps}
        limits = {name: getattr(stop, name) for name, value in used.items() if value}
        left = [((each - used[name]) * seconds / used[name], name) for name, each in limits.items() if each is not None]
        least, first = min(left, default=(0.0, ""))
        return (first, max(least, 0.0)) if first else None

    @property
    def seconds_left(self) -> float | None:
        """Until the first limit of the run that can be foreseen; None if there is no such limit."""
        return self.first_limit[1] if self.first_limit else None

    @property
    def outcomes(self) -> str:
        """What became of the programs so far, as a sentence."""
        return sentence(self.epoch.counters if self.epoch else {}, self.config)

    @property
    def comparable_fitness(self) -> list[float]:
        """The best fitness of each island with the first one's search tasks: on other tasks, it says something else."""
        values = self.epoch.island_fitness if self.epoch else ()
        return [value for number, value in enumerate(values) if self._is_comparable[number % len(self._is_comparable)]]

    @property
    def is_comparable(self) -> bool:
        """Whether all islands have the same search tasks."""
        return all(self._is_comparable)

    @cached_property
    def _is_comparable(self) -> list[bool]:
        """Of the islands of each group."""
        tasks = [self.config.of_island(number).tasks for number in range(max(1, len(self.config.islands.groups)))]
        return [each == tasks[0] for each in tasks]

    @property
    def best_program(self) -> str | None:
        """The text of the result, or else of the best program so far: on select, or before that on search."""
        best = self.final or self.selection or self.improvement
        return best.program if best else None
