"""What a caller of a run may be told while it goes on, and how it may end it; no result depends on who listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from automl_zero.config import Config
from automl_zero.run.record.events import EpochEnd, Event, Final, Improvement, Selection, Stop


class Callback:
    """Does nothing; write a subclass with the methods that matter. One that returns True ends the run.

    The run then ends at the end of the epoch, completely, as after Ctrl-C. An exception ends it at once. ``Run`` takes
    callbacks, and so do ``run_to_folder`` and ``resume_folder``, which do a run as the command does it.

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
        """The search begins, or goes on from a checkpoint."""

    def on_migration(self, epoch: int) -> bool | None:
        """Programs have moved between islands, after that epoch of the experiment."""

    def on_epoch(self, event: EpochEnd) -> bool | None:
        """An epoch has ended."""

    def on_improvement(self, event: Improvement) -> bool | None:
        """An experiment has a better program than before."""

    def on_selection(self, event: Selection) -> bool | None:
        """An experiment has ended, and its program was scored on the select tasks."""

    def on_final(self, event: Final) -> bool | None:
        """The result of the run is known."""

    def on_checkpoint(self, path: Path) -> bool | None:
        """A checkpoint was written."""

    def on_stop(self, event: Stop) -> bool | None:
        """The run is complete."""

    def on_recorded(self, folder: Path) -> bool | None:
        """All of the run is in its folder, the report included; only where there is a folder."""


class Callbacks:
    """Tells all listeners, in their order, and remembers whether one of them has asked for the end."""

    def __init__(self, listeners: Sequence[Callback]) -> None:
        self._listeners = tuple(listeners)
        self.ask_to_end = False

    def notify(self, call: Callable[[Callback], bool | None]) -> None:
        """Call a method of each listener."""
        answers = [call(each) for each in self._listeners]
        self.ask_to_end = self.ask_to_end or any(answers)

    def notify_event(self, event: Event) -> None:
        """Call the method for the kind of the event, if there is one."""
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
