"""What can befall a run while it goes on: it ends with an error that names the cause, and nothing is lost by it."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.runs.saved_states import QUIET, migrating, record, resume
from support.runs.timeless import timeless

from automl_zero.run.checkpoint.manager import latest, state_digest
from automl_zero.run.record import folder_files
from automl_zero.run.record.callbacks import Callback
from automl_zero.run.record.events import EpochEnd, Start
from automl_zero.run.record.run_folder import StoreError, read_run
from automl_zero.run.run import Run
from automl_zero.run.session import run_to_folder

FULL = OSError(errno.ENOSPC, "No space left on device")
KEEP = {"every_epochs": 1, "keep": 2}


class Befalls(Callback):
    """Something happens at the end of the third epoch."""

    def __init__(self, disaster: Callable[[], None]) -> None:
        self._disaster = disaster

    def on_epoch(self, event: EpochEnd) -> None:
        if event.epoch == 3:
            self._disaster()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing befell."""
    return record(migrating(checkpoint=KEEP), tmp_path_factory.mktemp("whole") / "run")


def befallen(folder: Path, disaster: Callable[[], None]) -> str:
    """The message that a run in a folder ends with when something happens."""
    with pytest.raises(StoreError) as ended:
        run_to_folder(migrating(checkpoint=KEEP), folder, 2, QUIET, [Befalls(disaster)])
    return str(ended.value)


def check_nothing_is_lost(folder: Path, whole: Path, *overrides: str) -> None:
    """The run goes on, and comes to the same end."""
    assert latest(folder).checkpoint.snapshot.state.epoch >= 2
    resume(folder, *overrides)
    assert timeless(read_run(folder).events) == timeless(read_run(whole).events)
    assert state_digest(folder) == state_digest(whole)


# A disk of its own, where the system lets us have one -----------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        file.writelines([b"x" * 512] * 4096)


def test_a_disk_that_is_full_ends_the_run_which_goes_on_when_there_is_space(disk: Path, whole: Path) -> None:
    message = befallen(disk / "run", lambda: fill(disk))
    assert "(No space left on device)" in message
    with pytest.raises(StoreError, match="No space left on device"):
        resume(disk / "run")
    (disk / "ballast").unlink()
    check_nothing_is_lost(disk / "run", whole)


def test_a_run_on_a_read_only_disk_can_be_read_and_goes_on_when_it_can_be_written(disk: Path, whole: Path) -> None:
    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)

    folder = record(migrating(checkpoint=KEEP, stop={"max_programs": 450, "max_experiments": 2}), disk / "run")
    remount("ro")
    assert len(read_run(folder).events) > 3
    with pytest.raises(StoreError, match=r"cannot be used \(Read-only file system\): check the disk and the permissio"):
        resume(folder, "stop.max_programs=none")
    with pytest.raises(StoreError, match=r"cannot be made \(Read-only file system\)|is not writable"):
        record(migrating(), disk / "other")
    remount("rw")
    check_nothing_is_lost(folder, whole, "stop.max_programs=none")


# The same, wherever the tests run -------------------------------------------------------------------------------------


def test_an_event_of_which_half_could_be_written_is_made_again(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = folder_files.append

    def half(folder: Path, name: str, content: bytes) -> None:
        append(folder, name, content[: len(content) // 2])
        with folder_files.named(folder / name):
            raise FULL

    with monkeypatch.context() as patched:
        message = befallen(tmp_path / "run", lambda: patched.setattr(folder_files, "append", half))
    assert message.endswith("events.jsonl cannot be used (No space left on device): check the disk and the permissions")
    check_nothing_is_lost(tmp_path / "run", whole)


def test_a_checkpoint_of_which_half_could_be_written_is_made_again(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise FULL

    with monkeypatch.context() as patched:
        message = befallen(tmp_path / "run", lambda: patched.setattr("automl_zero.system.atomic_write.os.fsync", full))
    assert "(No space left on device)" in message
    check_nothing_is_lost(tmp_path / "run", whole)


def test_a_folder_that_is_removed_ends_the_run_and_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    message = befallen(folder, lambda: shutil.rmtree(folder))
    assert str(folder) in message
    assert "(No such file or directory)" in message
    assert not folder.exists()


def test_events_that_are_removed_end_the_run_and_no_new_file_hides_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    message = befallen(folder, (folder / "events.jsonl").unlink)
    assert "events.jsonl" in message
    assert not (folder / "events.jsonl").exists()


def test_checkpoints_that_are_removed_are_made_again(tmp_path: Path, whole: Path) -> None:
    folder = tmp_path / "run"
    run_to_folder(
        migrating(checkpoint=KEEP), folder, 2, QUIET, [Befalls(lambda: shutil.rmtree(folder / "checkpoints"))]
    )
    assert state_digest(folder) == state_digest(whole)


# Clocks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-1e9, -5.0, 0.0])
def test_the_time_of_a_run_never_falls_when_the_clock_does(jump: float, monkeypatch: pytest.MonkeyPatch) -> None:
    time = [1000.0]

    def clock() -> float:
        time[0] += 0.25
        return time[0]

    monkeypatch.setattr("automl_zero.run.record.run_clock.monotonic", clock)
    epochs = []
    for event in Run(migrating()).iter_events():
        assert isinstance(event, Start) or event.seconds > 0
        if isinstance(event, EpochEnd):
            epochs.append(event.seconds)
            time[0] += jump if event.epoch == 2 else 0.0
    assert epochs == sorted(set(epochs))
    assert epochs[-1] < 60


def test_a_clock_that_is_set_back_does_not_keep_checkpoints_from_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = [1e6]
    monkeypatch.setattr("automl_zero.run.checkpoint.manager.monotonic", lambda: time[0])
    config, folder = migrating(checkpoint={"every_epochs": None, "every_seconds": 60.0, "keep": 9}), tmp_path / "run"

    def set_back() -> None:
        time[0] = 10.0

    run_to_folder(config, folder, 2, QUIET, [Befalls(set_back)])
    kept = sorted(file.name for file in (folder / "checkpoints").iterdir())
    assert kept[:2] == [f"experiment-000000-epoch-{epoch:09}.checkpoint" for epoch in (0, 3)]
