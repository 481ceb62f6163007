"""The run folder: all that is kept of a run, readable at any moment, also while the run goes on or after a crash.

``config.toml``, the complete config; ``events.jsonl``, one event per line; ``best/``, the best programs as text: on the
search tasks, on the select tasks, and ``final.txt``, the result; ``report.txt``. Files are replaced as a whole; events
are only ever added.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from automl_zero.config import Config, load_config
from automl_zero.program.text import from_text
from automl_zero.run.events import Event, Final, Improvement, Selection, from_json, to_json
from automl_zero.run.reading import annotated_text

CONFIG, EVENTS, REPORT, BEST = "config.toml", "events.jsonl", "report.txt", "best"


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
    if folder.exists() or folder.is_symlink():
        raise StoreError(f"run folder {folder} exists and is not overwritten: choose another --out or remove it")
    parent = next(each for each in folder.absolute().parents if each.exists())
    if not parent.is_dir():
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not a folder: choose another --out")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise StoreError(f"run folder {folder} cannot be made, {parent} is not writable: choose another --out")


class RunFolder:
    """Writes the folder of one run. Make one with ``create``."""

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

    def record(self, event: Event) -> None:
        """Keep an event, and the program that it tells of."""
        with _named(self.path / EVENTS) as path, path.open("a", encoding="utf-8") as file:
            file.write(to_json(event) + "\n")
        match event:
            case Improvement(record=True):
                self._write_best("search", event.program)
            case Selection(record=True):
                self._write_best("select", event.program)
            case Final():
                self._write_best("final", event.program)

    def _write_best(self, name: str, program: str) -> None:
        text = annotated_text(from_text(program), multiclass=self._multiclass)
        self._write(Path(BEST, f"{name}.txt"), text)

    def write_report(self, text: str) -> None:
        """Keep the report."""
        self._write(Path(REPORT), text)

    def _write(self, name: Path, text: str) -> None:
        """Replace a file as a whole, so that nobody ever reads a part of it."""
        with _named(self.path / name) as path:
            unfinished = path.with_name(f".{path.name}.{uuid4().hex}")
            try:
                unfinished.write_text(text, encoding="utf-8")
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)


def read_run(path: Path) -> StoredRun:
    """Read a run folder; a last line that was cut off, by a crash or because it is being written, is left out.

    Raises:
        StoreError: this is no run folder, or one of its lines is not an event.
        ConfigError: its config cannot be used.
    """
    if not (path / CONFIG).is_file():
        raise StoreError(f"{path} is not a run folder, it has no {CONFIG}: give the folder that 'run' has made")
    config = load_config(str(path / CONFIG))
    with _named(path / EVENTS) as file:
        *lines, _ = file.read_bytes().split(b"\n")
    return StoredRun(config, tuple(_event(file, number, line) for number, line in enumerate(lines, 1)))


def _event(file: Path, number: int, line: bytes) -> Event:
    try:
        return from_json(line)
    except ValueError:
        raise StoreError(f"{file}, line {number} is not an event: restore or remove the line") from None


@contextmanager
def _named(path: Path) -> Iterator[Path]:
    """Turn what the system says into an error that names the file."""
    try:
        yield path
    except OSError as error:
        raise StoreError(f"{path} cannot be used ({error.strerror}): check the disk and the permissions") from None
