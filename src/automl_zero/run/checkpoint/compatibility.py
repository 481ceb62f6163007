"""Checks that a run can resume from a checkpoint: what has changed since, and whether that changes the search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from automl_zero.config import Config, StopConfig
from automl_zero.config.paths import INITIAL, files_in
from automl_zero.program.program import ProgramError
from automl_zero.program.text import to_text
from automl_zero.run.checkpoint.file_format import Origin
from automl_zero.run.record.events import Stop
from automl_zero.run.record.limits import INTERRUPTED
from automl_zero.run.record.program_lookup import load_program
from automl_zero.run.record.run_folder import StoredRun, StoreError

UNCHECKED = ("stop", "checkpoint")  # sections that no state depends on: when a run ends, and when states are saved
A_FILE = "a file"  # stands for a path
MISSING = "not there"  # stands for the value of a key that a config does not have


class CompleteError(StoreError):
    """Raised where a run is complete: the limit that ended it is unchanged, or it has no state to resume from."""


def check_resumable(stored: StoredRun, config: Config) -> None:
    """Check that a run is not complete, or that the limit that ended it has changed.

    Raises:
        CompleteError: the run is complete, and would end at once.
        StoreError: the reason of its end is not the key of a limit.
    """
    stop = stored.events[-1] if stored.events else None
    if not isinstance(stop, Stop) or stop.reason == INTERRUPTED:
        return
    key = stop.reason.removeprefix("stop.")
    if key not in StopConfig.model_fields:
        raise StoreError(f"the run was ended by {stop.reason!r}, which is no limit: restore or remove the last event")
    limit = getattr(config.stop, key)
    if limit == getattr(stored.config.stop, key):
        raise CompleteError(
            f"the run is complete, it was ended by {stop.reason} = {limit}: to continue it, raise that limit with "
            f"--set {stop.reason}=..."
        )


def is_complete(stored: StoredRun, config: Config) -> bool:
    """Return whether a limit has ended the run, and would end it again at once."""
    try:
        check_resumable(stored, config)
    except CompleteError:
        return True
    return False


def check_changes(changes: Sequence[str], allowed: bool) -> None:
    """Check that there are no changes that would change the rest of the search, unless they are allowed.

    Raises:
        StoreError: there are; the message lists them.
    """
    if changes and not allowed:
        listed = "\n".join(f"  {change}" for change in changes)
        raise StoreError(
            f"the run would not continue as it began, because this has changed:\n{listed}\nundo it, start a new run, "
            "or continue anyway with --allow-change: what is in the population keeps its scores"
        )


def config_changes(origin: Origin, config: Config) -> list[str]:
    """List the settings that differ from those of the checkpoint, except those that the search does not depend on.

    Files are compared by their content, so that they may have moved.
    """
    values = config.model_dump(mode="json")
    changed = {key for key, _, _ in differing(_by_content(origin.config), _by_content(values))}
    return [
        f"{key}: {before} before, {now} now"
        for key, before, now in differing(origin.config, values)
        if key in changed and key.split(".")[0] not in UNCHECKED
    ]


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """List the keys whose values differ between two configs, given as plain values, with both values."""
    left, right = (dict(_flatten(values, "")) for values in (one, other))
    return [
        (key, left.get(key, MISSING), right.get(key, MISSING))
        for key in sorted({*left, *right})
        if left.get(key) != right.get(key)
    ]


def other_changes(before: Origin, now: Origin) -> list[str]:
    """List the changes of the tasks and of the package."""
    changes = [
        f"the tasks of island {number}: their data are not the same"
        for number, digests in enumerate(zip(before.tasks, now.tasks, strict=False))
        if len(set(digests)) > 1
    ]
    if before.engine != now.engine:
        changes.append(f"the package, or its libraries: automl-zero {before.version} before, {now.version} now")
    return changes


def _by_content(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the paths of programs by the programs, and other paths by a constant: task data have digests."""
    found = deepcopy(dict(values))
    for place, section, key in files_in(found):
        section[key] = _program_in(section[key]) if place == INITIAL else A_FILE
    return found


def _program_in(path: str) -> str:
    """Return the program in a file as text; the path if the file cannot be read any more."""
    try:
        return to_text(load_program(path))
    except (ProgramError, StoreError):
        return path


def _flatten(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
