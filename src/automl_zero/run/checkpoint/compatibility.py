"""Whether a run may go on from a checkpoint: what has changed since, and whether that would change the search."""

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

FREE = ("stop", "checkpoint")  # sections that no state depends on: they say when a run ends, and when states are kept
A_FILE = "a file"  # in place of its path
MISSING = "not there"  # in place of a value


class CompleteError(StoreError):
    """A run that a limit has ended, which is the same now, or that has no state to go on from."""


def check_goes_on(stored: StoredRun, config: Config) -> None:
    """Check that a run has an end to go on from: it is not complete, or its limit is another one now.

    Raises:
        CompleteError: it is complete, and would end at once.
        StoreError: what it was ended by is no limit.
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
            f"the run is complete, it was ended by {stop.reason} = {limit}: to go on, raise that limit with "
            f"--set {stop.reason}=..."
        )


def is_complete(stored: StoredRun, config: Config) -> bool:
    """Whether a limit has ended the run, and would end it at once again."""
    try:
        check_goes_on(stored, config)
    except CompleteError:
        return True
    return False


def check_changes(changes: Sequence[str], allowed: bool) -> None:
    """Check that nothing has changed by which the search would go on otherwise, unless that is allowed.

    Raises:
        StoreError: telling what has changed.
    """
    if changes and not allowed:
        told = "\n".join(f"  {change}" for change in changes)
        raise StoreError(
            f"the run would not go on as it began, since this has changed:\n{told}\nundo it, start a new run, or go on "
            "nevertheless with --allow-change: what is in the population keeps its scores"
        )


def config_changes(origin: Origin, config: Config) -> list[str]:
    """The settings that are not those of the checkpoint, but for those that the search does not depend on.

    Files may have moved: their content counts.
    """
    values = config.model_dump(mode="json")
    changed = {key for key, _, _ in differing(_by_content(origin.config), _by_content(values))}
    return [
        f"{key}: {before} before, {now} now"
        for key, before, now in differing(origin.config, values)
        if key in changed and key.split(".")[0] not in FREE
    ]


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The keys that two configs, given as plain values, do not have in common, and both of their values."""
    left, right = (dict(_walk(values, "")) for values in (one, other))
    return [
        (key, left.get(key, MISSING), right.get(key, MISSING))
        for key in sorted({*left, *right})
        if left.get(key) != right.get(key)
    ]


def other_changes(before: Origin, now: Origin) -> list[str]:
    """What has changed of the tasks and of the package."""
    changes = [
        f"the tasks of island {number}: their data are not the same"
        for number, digests in enumerate(zip(before.tasks, now.tasks, strict=False))
        if len(set(digests)) > 1
    ]
    if before.engine != now.engine:
        changes.append(f"the package, or its libraries: automl-zero {before.version} before, {now.version} now")
    return changes


def _by_content(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with what files hold in place of their paths; the data of tasks are compared by their digests."""
    found = deepcopy(dict(values))
    for place, section, key in files_in(found):
        section[key] = _program_in(section[key]) if place == INITIAL else A_FILE
    return found


def _program_in(path: str) -> str:
    """The program in a file; the path, if there is none any more."""
    try:
        return to_text(load_program(path))
    except (ProgramError, StoreError):
        return path


def _walk(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
