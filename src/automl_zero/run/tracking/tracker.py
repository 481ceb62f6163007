"""A tracker: a callback that tells a run to a system in which people watch and compare runs.

No result depends on it. After its first error, of which one message tells, it is silent, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from automl_zero.config import Config
from automl_zero.run.record import folder_files as files
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Final, Improvement, Selection, Stop
from automl_zero.run.record.run_folder import BEST, CONFIG, PROGRAMS, REPORT, StoreError
from automl_zero.system.safe_files import check_plain_folder


class Tracker(Callback):
    """Turns what happens into numbers, texts and files; how these are told is what subclasses add.

    Args:
        folder: the run folder, where a tracker keeps what it needs under its own name.
        warn: called once, if it fails.
    """

    name: str

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.run_folder, self.folder = folder, folder / self.name
        self._warn, self._has_failed = warn, False
        self._programs, self._seconds = 0, 0.0  # as of the latest epoch

    def begin(self, config: Config) -> None:
        """The search begins, or goes on."""
        raise NotImplementedError

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        """Values by name, after that many programs of the run."""
        raise NotImplementedError

    def text(self, name: str, text: str, programs: int) -> None:
        """A text after that many programs of the run."""
        raise NotImplementedError

    def end(self, files: Sequence[Path]) -> None:
        """The run is complete, and these are its files."""
        raise NotImplementedError

    def on_start(self, config: Config) -> None:
        """Begin."""
        self._try(self._begin, config)

    def _begin(self, config: Config) -> None:
        """Begin where no link leads out of the run folder: the libraries open files by themselves."""
        check_plain_folder(self.folder, within=self.run_folder)
        self.begin(config)

    def on_epoch(self, event: EpochEnd) -> None:
        """Tell the best fitness, the speed of the epoch, and what became of the programs."""
        programs, seconds = event.programs - self._programs, event.seconds - self._seconds
        self._programs, self._seconds = event.programs, event.seconds
        values = {"fitness/best": event.best_fitness, "time/seconds": event.seconds, "experiment": event.experiment}
        if 0 < programs < event.programs and seconds > 0:  # a run that goes on has no epoch before its first
            values["time/programs_per_second"] = programs / seconds
        counters = {f"counters/{name}": count for name, count in event.counters.items()}
        self._try(self.numbers, {**values, **counters}, event.programs)

    def on_improvement(self, event: Improvement) -> None:
        """Tell the program."""
        self._try(self.text, "program/search", event.program, self._programs)

    def on_selection(self, event: Selection) -> None:
        """Tell the experiment's program, if it is the best so far, and its score."""
        self._try(self.numbers, {"fitness/select": event.select_fitness}, self._programs)
        if event.is_best:
            self._try(self.text, "program/select", event.program, self._programs)

    def on_final(self, event: Final) -> None:
        """Tell the result, its scores, and those of the baselines."""
        rows = {"evolved": event.scores, **{each.name: each.scores for each in event.baselines}}
        scores = {f"final/{name}/{stage}": score.fitness for name, row in rows.items() for stage, score in row.items()}
        self._try(self.numbers, scores, self._programs)
        self._try(self.text, "program/final", event.program, self._programs)

    def on_stop(self, event: Stop) -> None:
        """Tell what ended the run."""
        self._try(self.text, "ended by", event.reason, self._programs)

    def on_recorded(self, folder: Path) -> None:
        """Tell the files that the run was made for, and end."""
        names = [CONFIG, REPORT, *(f"{BEST}/{each}.txt" for each in sorted(PROGRAMS))]
        self._try(lambda: self.end([folder / name for name in names if _is_readable(folder, name)]))

    def _try(self, call: Callable[..., None], *arguments: object) -> None:
        if self._has_failed:
            return
        try:
            call(*arguments)
        except Exception as error:  # whatever a library, a disk or a server comes up with
            self._has_failed = True
            reason = " ".join(str(error).split())[:200]
            self._warn(f"{self.name} is told nothing more of this run ({type(error).__name__}: {reason}); it goes on")


def _is_readable(folder: Path, name: str) -> bool:
    """Whether it is there, and no link to something else, which would be told instead."""
    try:
        with files.opened(folder, name):
            return True
    except StoreError:
        return False
