"""The run folder: all that is kept of a run, readable at any moment, also while the run goes on or after a crash.

``config.toml``, the complete config; ``events.jsonl``, one event per line; ``best/``, the best programs as text: on the
search tasks, on the select tasks, and ``final.txt``, the result; ``report.txt`` and ``report.html``; ``ablation.json``,
what the parts of the result are worth; ``checkpoints/``, states of the search; ``log.txt``, from where the run went on
after a stop; a folder of each tracker, by its name; ``.holder``, which process works here, while one does. Files are
replaced as a whole. Events are only added, unless a run goes on from a checkpoint: those that came after it are then
cut off. Only who holds the lock writes.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from automl_zero.atomic import replacing, sync_file
from automl_zero.config import Config, load_config
from automl_zero.program.text import from_text
from automl_zero.run.events import Event, Final, Improvement, Selection, from_json, to_json
from automl_zero.run.reading import annotated_text

CONFIG, EVENTS, REPORT, BEST, LOG, LOCK = "config.toml", "events.jsonl", "report.txt", "best", "log.txt", ".lock"
HOLDER = ".holder"
PATIENCE = 0.2  # seconds to wait for a lock: who looks whether it is held holds it for a moment
PROGRAMS = ("search", "select", "final")  # in the folder BEST


class StoreError(ValueError):
    """A run folder that cannot be made, written or read; the message names it and what to do."""


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
        raise StoreError(f"run folder {folder} exists and is not overwritten: choose another --out or remove it")
    parent = next(each for each in folder.absolute().parents if each.exists())
    if not parent.is_dir():
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not a folder: choose another --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not writable: choose another --out")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder, which no other process can write meanwhile; it ends with the process.

    The number of the process and the name of its machine are kept beside the lock while it is held.

    Raises:
        StoreError: somebody else holds it, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=PATIENCE)
    with named(folder / LOCK):
        try:
            lock.acquire()
        except Timeout:
            raise StoreError(f"run folder {folder} is in use by another process: wait for it, or end it") from None
    try:
        with named(folder / HOLDER) as path, replacing(path) as file:
            file.write(f"{os.getpid()} {platform.node()}\n".encode())
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER).unlink()
        lock.release()


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
        folder._log(note)
        folder._cut(len(events))
        folder._write(Path(CONFIG), config.to_toml())
        for outdated in (*(Path(BEST, f"{each}.txt") for each in PROGRAMS), Path(REPORT)):
            with named(path / outdated) as file:
                file.unlink(missing_ok=True)
        for name, program in dict(filter(None, map(_best, events))).items():
            folder._write_best(name, program)
        return folder

    def _log(self, note: str) -> None:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        with named(self.path / LOG) as path, path.open("a", encoding="utf-8") as file:
            file.writelines(f"{time} {line}\n" for line in note.splitlines())

    def _cut(self, events: int) -> None:
        with named(self.path / EVENTS) as path:
            lines = path.read_bytes().split(b"\n")[:events]
            os.truncate(path, sum(len(line) + 1 for line in lines))
            sync_file(path)

    def record(self, event: Event) -> None:
        """Keep an event, and the program that it tells of."""
        with named(self.path / EVENTS) as path:
            _append(path, f"{to_json(event)}\n".encode())
        if best := _best(event):
            self._write_best(*best)

    def _write_best(self, name: str, program: str) -> None:
        text = annotated_text(from_text(program), multiclass=self._multiclass)
        self._write(Path(BEST, f"{name}.txt"), text)

    def write_report(self, text: str) -> None:
        """Keep the report."""
        self._write(Path(REPORT), text)

    def _write(self, name: Path, text: str) -> None:
        """Replace a file as a whole, so that nobody ever reads a part of it."""
        with named(self.path / name) as path, replacing(path) as file:
            file.write(text.encode())


def _append(path: Path, content: bytes) -> None:
    """Add to a file that must be there: a new one would hide that the events before were lost."""
    with path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(content)


def _best(event: Event) -> tuple[str, str] | None:
    """The program that an event makes one of the best, and as which of ``PROGRAMS``."""
    match event:
        case Improvement(record=True):
            return "search", event.program
        case Selection(record=True):
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
    return load_config(str(path / CONFIG))


def read_events(path: Path) -> Iterator[Event]:
    """The events of a run folder one by one, but for a last line that was cut off.

    Raises:
        StoreError: a line is not an event.
    """
    with named(path / EVENTS) as file, file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n"):
                yield _event(file, number, line)


def _event(file: Path, number: int, line: bytes) -> Event:
    try:
        return from_json(line)
    except ValueError:
        raise StoreError(f"{file}, line {number} is not an event: restore or remove the line") from None


@contextmanager
def named(path: Path) -> Iterator[Path]:
    """Turn what the system says into an error that names the file."""
    try:
        yield path
    except OSError as error:
        raise StoreError(f"{path} cannot be used ({error.strerror}): check the disk and the permissions") from None
