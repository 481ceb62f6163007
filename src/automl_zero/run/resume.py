"""Resuming a run from its latest checkpoint, with the same results as without the interruption.

Nothing in the run folder is changed before all checks have passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from automl_zero.config import Config, override
from automl_zero.run.checkpoint.compatibility import (
    CompleteError,
    check_changes,
    check_resumable,
    config_changes,
    is_complete,
    other_changes,
)
from automl_zero.run.checkpoint.manager import Checkpoints, FoundCheckpoint, latest, rename_damaged
from automl_zero.run.console.progress import Progress
from automl_zero.run.console.summary import report
from automl_zero.run.islands.engine import Engine
from automl_zero.run.record.callbacks import Callback, Callbacks
from automl_zero.run.record.run_folder import RunFolder, StoredRun, StoreError, check_folder, locked, read_run
from automl_zero.run.run import Run
from automl_zero.run.session import build_run, display_run, record_events
from automl_zero.terminal.safe_console import SafeConsole


def resume_folder(
    folder: Path,
    overrides: Sequence[str],
    allow_change: bool,
    workers: int,
    console: SafeConsole,
    callbacks: Sequence[Callback] = (),
    engine: Engine | None = None,
) -> tuple[Progress, int]:
    """Resume a run; return the same as ``run_to_folder``.

    If the run is complete, but its process was killed before it had written all files, only these are written.

    Args:
        folder: the run folder.
        overrides: changes of its config. The sections ``stop`` and ``checkpoint`` may change, as no state depends on
            them.
        allow_change: whether other differences are allowed, too: in the config, the tasks, or the package.
        workers: the number of threads; it changes no result.
        console: where to show the run.
        callbacks: notified of what happens from now on.
        engine: where islands run; by default, in threads.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used.
        CompleteError: the run is complete, and so are its files.
        StoreError: there is no usable checkpoint, something has changed, the folder cannot be written, or another
            process writes it.
    """
    check_folder(folder)
    with locked(folder):
        stored = read_run(folder)
        config = override(stored.config, overrides)
        if is_complete(stored, config) and (note := _write_missing_files(folder, stored, callbacks)):
            _print(console, note)
            return progress_of(stored), 0
        found = _latest(folder, stored, config)
        check_resumable(stored, config)
        check_changes(config_changes(found.checkpoint.origin, config), allow_change)
        snapshot, note, progress = found.checkpoint.snapshot, _note(found), Progress(config)
        events = stored.events[: snapshot.state.num_events]
        for event in events:
            progress.update(event)
        _print(console, note)
        with display_run(progress, console, engine) as (display, interrupt):
            checkpoints = Checkpoints(folder, config.checkpoint)
            run = build_run(
                interrupt,
                lambda: Run(config, workers, interrupt, checkpoints, snapshot, callbacks, engine=engine),
            )
            check_changes(other_changes(found.checkpoint.origin, run.origin), allow_change)
            rename_damaged(folder, found)
            record_events(run, RunFolder.reopen(folder, config, events, note), progress, display, callbacks)
    return progress, interrupt.exit_code


def _latest(folder: Path, stored: StoredRun, config: Config) -> FoundCheckpoint:
    """Return the checkpoint to resume from; raise a CompleteError if a complete run has none."""
    try:
        return latest(folder, len(stored.events))
    except StoreError as error:
        raise (CompleteError(str(error)) if is_complete(stored, config) else error) from None


def progress_of(stored: StoredRun) -> Progress:
    """Return the progress of a run after all of its events."""
    progress = Progress(stored.config)
    for event in stored.events:
        progress.update(event)
    return progress


def _write_missing_files(folder: Path, stored: StoredRun, callbacks: Sequence[Callback]) -> str | None:
    """Write the files that a complete run lacks; return a note for the user, None if it lacks none."""
    run_folder = RunFolder(folder, stored.config)
    written = run_folder.complete(stored.events, report(progress_of(stored), folder))
    if not written:
        return None
    note = f"the run is complete, but it lacked {', '.join(written)}: written now"
    run_folder.log(note)
    notified = Callbacks(callbacks)
    notified.notify(lambda each: each.on_start(stored.config))
    notified.notify(lambda each: each.on_recorded(folder))
    return note


def _print(console: SafeConsole, note: str) -> None:
    console.print(note, markup=False, highlight=False, soft_wrap=True)


def _note(found: FoundCheckpoint) -> str:
    """Return what is wrong with later checkpoints, and where the run resumes."""
    state = found.checkpoint.snapshot.state
    faults = [f"{path.name} {why}: renamed, the one before it is used" for path, why in found.faults]
    return "\n".join([*faults, f"resuming from experiment {state.experiment + 1}, epoch {state.epoch}"])
