"""What a report shows of a run, gathered from its events one by one; it takes bounded memory, however long the run.

Of experiments, only those that go on and the one that was selected last are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from automl_zero.config import Config
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import EpochEnd, Event, Improvement, Lineage, Selection
from automl_zero.tasks.task import Loss

MOST_EPOCHS = 1000  # of an experiment that are kept; then every second one is left out, again and again
MOST_IMPROVEMENTS = 5000  # of an experiment; of more, the smallest gains are left out
MILESTONES = 10


@dataclass(slots=True)
class ExperimentHistory:
    """An experiment: its improvements, and its epochs, thinned evenly."""

    experiment: int
    improvements: list[Improvement] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    latest: EpochEnd | None = None
    _stride: int = 1

    def add_epoch(self, event: EpochEnd) -> None:
        """Keep it if its number is one of those that are kept."""
        self.latest = event
        if event.epoch % self._stride:
            return
        self.epochs.append(event)
        if len(self.epochs) > MOST_EPOCHS:
            self._stride *= 2
            self.epochs = [each for each in self.epochs if each.epoch % self._stride == 0]

    def add_improvement(self, event: Improvement) -> None:
        """Keep it."""
        self.improvements.append(event)
        if len(self.improvements) > MOST_IMPROVEMENTS:
            self.improvements = milestones(self.improvements, MOST_IMPROVEMENTS // 2)

    @property
    def all_epochs(self) -> list[EpochEnd]:
        """Those that were kept, and the latest."""
        ends = [self.latest] if self.latest and self.latest not in self.epochs[-1:] else []
        return self.epochs + ends


class RunHistory:
    """Of one run.

    Attributes:
        progress: what is known of it, as for the text report.
        lineage: of the program that was selected last, if it was told.
    """

    def __init__(self, config: Config) -> None:
        self.progress = Progress(config)
        self.lineage: Lineage | None = None
        self._now = ExperimentHistory(0)
        self._going: dict[int, ExperimentHistory] = {}
        self._selected: ExperimentHistory | None = None

    def update(self, event: Event) -> None:
        """Take in the next event."""
        self.progress.update(event)
        if isinstance(event, EpochEnd | Improvement | Selection):
            self._now = self._going.setdefault(event.experiment, ExperimentHistory(event.experiment))
        if isinstance(event, Selection):
            del self._going[event.experiment]
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
        """Whether its programs predict one of more than two classes."""
        return self.progress.config.tasks.num_classes > 2

    @property
    def loss(self) -> Loss | None:
        """What programs are scored by, once the run has told."""
        return self.progress.final.loss if self.progress.final else None

    @property
    def course(self) -> ExperimentHistory:
        """The experiment that was selected, or before one was, the one that goes on, of several the fittest."""
        shown = self.progress.improvement
        return self._selected or self._going.get(shown.experiment if shown else -1, self._now)


def milestones(improvements: Sequence[Improvement], count: int = MILESTONES) -> list[Improvement]:
    """The first, the last, and of the others those with the largest gains; at most so many, in their order."""
    if len(improvements) <= count:
        return list(improvements)
    gains = [0.0, *(later.fitness - one.fitness for one, later in pairwise(improvements))]
    inner = sorted(range(1, len(improvements) - 1), key=lambda place: -gains[place])[: count - 2]
    return [improvements[place] for place in sorted({0, len(improvements) - 1, *inner})]
