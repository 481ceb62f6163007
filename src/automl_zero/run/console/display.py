"""The display of a run: a live view on a terminal, plain lines elsewhere. Both show the contents of ``Progress``."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, Timer
from time import monotonic
from typing import Protocol, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from automl_zero.run.console.cost_line import cost_line
from automl_zero.run.console.formatting import COMPILING, clock, short_number
from automl_zero.run.console.live_view import draw, scoring_text
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import EpochEnd, Estimate, Event, Improvement, Scoring, Selection, Start
from automl_zero.terminal.safe_console import SafeConsole

INTERRUPTING = "finishing the epoch and writing everything; Ctrl-C again stops at once"
PATIENCE = 1.0  # seconds without an event after which the start-up message appears
INTERVAL, SHORTEST = 5.0, 1.0  # seconds between plain lines without and with improvements
SHARE, LONGEST = 1 / 20, 60.0  # in a long run, the interval is this share of its time, up to a minute


class Display(Protocol):
    """A context manager that shows a run while it is entered."""

    def __enter__(self) -> Self:
        """Start to display, before the first event."""

    def __exit__(self, *_: object) -> None:
        """Stop to display."""

    def show(self, event: Event, /) -> None:
        """Show an event, which ``Progress`` has been updated with."""

    def notify(self) -> None:
        """Show that an interruption was noticed; called in a signal handler."""


def new_display(progress: Progress, console: SafeConsole, startup_message: str = COMPILING) -> Display:
    """Create the display that suits a console; it shows ``startup_message`` if the first event takes long."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(progress, console, startup_message)
    return PlainDisplay(progress, console, startup_message)


class LiveDisplay:
    """Redraws the live view in place, and removes it at the end."""

    def __init__(self, progress: Progress, console: SafeConsole, startup_message: str = COMPILING) -> None:
        self._progress, self._console, self._note, self._startup_message = progress, console, "", startup_message
        self._latest = monotonic()  # time of the latest event, or of the start
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        """Draw the live view for the first time."""
        self._latest = monotonic()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the live view."""
        self._live.stop()

    def show(self, _: Event) -> None:
        """Record the time of the event; the view redraws by itself, with a clock that runs."""
        self._latest = monotonic()

    def notify(self) -> None:
        """Show a note below the view; show the cursor, too, since the next signal ends the process at once."""
        self._note = INTERRUPTING
        _call_in_thread(self._console.show_cursor)

    def _render(self) -> RenderableType:
        waited = monotonic() - self._latest
        if self._progress.last is None:
            return Text(self._startup_message if waited > PATIENCE else "")
        height, width = self._console.height, self._console.width
        return Group(draw(self._progress, height, waited, width), Text(self._note, no_wrap=True, overflow="ellipsis"))


class PlainDisplay:
    """Prints lines about events, but not too often."""

    def __init__(self, progress: Progress, console: SafeConsole, startup_message: str = COMPILING) -> None:
        self._progress, self._console = progress, console
        self._startup = Timer(PATIENCE, self._print, (startup_message,))
        self._startup.daemon = True
        self._printed_at, self._has_improved = 0.0, False  # since the latest line of an epoch

    def __enter__(self) -> Self:
        """Start the timer of the start-up message."""
        self._startup.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel the start-up message."""
        self._startup.cancel()

    def show(self, event: Event) -> None:
        """Print a line if one is due."""
        self._startup.cancel()
        match event:
            case Start():
                self._print(_start_line(self._progress, event))
            case Improvement():
                self._has_improved = True
            case EpochEnd() if event.seconds - self._printed_at >= _interval(event.seconds, self._has_improved):
                self._print(_epoch_line(self._progress, event))
                self._printed_at, self._has_improved = event.seconds, False
            case Selection() if event.is_best:
                self._print(_selection_line(event))
            case Estimate():
                self._print(cost_line(event, self._progress.config))
            case Scoring():
                self._print(f"{clock(event.seconds)}  {scoring_text(event)}")

    def notify(self) -> None:
        """Print that the interruption was noticed."""
        _call_in_thread(self._print, INTERRUPTING)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _call_in_thread(function: Callable[..., object], *arguments: object) -> None:
    """Call a function in another thread: a signal handler must not print, since it may have interrupted a print."""
    Thread(target=function, args=arguments, daemon=True).start()


def _interval(seconds: float, has_improved: bool) -> float:
    """Return the seconds between plain lines, ``seconds`` after the start of the run."""
    return max(SHORTEST if has_improved else INTERVAL, min(SHARE * seconds, LONGEST))


def _start_line(progress: Progress, event: Start) -> str:
    islands, experiments = progress.config.islands.count, progress.config.experiment.concurrent
    of_each = f" of each of {experiments} experiments" if experiments > 1 else ""
    at_a_time = min(event.workers, islands * experiments)
    what = "island" if islands == 1 else "islands"
    return f"{event.name}, seed {event.seed}: {islands} {what}{of_each}, {at_a_time} at a time"


def _epoch_line(progress: Progress, event: EpochEnd) -> str:
    return (
        f"{clock(event.seconds)}  experiment {event.experiment + 1}  {short_number(event.programs)} programs  "
        f"{short_number(progress.recent_speed)}/s  best fitness {event.best_fitness:.5f}{_cluster_part(progress)}"
    )


def _cluster_part(progress: Progress) -> str:
    if (cluster := progress.cluster) is None:
        return ""
    return (
        f"  nodes {cluster.nodes}, processes {cluster.workers}, epochs {progress.epochs_per_second:.3g}/s, "
        f"islands recovered {cluster.replays}"
    )


def _selection_line(event: Selection) -> str:
    return (
        f"{clock(event.seconds)}  experiment {event.experiment + 1} ends by {event.limit}: fitness "
        f"{event.search_fitness:.5f} on search, {event.select_fitness:.5f} on select, the best so far"
    )
