"""A run on the screen: a live picture on a terminal, plain lines elsewhere. Both show what ``Progress`` knows."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, Timer
from time import monotonic
from typing import Protocol, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from automl_zero.run.console.cost_line import announcement
from automl_zero.run.console.formatting import COMPILING, clock, short_number
from automl_zero.run.console.live_view import draw, scoring
from automl_zero.run.console.progress import Progress
from automl_zero.run.record.events import EpochEnd, Estimate, Event, Improvement, Scoring, Selection, Start
from automl_zero.terminal.safe_console import SafeConsole

INTERRUPTING = "finishing the epoch and writing everything; Ctrl-C again stops at once"
PATIENCE = 1.0  # seconds after which a silent start must be compiling
EVERY, SOONEST = 5.0, 1.0  # seconds between plain lines: of a search that finds nothing, and of one that does
SHARE, LONGEST = 1 / 20, 60.0  # later in a run they are further apart: by a share of its time, up to a minute


class Display(Protocol):
    """Shows a run while it is entered."""

    def __enter__(self) -> Self:
        """Begin; nothing has happened yet."""

    def __exit__(self, *_: object) -> None:
        """End."""

    def show(self, event: Event, /) -> None:
        """Take note of an event that ``Progress`` has taken in already."""

    def notify(self) -> None:
        """Tell that the interruption was noticed; called in a signal handler."""


def new_display(progress: Progress, console: SafeConsole, beginning: str = COMPILING) -> Display:
    """The display that suits a console; ``beginning`` tells what takes long if the first event does."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(progress, console, beginning)
    return PlainDisplay(progress, console, beginning)


class LiveDisplay:
    """Redraws a picture in place, and takes it away at the end."""

    def __init__(self, progress: Progress, console: SafeConsole, beginning: str = COMPILING) -> None:
        self._progress, self._console, self._note, self._beginning = progress, console, "", beginning
        self._latest = monotonic()  # when the latest event happened, or the display began
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        """Draw the first picture."""
        self._latest = monotonic()
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the picture away."""
        self._live.stop()

    def show(self, _: Event) -> None:
        """Take the time: the picture is redrawn all the time, and its clock goes on."""
        self._latest = monotonic()

    def notify(self) -> None:
        """Say so below the picture, and let go of the cursor, since the next signal ends the process."""
        self._note = INTERRUPTING
        _soon(self._console.show_cursor)

    def _render(self) -> RenderableType:
        waited = monotonic() - self._latest
        if self._progress.last is None:
            return Text(self._beginning if waited > PATIENCE else "")
        height, width = self._console.height, self._console.width
        return Group(draw(self._progress, height, waited, width), Text(self._note, no_wrap=True, overflow="ellipsis"))


class PlainDisplay:
    """Prints a line when something happens, but not too often."""

    def __init__(self, progress: Progress, console: SafeConsole, beginning: str = COMPILING) -> None:
        self._progress, self._console = progress, console
        self._compiling = Timer(PATIENCE, self._print, (beginning,))
        self._compiling.daemon = True
        self._shown_at, self._news = 0.0, False

    def __enter__(self) -> Self:
        """Wait a little before telling of the compiler."""
        self._compiling.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be told."""
        self._compiling.cancel()

    def show(self, event: Event) -> None:
        """Print a line if it is time."""
        self._compiling.cancel()
        match event:
            case Start():
                self._print(_begin_line(self._progress, event))
            case Improvement():
                self._news = True
            case EpochEnd() if event.seconds - self._shown_at >= _interval(event.seconds, self._news):
                self._print(_epoch_line(self._progress, event))
                self._shown_at, self._news = event.seconds, False
            case Selection() if event.is_best:
                self._print(_selection_line(event))
            case Estimate():
                self._print(announcement(event, self._progress.config))
            case Scoring():
                self._print(f"{clock(event.seconds)}  {scoring(event)}")

    def notify(self) -> None:
        """Say so."""
        _soon(self._print, INTERRUPTING)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _soon(function: Callable[..., object], *arguments: object) -> None:
    """Call in another thread: a signal handler must not print, it may have interrupted a print."""
    Thread(target=function, args=arguments, daemon=True).start()


def _interval(seconds: float, news: bool) -> float:
    """Seconds between plain lines, that long after the beginning."""
    return max(SOONEST if news else EVERY, min(SHARE * seconds, LONGEST))


def _begin_line(progress: Progress, event: Start) -> str:
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
        f"islands made again {cluster.replays}"
    )


def _selection_line(event: Selection) -> str:
    return (
        f"{clock(event.seconds)}  experiment {event.experiment + 1} ends by {event.limit}: fitness "
        f"{event.search_fitness:.5f} on search, {event.select_fitness:.5f} on select, the best so far"
    )
