"""The history of a run for reports, collected event by event in bounded memory, however long the run.

Of the experiments, only those still running and the last selected one are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from automl_zero.config import Config
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import EpochEnd, Event, Improvement, Lineage, Selection
from automl_zero.tasks.task import Loss

MAX_EPOCHS = 1000  # epochs kept of an experiment; whenever there are more, every second one is dropped
MAX_IMPROVEMENTS = 5000  # improvements kept of an experiment; of more, the smallest gains are dropped
MILESTONES = 10


@dataclass(slots=True)
class ExperimentHistory:
    """The improvements of an experiment, and its epochs, thinned evenly."""

    experiment: int
    improvements: list[Improvement] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    latest: EpochEnd | None = None
    _stride: int = 1

    def add_epoch(self, event: EpochEnd) -> None:
        """Add an epoch; it is kept if its number is a multiple of the stride."""
        self.latest = event
        if event.epoch % self._stride:
            return
        self.epochs.append(event)
        if len(self.epochs) > MAX_EPOCHS:
            self._stride *= 2
            self.epochs = [each for each in self.epochs if each.epoch % self._stride == 0]

    def add_improvement(self, event: Improvement) -> None:
        """Add an improvement."""
        self.improvements.append(event)
        if len(self.improvements) > MAX_IMPROVEMENTS:
            self.improvements = milestones(self.improvements, MAX_IMPROVEMENTS // 2)

    @property
    def all_epochs(self) -> list[EpochEnd]:
        """The kept epochs, and the latest."""
        ends = [self.latest] if self.latest and self.latest not in self.epochs[-1:] else []
        return self.epochs + ends


class RunHistory:
    """The history of a run.

    Attributes:
        progress: the state of the run, as in the text report.
        lineage: the lineage of the program that was selected last; None if there was none.

    Example:
        >>> history = RunHistory(config)
        >>> for event in Run(config).iter_events():
        ...     history.update(event)
    """

    def __init__(self, config: Config) -> None:
        self.progress = Progress(config)
        self.lineage: Lineage | None = None
        self._now = ExperimentHistory(0)
        self._running: dict[int, ExperimentHistory] = {}
        self._selected: ExperimentHistory | None = None

    def update(self, event: Event) -> None:
        """Add the next event."""
        self.progress.update(event)
        if isinstance(event, EpochEnd | Improvement | Selection):
            self._now = self._running.setdefault(event.experiment, ExperimentHistory(event.experiment))
        if isinstance(event, Selection):
            del self._running[event.experiment]
        match event:
            case EpochEnd():
                self._now.add_epoch(event)
            case Improvement():
                self._now.add_improvement(event)
            case Selection(is_best=True):
                self._selected, self.lineage = self._now, None
            case Lineage():
                self.lineage = event

    @property
    def is_multiclass(self) -> bool:
        """Whether programs predict one of more than two classes."""
        return self.progress.config.tasks.num_classes > 2

    @property
    def loss(self) -> Loss | None:
        """The loss of the tasks; None before the final event."""
        return self.progress.final.loss if self.progress.final else None

    @property
    def shown_experiment(self) -> ExperimentHistory:
        """The selected experiment or, before a selection, the running one with the best program."""
        shown = self.progress.improvement
        return self._selected or self._running.get(shown.experiment if shown else -1, self._now)


def milestones(improvements: Sequence[Improvement], count: int = MILESTONES) -> list[Improvement]:
    """Return the first, the last and the largest improvements; at most ``count``, in chronological order."""
    if len(improvements) <= count:
        return list(improvements)
    gains = [0.0, *(later.fitness - one.fitness for one, later in pairwise(improvements))]
    inner = sorted(range(1, len(improvements) - 1), key=lambda place: -gains[place])[: count - 2]
    return [improvements[place] for place in sorted({0, len(improvements) - 1, *inner})]
