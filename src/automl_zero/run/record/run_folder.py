"""The run folder: all files of a run, consistent at any moment, also while the run is in progress or after a crash.

- ``config.toml``: the complete config.
- ``events.jsonl``: one event per line.
- ``best/``: the best programs as text: ``search.txt``, ``select.txt``, and ``final.txt``, the result.
- ``report.txt`` and ``report.html``; ``ablation.json``: the contribution of each part of the result.
- ``checkpoints/``: states of the search.
- ``log.txt``: the checkpoints that the run resumed from.
- a folder of each tracker, by its name.
- ``.lock``, and ``.holder``, which names the process that holds the lock.

Files are replaced atomically. Events are only appended, except that resuming truncates those after the checkpoint. Only
the process that holds the lock writes. A folder may be untrusted, so every file in it is accessed through
``folder_files``.
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
# The names of checkpoints, with the numbers of the experiment and the epoch.
CHECKPOINT = re.compile(r"experiment-(\d{6}|[1-9]\d{6,18})-epoch-(\d{9}|[1-9]\d{9,18})\.checkpoint", re.ASCII)
TAIL = 1 << 12  # bytes; a last event that is a Stop is shorter
PATIENCE = 0.2  # seconds to wait for a lock: whoever tests whether it is held holds it for a moment
PROGRAMS = ("search", "select", "final")  # names of the programs in the folder BEST


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The config and the events in a run folder."""

    config: Config
    events: tuple[Event, ...]


def default_folder(config: Config) -> Path:
    """Return the default run folder of a config: ``runs/NAME-seed-N``."""
    name = re.sub(r"[^\w-]+", "-", config.name) or "run"
    return Path("runs") / f"{name}-seed-{config.seed}"


def check_new(folder: Path) -> None:
    """Check that a run folder can be made, without making it.

    Raises:
        StoreError: there is something of that name, or its parent cannot be written.
    """
    try:
        _check_place(folder)
    except OSError as error:
        raise StoreError(f"run folder {folder} cannot be made ({error.strerror}): choose another --out") from None


def _check_place(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise StoreError(
            f"run folder {folder} exists and is not overwritten: {_resume_hint(folder)}choose another --out or remove "
            "it"
        )
    parent = next(each for each in folder.absolute().parents if each.exists())
    if not parent.is_dir():
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not a folder: choose another --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not writable: choose another --out")


def _resume_hint(folder: Path) -> str:
    """Return how to resume an existing run, with a higher limit if one ended it; empty if it has no checkpoint."""
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
    return f"continue it with 'automl-zero resume {quote(str(folder))}{further}', "


def _last_event(folder: Path) -> Event | None:
    """Return the last event of a run folder if it is a short one, as a Stop is."""
    with folder_files.opened(folder, EVENTS) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        *_, last = [b"", *file.read(TAIL).split(b"\n")[:-1]]
    try:
        return from_json(last)
    except ValueError:
        return None


def checkpoint_names(folder: Path) -> list[str]:
    """Return the names of the checkpoints in a run folder, the latest first; other names are ignored.

    Raises:
        StoreError: their folder is a link, or cannot be read.
    """
    found = [match for match in map(CHECKPOINT.fullmatch, folder_files.names(folder, CHECKPOINTS)) if match]
    return [each[0] for each in sorted(found, key=lambda each: (int(each[1]), int(each[2])), reverse=True)]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder, so that no other process writes it; the system releases it with the process.

    While the lock is held, ``.holder`` has the number of the process and the name of its machine.

    Raises:
        StoreError: another process holds the lock, or the folder cannot be written.
    """
    from filelock import Timeout

    with folder_files.new_or_changed(folder, LOCK):
        pass  # makes the file, so that what locks it opens nothing else
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
    """Writes the folder of one run, whose lock the caller holds; created by ``create`` or ``reopen``."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path = path
        self._multiclass = config.tasks.num_classes > 2

    @classmethod
    def create(cls, path: Path, config: Config) -> RunFolder:
        """Make the folder with its config atomically.

        Raises:
            StoreError: there is something of that name, or its parent cannot be written.
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
        """Reset a folder to the state after some of its events, so that the run can resume from there.

        Args:
            path: the folder.
            config: the config that the run resumes with.
            events: the first events of the folder; later ones, and files that depend on them, are removed.
            note: a message for the log.

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
        """Append a message to the log, a line for each of its lines."""
        time = datetime.now(UTC).isoformat(timespec="seconds")
        with folder_files.new_or_changed(self.path, LOG) as file:
            file.seek(0, os.SEEK_END)
            file.writelines(f"{time} {line}\n".encode() for line in note.splitlines())

    def _cut(self, events: int) -> None:
        with folder_files.changed(self.path, EVENTS) as file:
            size = sum(len(line) for line in islice(folder_files.whole_lines(file, self.path / EVENTS), events))
            file.truncate(size)
            file.flush()
            os.fsync(file.fileno())

    def record(self, event: Event) -> None:
        """Append an event, and write its program if it is one of the best."""
        folder_files.append(self.path, EVENTS, f"{to_json(event)}\n".encode())
        if best := _best(event):
            name, program = best
            self._write(_best_file(name), self._best_text(program))

    def _best_text(self, program: str) -> str:
        return annotated_text(from_text(program), multiclass=self._multiclass)

    def write_report(self, text: str) -> None:
        """Write the report."""
        self._write(REPORT, text)

    def complete(self, events: Sequence[Event], report: str) -> list[str]:
        """Write the files that a complete run lacks because its process was killed; return their names.

        Args:
            events: all events of the run.
            report: its report.

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
    """Return the best programs after these events, by the names in ``PROGRAMS``."""
    return dict(filter(None, map(_best, events)))


def _best(event: Event) -> tuple[str, str] | None:
    """Return the name in ``PROGRAMS`` and the program, if the event reports one of the best programs."""
    match event:
        case Improvement(is_best=True):
            return "search", event.program
        case Selection(is_best=True):
            return "select", event.program
        case Final():
            return "final", event.program
    return None


def check_folder(path: Path) -> None:
    """Check that a path is a run folder.

    Raises:
        StoreError: it is not.
    """
    with named(path):
        has_config = (path / CONFIG).is_file()
    if not has_config:
        raise StoreError(f"{path} is not a run folder, it has no {CONFIG}: give the folder that 'run' has made")


def read_run(path: Path) -> StoredRun:
    """Read a run folder; an incomplete last line, as after a crash or during a write, is ignored.

    Raises:
        StoreError: this is no run folder, or one of its lines is not an event.
        ConfigError: its config cannot be used.
    """
    return StoredRun(read_config(path), tuple(read_events(path)))


def read_config(path: Path) -> Config:
    """Return the config of a run folder.

    Raises:
        StoreError: this is no run folder.
        ConfigError: its config cannot be used.
    """
    check_folder(path)
    return load_config(str(path / CONFIG), within=path)


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of a run folder; an incomplete last line is ignored.

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
