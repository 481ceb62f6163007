"""The checkpoints in a run folder: when the next one is due, and the last few of them.

The clock decides when one is written, and never what a run does. One that is written replaces none but the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from automl_zero.atomic import sync_file
from automl_zero.config import CheckpointConfig
from automl_zero.run.checkpoint import Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from automl_zero.run.snapshot import Record
from automl_zero.run.store import EVENTS, StoreError

CHECKPOINTS = "checkpoints"
ENDING = ".checkpoint"
DAMAGED = ".damaged"


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """The latest checkpoint that can be used; ``faults`` tell of later files that cannot, ``[(file, why)]``."""

    path: Path
    checkpoint: Checkpoint
    faults: tuple[tuple[Path, str], ...]


class Checkpoints:
    """Writes the checkpoints of one run.

    Args:
        folder: the run folder; it need not exist before the first of them is written.
        settings: of the config.
    """

    def __init__(self, folder: Path, settings: CheckpointConfig) -> None:
        self._folder, self._settings = folder, settings
        self._epochs, self._written_at = 0, -1.0

    def is_due(self) -> bool:
        """Whether one should be written now; asked once when an experiment begins and once after each epoch."""
        self._epochs += 1
        if not self._settings.keep:
            return False
        epochs, seconds = self._settings.every_epochs, self._settings.every_seconds
        too_many = epochs is not None and self._epochs >= epochs
        too_long = seconds is not None and not 0 <= monotonic() - self._written_at < seconds
        return self._written_at < 0 or too_many or too_long

    def write(self, checkpoint: Checkpoint) -> Path | None:
        """Keep a checkpoint, and let go of the oldest; gives its file, None if the config asks for none.

        Raises:
            StoreError: it cannot be written; those from before stay.
        """
        if not self._settings.keep:
            return None
        path = self._folder / CHECKPOINTS / _name(checkpoint.snapshot.record)
        try:
            sync_file(self._folder / EVENTS)  # so that no checkpoint tells of an event that a crash took away
            path.parent.mkdir(exist_ok=True)
            write_checkpoint(path, checkpoint)
            for old in _files(self._folder)[self._settings.keep :]:
                old.unlink()
        except OSError as error:
            raise StoreError(
                f"checkpoint {path} cannot be written ({error.strerror}): free some space or check the permissions, "
                "then go on with 'automl-zero resume'"
            ) from None
        self._epochs, self._written_at = 0, monotonic()
        return path


def latest(folder: Path, events: int | None = None) -> Found:
    """The latest checkpoint of a run folder that can be used.

    Args:
        folder: the run folder.
        events: how many the folder has; a checkpoint that tells of more cannot be used. None: this is not looked at.

    Raises:
        StoreError: there is none, or none that can be used.
    """
    faults: list[tuple[Path, str]] = []
    for path in _files(folder):
        try:
            checkpoint = read_checkpoint(path)
            _check_events(checkpoint.snapshot.record, events)
        except CheckpointError as error:
            faults.append((path, str(error)))
        else:
            return Found(path, checkpoint, tuple(faults))
    if not faults:
        raise StoreError(f"{folder} has no checkpoint, so the run cannot go on: start it anew with its config.toml")
    told = "\n".join(f"  {path.name} {why}" for path, why in faults)
    raise StoreError(f"{folder} has no checkpoint that can be used, so the run cannot go on:\n{told}")


def state_digest(folder: Path) -> str | None:
    """The digest of the latest state that is kept, None if there is none that can be read."""
    try:
        return latest(folder).checkpoint.snapshot.digest
    except StoreError:
        return None


def put_aside(found: Found) -> None:
    """Rename the files that cannot be used, and remove what killed processes left, so that nothing is in the way."""
    for path, _ in found.faults:
        path.rename(path.with_suffix(DAMAGED))
    for path in found.path.parent.glob(f".*{ENDING}.*"):
        path.unlink()


def _check_events(record: Record, events: int | None) -> None:
    if events is not None and record.events > events:
        raise CheckpointError(f"was made after {record.events} events, but {EVENTS} has {events}")


def _name(record: Record) -> str:
    return f"experiment-{record.experiment:06}-epoch-{record.epoch:09}{ENDING}"


def _files(folder: Path) -> list[Path]:
    """All that are there, the latest first."""
    return sorted((folder / CHECKPOINTS).glob(f"[!.]*{ENDING}"), reverse=True)
