"""The checkpoints in a run folder: when the next one is due, and which of them to resume from.

The clock decides when a checkpoint is written, and never what a run does. A new one replaces only the oldest. Only
files with the names that a run gives are checkpoints, so that no other name gets into a log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from time import monotonic

from automl_zero.config import CheckpointConfig
from automl_zero.run.checkpoint.file_format import Checkpoint, CheckpointError, read_checkpoint, write_checkpoint
from automl_zero.run.checkpoint.snapshot import RunState
from automl_zero.run.record import folder_files
from automl_zero.run.record.run_folder import CHECKPOINT, CHECKPOINTS, EVENTS, StoreError, checkpoint_names
from automl_zero.system.atomic_write import sync_file
from automl_zero.system.safe_files import check_files_in, make_folder

ENDING = ".checkpoint"
DAMAGED = ".damaged"
UNFINISHED = re.compile(rf"\.{CHECKPOINT.pattern}\.[0-9a-f]+", re.ASCII)  # temporary files of killed processes


@dataclass(frozen=True, eq=False, slots=True)
class FoundCheckpoint:
    """The latest usable checkpoint; ``faults`` are the later files that are not, each with its reason."""

    path: Path
    checkpoint: Checkpoint
    faults: tuple[tuple[Path, str], ...]


class Checkpoints:
    """Writes the checkpoints of one run.

    Args:
        folder: the run folder; it need not exist before the first checkpoint is written.
        settings: the section ``checkpoint`` of the config.
    """

    def __init__(self, folder: Path, settings: CheckpointConfig) -> None:
        self._folder, self._settings = folder, settings
        self._epochs, self._written_at = 0, -1.0

    def is_due(self) -> bool:
        """Return whether to write one now; call it once when an experiment starts and once after each epoch."""
        self._epochs += 1
        if not self._settings.keep:
            return False
        epochs, seconds = self._settings.every_epochs, self._settings.every_seconds
        too_many = epochs is not None and self._epochs >= epochs
        too_long = seconds is not None and not 0 <= monotonic() - self._written_at < seconds
        return self._written_at < 0 or too_many or too_long

    def write(self, checkpoint: Checkpoint) -> Path | None:
        """Write a checkpoint and remove the oldest; return its file, None if the config asks for no checkpoints.

        Raises:
            StoreError: it cannot be written; earlier ones stay.
        """
        if not self._settings.keep:
            return None
        path = self._folder / CHECKPOINTS / _name(checkpoint.snapshot.state)
        try:
            sync_file(self._folder / EVENTS, within=self._folder)  # so that no checkpoint counts an event that is lost
            make_folder(path.parent, within=self._folder)
            write_checkpoint(path, checkpoint, within=self._folder)
        except OSError as error:
            raise StoreError(f"checkpoint {path} cannot be written ({error.strerror}): {self._remedy()}") from None
        for old in _files(self._folder)[self._settings.keep :]:
            folder_files.remove(self._folder, f"{CHECKPOINTS}/{old.name}")
        self._epochs, self._written_at = 0, monotonic()
        return path

    def _remedy(self) -> str:
        """Return what the user can do; that depends on whether there is an earlier checkpoint."""
        folder, remedy = quote(str(self._folder)), "free some space or check the permissions"
        if self._has_any():
            return f"{remedy}, then continue with 'automl-zero resume {folder}'"
        return f"{remedy}, then remove {folder}, which has no checkpoint to resume from, and start the run again"

    def _has_any(self) -> bool:
        try:
            return bool(_files(self._folder))
        except StoreError:
            return False


def latest(folder: Path, events: int | None = None) -> FoundCheckpoint:
    """Return the latest usable checkpoint of a run folder.

    Args:
        folder: the run folder.
        events: how many events it has; a checkpoint that was written after more is not usable. None: do not check.

    Raises:
        StoreError: there is none, or none that is usable, or something next to them is no regular file.
    """
    with folder_files.named(folder / CHECKPOINTS) as place:
        check_files_in(place, within=folder)
    faults: list[tuple[Path, str]] = []
    for path in _files(folder):
        try:
            checkpoint = read_checkpoint(path, within=folder)
            _check_events(checkpoint.snapshot.state, events)
        except CheckpointError as error:
            faults.append((path, str(error)))
        else:
            return FoundCheckpoint(path, checkpoint, tuple(faults))
    if not faults:
        raise StoreError(f"{folder} has no checkpoint, so the run cannot resume: start it again with its config.toml")
    listed = "\n".join(f"  {path.name} {why}" for path, why in faults)
    raise StoreError(f"{folder} has no checkpoint that can be used, so the run cannot resume:\n{listed}")


def state_digest(folder: Path) -> str | None:
    """Return the digest of the latest checkpoint, None if no checkpoint can be read."""
    try:
        return latest(folder).checkpoint.snapshot.digest
    except StoreError:
        return None


def rename_damaged(folder: Path, found: FoundCheckpoint) -> None:
    """Rename the checkpoints that are not usable to ``.damaged``, and remove temporary files of killed processes.

    Raises:
        StoreError: the folder cannot be written.
    """
    for path, _ in found.faults:
        folder_files.rename(folder, f"{CHECKPOINTS}/{path.name}", path.with_suffix(DAMAGED).name)
    for name in filter(UNFINISHED.fullmatch, folder_files.names(folder, CHECKPOINTS)):
        folder_files.remove(folder, f"{CHECKPOINTS}/{name}")


def _check_events(state: RunState, events: int | None) -> None:
    if events is not None and state.num_events > events:
        raise CheckpointError(f"was made after {state.num_events} events, but {EVENTS} has {events}")


def _name(state: RunState) -> str:
    return f"experiment-{state.experiment:06}-epoch-{state.epoch:09}{ENDING}"


def _files(folder: Path) -> list[Path]:
    """Return the files of all checkpoints, the latest first."""
    return [folder / CHECKPOINTS / name for name in checkpoint_names(folder)]
