"""The checkpoints in a run folder: when the next one is due, and the last few of them.

The clock decides when one is written, and never what a run does. One that is written replaces none but the oldest. Only
what has a name that a run gives is one, so that no name of a stranger's gets into a log.
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
UNFINISHED = re.compile(rf"\.{CHECKPOINT.pattern}\.[0-9a-f]+", re.ASCII)  # what a process leaves that is killed


@dataclass(frozen=True, eq=False, slots=True)
class FoundCheckpoint:
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
        path = self._folder / CHECKPOINTS / _name(checkpoint.snapshot.state)
        try:
            sync_file(self._folder / EVENTS, within=self._folder)  # so that no checkpoint tells of a lost event
            make_folder(path.parent, within=self._folder)
            write_checkpoint(path, checkpoint, within=self._folder)
        except OSError as error:
            raise StoreError(f"checkpoint {path} cannot be written ({error.strerror}): {self._remedy()}") from None
        for old in _files(self._folder)[self._settings.keep :]:
            folder_files.remove(self._folder, f"{CHECKPOINTS}/{old.name}")
        self._epochs, self._written_at = 0, monotonic()
        return path

    def _remedy(self) -> str:
        """What can be done when none can be written, which depends on whether there is an earlier one."""
        folder, remedy = quote(str(self._folder)), "free some space or check the permissions"
        if self._has_any():
            return f"{remedy}, then go on with 'automl-zero resume {folder}'"
        return f"{remedy}, then remove {folder}, which holds no state to go on from, and start the run anew"

    def _has_any(self) -> bool:
        try:
            return bool(_files(self._folder))
        except StoreError:
            return False


def latest(folder: Path, events: int | None = None) -> FoundCheckpoint:
    """The latest checkpoint of a run folder that can be used.

    Args:
        folder: the run folder.
        events: how many the folder has; a checkpoint that tells of more cannot be used. None: this is not looked at.

    Raises:
        StoreError: there is none, or none that can be used, or something beside them is no regular file.
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
        raise StoreError(f"{folder} has no checkpoint, so the run cannot go on: start it anew with its config.toml")
    told = "\n".join(f"  {path.name} {why}" for path, why in faults)
    raise StoreError(f"{folder} has no checkpoint that can be used, so the run cannot go on:\n{told}")


def state_digest(folder: Path) -> str | None:
    """The digest of the latest state that is kept, None if there is none that can be read."""
    try:
        return latest(folder).checkpoint.snapshot.digest
    except StoreError:
        return None


def put_aside(folder: Path, found: FoundCheckpoint) -> None:
    """Rename the files that cannot be used, and remove what killed processes left, so that nothing is in the way.

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
    """All that are there, the latest first."""
    return [folder / CHECKPOINTS / name for name in checkpoint_names(folder)]
