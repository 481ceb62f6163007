"""Callbacks: code of a caller that is notified while a run is in progress, and may end it. They change no result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from automl_zero.config import Config
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Selection, Stop


class Callback:
    """The base class of callbacks, whose methods do nothing; a method that returns True ends the run.

    The run then ends after the epoch and scores its result, as after Ctrl-C. An exception ends it at once. ``Run``
    takes callbacks, and so do ``run_to_folder`` and ``resume_folder``, which the commands use.

    Example:
        >>> from automl_zero.config import load_config
        >>> from automl_zero.run.run import Run
        >>> class Impatient(Callback):
        ...     def on_epoch(self, event: EpochEnd) -> bool:
        ...         return event.best_fitness > 0.99 or event.programs >= 40_000
        >>> run = Run(load_config("linear", ["baselines.names=[]"]), callbacks=[Impatient()])
        >>> [event.reason for event in run.iter_events() if event.event == "stop"]
        ['interrupted']
    """

    def on_start(self, config: Config) -> bool | None:
        """Called when the search starts, or resumes from a checkpoint."""

    def on_migration(self, epoch: int) -> bool | None:
        """Called when programs have moved between islands, after this epoch of the experiment."""

    def on_epoch(self, event: EpochEnd) -> bool | None:
        """Called when an epoch has ended."""

    def on_improvement(self, event: Improvement) -> bool | None:
        """Called when an experiment has a better program than before."""

    def on_selection(self, event: Selection) -> bool | None:
        """Called when an experiment has ended, and its program was scored on the select tasks."""

    def on_final(self, event: Final) -> bool | None:
        """Called when the result of the run is known."""

    def on_checkpoint(self, path: Path) -> bool | None:
        """Called when a checkpoint was written."""

    def on_stop(self, event: Stop) -> bool | None:
        """Called when the run is complete."""

    def on_recorded(self, folder: Path) -> bool | None:
        """Called when all files of the run are in its folder, the report included; not without a folder."""


class Callbacks:
    """Notifies callbacks in their order.

    Attributes:
        ask_to_end: whether one of them has asked to end the run.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = tuple(callbacks)
        self.ask_to_end = False

    def notify(self, call: Callable[[Callback], bool | None]) -> None:
        """Call ``call`` with each callback."""
        answers = [call(each) for each in self._callbacks]
        self.ask_to_end = self.ask_to_end or any(answers)

    def notify_event(self, event: Event) -> None:
        """Call the method of each callback for this kind of event, if there is one."""
        match event:
            case EpochEnd():
                self.notify(lambda each: each.on_epoch(event))
            case Improvement():
                self.notify(lambda each: each.on_improvement(event))
            case Selection():
                self.notify(lambda each: each.on_selection(event))
            case Final():
                self.notify(lambda each: each.on_final(event))
            case Stop():
                self.notify(lambda each: each.on_stop(event))
