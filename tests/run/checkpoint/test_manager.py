from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.runs.saved_states import checkpoint, flip_bit, snapshot

from automl_zero.config import CheckpointConfig
from automl_zero.run.checkpoint.file_format import FORMAT
from automl_zero.run.checkpoint.manager import Checkpoints, latest, rename_damaged, state_digest
from automl_zero.run.record.run_folder import StoreError


def new(folder: Path, **settings: Any) -> Checkpoints:
    (folder / "events.jsonl").touch()
    return Checkpoints(folder, CheckpointConfig(**settings))


def written(folder: Path, epochs: int = 3, **settings: Any) -> Checkpoints:
    checkpoints = new(folder, **settings)
    for epoch in range(1, epochs + 1):
        checkpoints.write(checkpoint(epoch=epoch))
    return checkpoints


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in (folder / "checkpoints").iterdir())


def name(epoch: int, ending: str = "checkpoint") -> str:
    return f"experiment-000001-epoch-{epoch:09}.{ending}"


# When ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its only value is the time."""
    time = [100.0]
    monkeypatch.setattr("automl_zero.run.checkpoint.manager.monotonic", lambda: time[0])
    return time


@pytest.mark.parametrize(
    ("settings", "due"),
    [
        ({"every_epochs": 2, "every_seconds": None}, [2, 4, 6]),
        ({"every_seconds": 3}, [3, 6]),
        ({"every_epochs": 2, "every_seconds": 3}, [2, 4, 6]),
        ({"every_seconds": None}, []),
        ({"every_epochs": 1, "keep": 0}, []),
    ],
    ids=str,
)
def test_after_the_first_one_they_are_due_by_epochs_or_seconds(
    settings: dict[str, Any], due: list[int], clock: list[float], tmp_path: Path
) -> None:
    checkpoints = new(tmp_path, **settings)
    assert checkpoints.is_due() == (settings.get("keep") != 0)
    checkpoints.write(checkpoint())
    found = []
    for epoch in range(1, 7):
        clock[0] += 1.0
        if checkpoints.is_due():
            found.append(epoch)
            checkpoints.write(checkpoint(epoch=epoch))
    assert found == due


# What is kept -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("keep", "left"), [(1, [3]), (2, [2, 3]), (5, [1, 2, 3])])
def test_the_last_few_are_kept(keep: int, left: list[int], tmp_path: Path) -> None:
    written(tmp_path, keep=keep)
    assert files(tmp_path) == [name(epoch) for epoch in left]
    assert latest(tmp_path).checkpoint.snapshot.state.epoch == 3


def test_none_is_kept_if_none_is_asked_for(tmp_path: Path) -> None:
    assert new(tmp_path, keep=0).write(checkpoint()) is None
    assert not (tmp_path / "checkpoints").exists()


def test_an_experiment_comes_after_all_epochs_of_those_before(tmp_path: Path) -> None:
    checkpoints = written(tmp_path, 1, keep=9)
    for experiment, epoch in ((2, 0), (10, 5), (9, 1000)):
        checkpoints.write(checkpoint(experiment=experiment, epoch=epoch))
    assert latest(tmp_path).checkpoint.snapshot.state.experiment == 10


def test_a_full_disk_is_reported_and_the_last_good_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = written(tmp_path, keep=1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("automl_zero.run.checkpoint.manager.write_checkpoint", full)
    with pytest.raises(StoreError, match=r"checkpoint .*-000000004\.checkpoint cannot be written \(No space left on"):
        checkpoints.write(checkpoint(epoch=4))
    assert latest(tmp_path).path.name == name(3)


def test_a_full_disk_at_the_first_one_advises_what_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to go on from, so that 'resume' would be refused."""
    checkpoints = new(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("write_checkpoint", "make_folder"):
        with monkeypatch.context() as patched:
            patched.setattr(f"automl_zero.run.checkpoint.manager.{name}", full)
            with pytest.raises(
                StoreError, match=r"then remove .*, which has no checkpoint to resume from, and start"
            ) as reported:
                checkpoints.write(checkpoint(epoch=0))
            assert "automl-zero resume" not in str(reported.value)
    checkpoints.write(checkpoint(epoch=1))
    with monkeypatch.context() as patched:
        patched.setattr("automl_zero.run.checkpoint.manager.write_checkpoint", full)
        with pytest.raises(StoreError, match=rf"then continue with 'automl-zero resume {tmp_path}'"):
            checkpoints.write(checkpoint(epoch=2))


@pytest.mark.parametrize("field", ["experiment", "epoch"])
def test_the_latest_is_that_of_the_highest_number_however_many_digits_it_has(field: str, tmp_path: Path) -> None:
    width = 10 ** {"experiment": 6, "epoch": 9}[field]
    checkpoints = new(tmp_path, keep=2)
    for number in range(width - 2, width + 2):
        checkpoints.write(checkpoint(**{field: number}))
        assert getattr(latest(tmp_path).checkpoint.snapshot.state, field) == number
    assert len(files(tmp_path)) == 2


def test_a_place_that_is_no_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").touch()
    with pytest.raises(StoreError, match=r"checkpoint .* cannot be written"):
        written(tmp_path)


def test_events_are_on_disk_before_a_checkpoint_reports_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    monkeypatch.setattr("automl_zero.run.checkpoint.manager.sync_file", lambda path, **_: steps.append(path.name))
    monkeypatch.setattr(
        "automl_zero.run.checkpoint.manager.write_checkpoint", lambda path, _, **__: steps.append(path.suffix)
    )
    written(tmp_path, 2)
    assert steps == ["events.jsonl", ".checkpoint"] * 2


# What is used -------------------------------------------------------------------------------------------------------


def damage(folder: Path, epoch: int) -> None:
    flip_bit(folder / "checkpoints" / name(epoch), 500)


def test_a_damaged_one_is_replaced_by_the_one_before(tmp_path: Path) -> None:
    written(tmp_path)
    damage(tmp_path, 3)
    found = latest(tmp_path)
    assert found.path.name == name(2)
    assert [(path.name, why) for path, why in found.faults] == [
        (name(3), "is damaged: its content does not have its checksum")
    ]


def test_one_that_knows_more_events_than_there_are_is_not_used(tmp_path: Path) -> None:
    checkpoints = new(tmp_path, keep=9)
    for epoch in (1, 2):
        checkpoints.write(checkpoint(epoch=epoch, num_events=10 * epoch))
    found = latest(tmp_path, events=19)
    assert found.path.name == name(1)
    assert found.faults[0][1] == "was made after 20 events, but events.jsonl has 19"
    assert latest(tmp_path, events=20).path.name == name(2)


def test_no_checkpoint_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no checkpoint, so the run cannot resume: start it again"):
        latest(tmp_path)


def test_when_none_can_be_used_each_is_reported(tmp_path: Path) -> None:
    written(tmp_path)
    damage(tmp_path, 2)
    (tmp_path / "checkpoints" / name(3)).write_bytes(f"automl-zero checkpoint {FORMAT + 1}\n\n\n".encode())
    with pytest.raises(StoreError) as refused:
        latest(tmp_path)
    assert f"{name(3)} has format {FORMAT + 1}, and automl-zero " in str(refused.value)
    assert f"{name(2)} is damaged" in str(refused.value)


def test_what_cannot_be_used_is_put_aside_and_what_was_left_half_written_is_removed(tmp_path: Path) -> None:
    written(tmp_path)
    damage(tmp_path, 3)
    (tmp_path / "checkpoints" / f".{name(4)}.0123abcd").touch()
    rename_damaged(tmp_path, latest(tmp_path))
    assert files(tmp_path) == [name(2), name(3, "damaged")]
    assert latest(tmp_path).faults == ()


def test_the_digest_is_that_of_the_latest_that_can_be_read(tmp_path: Path) -> None:
    assert state_digest(tmp_path) is None
    written(tmp_path)
    assert state_digest(tmp_path) == snapshot(epoch=3).digest
    damage(tmp_path, 3)
    assert state_digest(tmp_path) == snapshot(epoch=2).digest
