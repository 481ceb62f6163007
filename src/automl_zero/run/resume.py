"""A run goes on from its latest checkpoint, exactly as it would have gone on.

Until it is certain that it can, nothing in its folder is changed.
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
from automl_zero.run.session import begun, record_events, shown
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
    """Go on with a run; gives the same as ``run_to_folder``.

    Of a run that is complete, but whose process was killed before it had written all of its files, what is missing is
    written; nothing else is done then.

    Args:
        folder: of the run.
        overrides: of its config. Limits of the run and the keeping of checkpoints may change: no state depends on them.
        allow_change: whether other differences are allowed, too: in the config, the tasks, or the package.
        workers: threads; they change no result.
        console: to show it on.
        callbacks: told what happens from now on.
        engine: where islands run, if not in threads.

    Raises:
        ConfigError, ProgramError, TaskError: the config cannot be used.
        CompleteError: the run is complete, and so are its files.
        StoreError: there is no state to go on from, something has changed, the folder cannot be written, or somebody
            else writes it.
    """
    check_folder(folder)
    with locked(folder):
        stored = read_run(folder)
        config = override(stored.config, overrides)
        if is_complete(stored, config) and (note := _finished(folder, stored, callbacks)):
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
        with shown(progress, console, engine) as (display, interrupt):
            checkpoints = Checkpoints(folder, config.checkpoint)
            run = begun(
                interrupt,
                lambda: Run(config, workers, interrupt, checkpoints, snapshot, callbacks, engine=engine),
            )
            check_changes(other_changes(found.checkpoint.origin, run.origin), allow_change)
            rename_damaged(folder, found)
            record_events(run, RunFolder.reopen(folder, config, events, note), progress, display, callbacks)
    return progress, interrupt.exit_code


def _latest(folder: Path, stored: StoredRun, config: Config) -> FoundCheckpoint:
    """The state to go on from; that a complete run has none is no reason to do without its page."""
    try:
        return latest(folder, len(stored.events))
    except StoreError as error:
        raise (CompleteError(str(error)) if is_complete(stored, config) else error) from None


def progress_of(stored: StoredRun) -> Progress:
    """What is known of a run after all of its events."""
    progress = Progress(stored.config)
    for event in stored.events:
        progress.update(event)
    return progress


def _finished(folder: Path, stored: StoredRun, callbacks: Sequence[Callback]) -> str | None:
    """Write the files that a complete run lacks; gives what is told of it, None if it lacks none."""
    kept = RunFolder(folder, stored.config)
    written = kept.complete(stored.events, report(progress_of(stored), folder))
    if not written:
        return None
    note = f"the run is complete, but it lacked {', '.join(written)}: written now"
    kept.log(note)
    told = Callbacks(callbacks)
    told.notify(lambda each: each.on_start(stored.config))
    told.notify(lambda each: each.on_recorded(folder))
    return note


def _print(console: SafeConsole, note: str) -> None:
    console.print(note, markup=False, highlight=False, soft_wrap=True)


def _note(found: FoundCheckpoint) -> str:
    """From where a run goes on, and what was wrong with later checkpoints."""
    state = found.checkpoint.snapshot.state
    faults = [f"{path.name} {why}: put aside, the one before it is used" for path, why in found.faults]
    return "\n".join([*faults, f"goes on from experiment {state.experiment + 1}, epoch {state.epoch}"])
