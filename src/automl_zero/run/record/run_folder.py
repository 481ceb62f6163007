"""The run folder: all that is kept of a run, readable at any moment, also while the run goes on or after a crash.

``config.toml``, the complete config; ``events.jsonl``, one event per line; ``best/``, the best programs as text: on the
search tasks, on the select tasks, and ``final.txt``, the result; ``report.txt`` and ``report.html``; ``ablation.json``,
what the parts of the result are worth; ``checkpoints/``, states of the search; ``log.txt``, from where the run went on
after a stop; a folder of each tracker, by its name; ``.holder``, which process works here, while one does. Files are
replaced as a whole. Events are only added, unless a run goes on from a checkpoint: those that came after it are then
cut off. Only who holds the lock writes. A folder may come from a stranger, so every file in it is reached through
``files``.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from shlex import quote
from uuid import uuid4

from automl_zero.config import Config, StopConfig, load_config
from automl_zero.program.annotate import annotated_text
from automl_zero.program.text import from_text
from automl_zero.run.record import folder_files
from automl_zero.run.record.events import Event, Final, Improvement, Selection, Stop, from_json, to_json
from automl_zero.run.record.folder_files import StoreError as StoreError
from automl_zero.run.record.folder_files import named as named
from automl_zero.run.record.limits import INTERRUPTED
from automl_zero.system import locks

CONFIG, EVENTS, REPORT, BEST, LOG, LOCK = "config.toml", "events.jsonl", "report.txt", "best", "log.txt", ".lock"
HOLDER, CHECKPOINTS = ".holder", "checkpoints"
# The names of files in the latter, with the numbers of the experiment and the epoch.
CHECKPOINT = re.compile(r"experiment-(\d{6}|[1-9]\d{6,18})-epoch-(\d{9}|[1-9]\d{9,18})\.checkpoint", re.ASCII)
TAIL = 1 << 12  # bytes at the end of the events, of which those of the last one are less
PATIENCE = 0.2  # seconds to wait for a lock: who looks whether it is held holds it for a moment
PROGRAMS = ("search", "select", "final")  # in the folder BEST


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What a run folder holds."""

    config: Config
    events: tuple[Event, ...]


def default_folder(config: Config) -> Path:
    """Where a run is kept unless told otherwise: ``runs/NAME-seed-N``."""
    name = re.sub(r"[^\w-]+", "-", config.name) or "run"
    return Path("runs") / f"{name}-seed-{config.seed}"


def check_new(folder: Path) -> None:
    """Check that a run folder can be made there, without making it.

    Raises:
        StoreError: there is something of that name, or the place cannot be written.
    """
    try:
        _check_place(folder)
    except OSError as error:
        raise StoreError(f"run folder {folder} cannot be made ({error.strerror}): choose another --out") from None


def _check_place(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise StoreError(
            f"run folder {folder} exists and is not overwritten: {_way_on(folder)}choose another --out or remove it"
        )
    parent = next(each for each in folder.absolute().parents if each.exists())
    if not parent.is_dir():
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not a folder: choose another --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not writable: choose another --out")


def _way_on(folder: Path) -> str:
    """How a run that is in the way can go on, if it has a state to go on from; a limit that ended it can be raised."""
    try:
        stop = _last_event(folder)
        if not (folder_files.has(folder, CONFIG) and checkpoint_names(folder)):
            return ""
    except StoreError:
        return ""
    limit = stop.reason if isinstance(stop, Stop) and stop.reason != INTERRUPTED else ""
    if limit and limit.removeprefix("stop.") not in StopConfig.model_fields:
        return ""
    further = f" --set {limit}=..." if limit else ""
    return f"go on with it by 'automl-zero resume {quote(str(folder))}{further}', "


def _last_event(folder: Path) -> Event | None:
    """The last event of a run folder if it is a short one, as that of its end is."""
    with folder_files.opened(folder, EVENTS) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        *_, last = [b"", *file.read(TAIL).split(b"\n")[:-1]]
    try:
        return from_json(last)
    except ValueError:
        return None


def checkpoint_names(folder: Path) -> list[str]:
    """The names of the checkpoints in a run folder, the latest first; whatever has another name is none.

    Raises:
        StoreError: their folder is a link, or cannot be read.
    """
    found = [match for match in map(CHECKPOINT.fullmatch, folder_files.names(folder, CHECKPOINTS)) if match]
    return [each[0] for each in sorted(found, key=lambda each: (int(each[1]), int(each[2])), reverse=True)]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder, which no other process can write meanwhile; it ends with the process.

    The number of the process and the name of its machine are kept beside the lock while it is held.

    Raises:
        StoreError: somebody else holds it, or the folder cannot be written.
    """
    from filelock import Timeout

    with folder_files.new_or_changed(folder, LOCK):
        """It is a file of its own, so that what locks it opens nothing else."""
    with ExitStack() as held:
        with named(folder / LOCK):
            try:
                held.enter_context(locks.locked(folder / LOCK, PATIENCE))
            except Timeout:
                raise StoreError(f"run folder {folder} is in use by another process: wait for it, or end it") from None
        try:
            folder_files.write(folder, HOLDER, f"{os.getpid()} {platform.node()}\n".encode())
            yield
        finally:
            with suppress(StoreError):
                folder_files.remove(folder, HOLDER)


class RunFolder:
    """Writes the folder of one run, whose lock the caller holds. Make one with ``create`` or ``reopen``."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path = path
        self._multiclass = config.tasks.num_classes > 2

    @classmethod
    def create(cls, path: Path, config: Config) -> RunFolder:
        """Make the folder with its config: all of it or nothing.

        Raises:
            StoreError: there is something of that name, or the place cannot be written.
        """
        check_new(path)
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            (unfinished / BEST).mkdir(parents=True)
            (unfinished / CONFIG).write_text(config.to_toml(), encoding="utf-8")
            (unfinished / EVENTS).touch()
            unfinished.rename(path)
        except OSError as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise StoreError(f"run folder {path} cannot be made ({error.strerror}): choose another --out") from None
        return cls(path, config)

    @classmethod
    def reopen(cls, path: Path, config: Config, events: Sequence[Event], note: str) -> RunFolder:
        """Take a folder back to when it had these events, its first ones, so that the run can go on from there.

        Args:
            path: the folder.
            config: what the run goes on with.
            events: what happened so far; later ones, and what was made from them, are removed.
            note: what is told of this in the log.

        Raises:
            StoreError: the folder cannot be written.
        """
        folder = cls(path, config)
        folder.log(note)
        folder._cut(len(events))
        folder._write(CONFIG, config.to_toml())
        folder_files.make_folder(path, BEST)
        for outdated in (*(_best_file(each) for each in PROGRAMS), REPORT):
            folder_files.remove(path, outdated)
        for name, program in _bests(events).items():
            folder._write(_best_file(name), folder._best_text(program))
        return folder

    def log(self, note: str) -> None:
        """Add lines to the log."""
        time = datetime.now(UTC).isoformat(timespec="seconds")
        with folder_files.new_or_changed(self.path, LOG) as file:
            file.seek(0, os.SEEK_END)
            file.writelines(f"{time} {line}\n".encode() for line in note.splitlines())

    def _cut(self, events: int) -> None:
        with folder_files.changed(self.path, EVENTS) as file:
            kept = sum(len(line) for line in islice(folder_files.whole_lines(file, self.path / EVENTS), events))
            file.truncate(kept)
            file.flush()
            os.fsync(file.fileno())

    def record(self, event: Event) -> None:
        """Keep an event, and the program that it tells of."""
        folder_files.append(self.path, EVENTS, f"{to_json(event)}\n".encode())
        if best := _best(event):
            name, program = best
            self._write(_best_file(name), self._best_text(program))

    def _best_text(self, program: str) -> str:
        return annotated_text(from_text(program), multiclass=self._multiclass)

    def write_report(self, text: str) -> None:
        """Keep the report."""
        self._write(REPORT, text)

    def complete(self, events: Sequence[Event], report: str) -> list[str]:
        """Write what a run that has ended lacks because its process was killed then; gives the names of the files.

        Args:
            events: all of them.
            report: that of the run.

        Raises:
            StoreError: the folder cannot be written.
        """
        folder_files.make_folder(self.path, BEST)
        texts = {_best_file(name): self._best_text(program) for name, program in _bests(events).items()}
        lacking = {
            name: text for name, text in {**texts, REPORT: report}.items() if not folder_files.has(self.path, name)
        }
        for name, text in lacking.items():
            self._write(name, text)
        return list(lacking)

    def _write(self, name: str, text: str) -> None:
        folder_files.write(self.path, name, text.encode())


def _best_file(name: str) -> str:
    return f"{BEST}/{name}.txt"


def _bests(events: Iterable[Event]) -> dict[str, str]:
    """The best programs after these events, by the names in ``PROGRAMS``."""
    return dict(filter(None, map(_best, events)))


def _best(event: Event) -> tuple[str, str] | None:
    """The program that an event makes one of the best, and as which of ``PROGRAMS``."""
    match event:
        case Improvement(is_best=True):
            return "search", event.program
        case Selection(is_best=True):
            return "select", event.program
        case Final():
            return "final", event.program
    return None


def check_folder(path: Path) -> None:
    """Check that this is a run folder.

    Raises:
        StoreError: it is not.
    """
    with named(path):
        has_config = (path / CONFIG).is_file()
    if not has_config:
        raise StoreError(f"{path} is not a run folder, it has no {CONFIG}: give the folder that 'run' has made")


def read_run(path: Path) -> StoredRun:
    """Read a run folder; a last line that was cut off, by a crash or because it is being written, is left out.

    Raises:
        StoreError: this is no run folder, or one of its lines is not an event.
        ConfigError: its config cannot be used.
    """
    return StoredRun(read_config(path), tuple(read_events(path)))


def read_config(path: Path) -> Config:
    """The config of a run folder.

    Raises:
        StoreError: this is no run folder.
        ConfigError: its config cannot be used.
    """
    check_folder(path)
    return load_config(str(path / CONFIG), within=path)


def read_events(path: Path) -> Iterator[Event]:
    """The events of a run folder one by one, but for a last line that was cut off.

    Raises:
        StoreError: a line is not an event.
    """
    for number, line in enumerate(folder_files.lines(path, EVENTS), 1):
        if line.endswith(b"\n"):
            yield _event(path / EVENTS, number, line)


def _event(file: Path, number: int, line: bytes) -> Event:
    try:
        return from_json(line)
    except ValueError:
        raise StoreError(f"{file}, line {number} is not an event: restore or remove the line") from None
