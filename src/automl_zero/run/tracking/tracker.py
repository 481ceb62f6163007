"""The base class of trackers: callbacks that send a run to a system for the monitoring and comparison of runs.

No result depends on them. After its first error, a tracker warns once and stops; the run continues.
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
    """Turns events into numbers, texts and files; subclasses implement how these are written.

    Args:
        folder: the run folder, where a tracker has a folder of its own name.
        warn: called once with a message, if the tracker fails.

    Attributes:
        name: the name in ``TRACKERS``.
    """

    name: str

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.run_folder, self.folder = folder, folder / self.name
        self._warn, self._has_failed = warn, False
        self._programs, self._seconds = 0, 0.0  # as of the latest epoch

    def begin(self, config: Config) -> None:
        """Start to write, when the search starts or resumes."""
        raise NotImplementedError

    def numbers(self, values: Mapping[str, float], programs: int) -> None:
        """Write values by name, after ``programs`` programs of the run."""
        raise NotImplementedError

    def text(self, name: str, text: str, programs: int) -> None:
        """Write a text, after ``programs`` programs of the run."""
        raise NotImplementedError

    def end(self, files: Sequence[Path]) -> None:
        """Write the files of the complete run, and finish."""
        raise NotImplementedError

    def on_start(self, config: Config) -> None:
        """Start to write."""
        self._try(self._begin, config)

    def _begin(self, config: Config) -> None:
        """Begin, but only if no link leads out of the tracker's folder: the libraries open files by themselves."""
        check_plain_folder(self.folder, within=self.run_folder)
        self.begin(config)

    def on_epoch(self, event: EpochEnd) -> None:
        """Write the best fitness, the speed of the epoch, and the outcomes of programs."""
        programs, seconds = event.programs - self._programs, event.seconds - self._seconds
        self._programs, self._seconds = event.programs, event.seconds
        values = {"fitness/best": event.best_fitness, "time/seconds": event.seconds, "experiment": event.experiment}
        if 0 < programs < event.programs and seconds > 0:  # the first epoch after a resume has no previous one
            values["time/programs_per_second"] = programs / seconds
        counters = {f"counters/{name}": count for name, count in event.counters.items()}
        self._try(self.numbers, {**values, **counters}, event.programs)

    def on_improvement(self, event: Improvement) -> None:
        """Write the program."""
        self._try(self.text, "program/search", event.program, self._programs)

    def on_selection(self, event: Selection) -> None:
        """Write the score of the experiment's program, and the program if it is the best so far."""
        self._try(self.numbers, {"fitness/select": event.select_fitness}, self._programs)
        if event.is_best:
            self._try(self.text, "program/select", event.program, self._programs)

    def on_final(self, event: Final) -> None:
        """Write the result, its scores, and those of the baselines."""
        rows = {"evolved": event.scores, **{each.name: each.scores for each in event.baselines}}
        scores = {f"final/{name}/{stage}": score.fitness for name, row in rows.items() for stage, score in row.items()}
        self._try(self.numbers, scores, self._programs)
        self._try(self.text, "program/final", event.program, self._programs)

    def on_stop(self, event: Stop) -> None:
        """Write what ended the run."""
        self._try(self.text, "ended by", event.reason, self._programs)

    def on_recorded(self, folder: Path) -> None:
        """Write the main files of the run, and finish."""
        names = [CONFIG, REPORT, *(f"{BEST}/{each}.txt" for each in sorted(PROGRAMS))]
        self._try(lambda: self.end([folder / name for name in names if _is_readable(folder, name)]))

    def _try(self, call: Callable[..., None], *arguments: object) -> None:
        if self._has_failed:
            return
        try:
            call(*arguments)
        except Exception as error:  # any failure of a library, a disk or a server
            self._has_failed = True
            reason = " ".join(str(error).split())[:200]
            self._warn(
                f"{self.name} gets no more data of this run ({type(error).__name__}: {reason}); the run continues"
            )


def _is_readable(folder: Path, name: str) -> bool:
    """Return whether a file exists and is not a link to another file, which would be sent instead."""
    try:
        with files.opened(folder, name):
            return True
    except StoreError:
        return False
