"""A run that goes on is the run that was never stopped: same states, same events, same files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from support.runs.saved_states import ALL_STATES, cut_events, flip_bit, grouped, migrating, record, resume
from support.runs.small_config import small_config
from support.runs.small_worker_pool import SmallEngine, SmallWorkerPool
from support.runs.timeless import timeless

from automl_zero.config import Config
from automl_zero.run.checkpoint.file_format import FORMAT, read_checkpoint
from automl_zero.run.checkpoint.manager import latest, state_digest
from automl_zero.run.record.run_folder import StoreError, locked, read_run
from automl_zero.run.session import run_to_folder

Make = Callable[..., Config]
CONFIGS: dict[str, Make] = {"migrating": migrating, "grouped": grouped}
PROGRAMS = ("search", "select", "final")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run that was never stopped, with all of its states, by the name of its config."""
    folder = tmp_path_factory.mktemp("whole")
    for name, make in CONFIGS.items():
        record(make(), folder / name)
    return lambda name: folder / name


def stopped(whole: Path, folder: Path, number: int, also: bytes = b"oops") -> Path:
    """A copy of a run as if the process had been killed soon after its n-th checkpoint."""
    shutil.copytree(whole, folder)
    for later in checkpoints(folder)[number + 1 :]:
        later.unlink()
    cut_events(folder, read_checkpoint(checkpoints(folder)[-1]).snapshot.state.num_events, also)
    return folder


def checkpoints(folder: Path) -> list[Path]:
    return sorted((folder / "checkpoints").glob("*.checkpoint"))


def digests(folder: Path) -> list[str]:
    return [read_checkpoint(path).snapshot.digest for path in checkpoints(folder)]


def check_same(folder: Path, whole: Path) -> None:
    """Events, last states, best programs and the config of two runs are the same."""
    assert timeless(read_run(folder).events) == timeless(read_run(whole).events)
    assert state_digest(folder) == state_digest(whole)
    one, other = (latest(each).checkpoint.snapshot.arrays for each in (folder, whole))
    assert {name: array.tobytes() for name, array in one.items()} == {
        name: array.tobytes() for name, array in other.items()
    }
    for name in ("config.toml", *(f"best/{each}.txt" for each in PROGRAMS)):
        assert (folder / name).read_text() == (whole / name).read_text()


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("number", [0, 1, 3, 5, 7])
def test_a_run_goes_on_from_every_state_as_if_it_had_never_stopped(
    name: str, number: int, whole: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = stopped(whole(name), tmp_path / "run", number)
    check_same(resume(folder, workers=1 + number % 3), whole(name))


def test_the_states_that_were_kept_are_of_the_beginnings_and_all_epochs(whole: Callable[[str], Path]) -> None:
    found = [read_checkpoint(path).snapshot.state for path in checkpoints(whole("migrating"))]
    assert [(each.experiment, each.epoch) for each in found] == [(number, k) for number in (0, 1) for k in range(5)]


def test_a_state_holds_all_arrays_of_all_islands(whole: Callable[[str], Path]) -> None:
    arrays = latest(whole("grouped")).checkpoint.snapshot.arrays
    for island in range(4):
        for field in ("population.code", "population.oldest", "programs.keys", "fingerprints.values", "random"):
            assert f"islands.{island}.{field}" in arrays
    assert arrays["islands.0.population.oldest"].shape == (1,)


@pytest.mark.parametrize("name", CONFIGS)
def test_states_are_the_same_for_any_number_of_threads(name: str, whole: Callable[[str], Path], tmp_path: Path) -> None:
    for workers in (1, 8):
        folder = record(CONFIGS[name](), tmp_path / str(workers), workers)
        one, other = map(digests, (folder, whole(name)))
        assert one == other
        assert len(set(one)) == len(one) > 7


def test_another_seed_gives_another_digest(whole: Callable[[str], Path], tmp_path: Path) -> None:
    config = migrating().model_copy(update={"seed": 1})
    assert state_digest(record(config, tmp_path / "run")) != state_digest(whole("migrating"))


@pytest.mark.parametrize(
    ("less", "override"),
    [
        ({"stop": {"max_programs": 250, "max_experiments": 2}}, "stop.max_programs=none"),
        ({"stop": {"max_programs": 1000, "max_experiments": 2}}, "stop.max_programs=none"),
        ({"stop": {"max_programs": None, "max_experiments": 1}}, "stop.max_experiments=2"),
        ({"stop": {"max_programs": None, "max_experiments": 2, "max_seconds": 1e-9}}, "stop.max_seconds=none"),
        ({"stop": {"max_programs": None, "max_experiments": 2, "target_fitness": 0.1}}, "stop.target_fitness=none"),
    ],
    ids=str,
)
def test_a_run_that_a_limit_has_ended_goes_on_when_it_is_raised(
    less: dict[str, Any], override: str, whole: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = record(migrating(**less), tmp_path / "run")
    assert read_run(folder).events[-1].event == "stop"
    with pytest.raises(StoreError, match="the run is complete, it was ended by stop"):
        resume(folder)
    check_same(resume(folder, override), whole("migrating"))


def test_a_run_killed_while_it_scores_its_result_scores_it_again(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = shutil.copytree(whole("migrating"), tmp_path / "run")
    cut_events(folder, len(read_run(folder).events) - 2)
    check_same(resume(folder), whole("migrating"))


def test_seconds_go_on_from_where_they_were(tmp_path: Path) -> None:
    folder = record(migrating(stop={"max_programs": 250, "max_experiments": 2}), tmp_path / "run")
    before = latest(folder).checkpoint.snapshot.state
    resume(folder, "stop.max_programs=none")
    seconds = [event.seconds for event in read_run(folder).events[before.num_events :] if event.event != "start"]
    assert 0 < before.seconds <= min(seconds)
    assert len(seconds) > 5


def test_from_where_a_run_goes_on_is_logged(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 6)
    resume(folder)
    (line,) = (folder / "log.txt").read_text().splitlines()
    assert line.endswith("+00:00 resuming from experiment 2, epoch 1")


# What is damaged ------------------------------------------------------------------------------------------------------


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    flip_bit(path, path.stat().st_size // 2)


def make_newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"checkpoint %d" % FORMAT, b"checkpoint %d" % (FORMAT + 1), 1))


@pytest.mark.parametrize("harm", [truncate, empty, flip, make_newer])
def test_a_damaged_checkpoint_is_replaced_by_the_one_before_and_this_is_logged(
    harm: Callable[[Path], None], whole: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = stopped(whole("grouped"), tmp_path / "run", 4)
    harm(last := checkpoints(folder)[-1])
    check_same(resume(folder), whole("grouped"))
    fault, went_on = (folder / "log.txt").read_text().splitlines()
    assert f" {last.name} " in fault
    assert fault.endswith("renamed, the one before it is used")
    assert went_on.endswith("resuming from experiment 1, epoch 3")
    assert last.with_suffix(".damaged").exists()


def test_without_a_checkpoint_that_can_be_used_nothing_is_changed(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 1)
    for path in checkpoints(folder):
        flip(path)
    with pytest.raises(StoreError, match="has no checkpoint that can be used"):
        resume(folder)
    assert len(checkpoints(folder)) == 2
    assert not (folder / "log.txt").exists()


def test_a_run_without_checkpoints_is_reported(tmp_path: Path) -> None:
    folder = record(migrating(checkpoint={"keep": 0}), tmp_path / "run")
    assert not (folder / "checkpoints").exists()
    with pytest.raises(StoreError, match="has no checkpoint, so the run cannot resume"):
        resume(folder)


def test_events_that_were_lost_are_made_again(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 6)
    cut_events(folder, 3)
    check_same(resume(folder), whole("migrating"))


# What has changed -----------------------------------------------------------------------------------------------------


def test_a_changed_setting_is_refused_and_nothing_is_changed(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=r"search\.tournament_size: 5 before, 7 now"):
        resume(folder, "search.tournament_size=7")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_setting_that_was_edited_in_the_folder_is_refused_too(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("tournament_size = 5", "tournament_size = 7"))
    with pytest.raises(StoreError, match=r"search\.tournament_size: 5 before, 7 now"):
        resume(folder)


def test_a_changed_setting_is_used_if_that_is_allowed(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    resume(folder, "search.tournament_size=7", allow_change=True)
    assert read_run(folder).config.search.tournament_size == 7
    assert state_digest(folder) != state_digest(whole("migrating"))


@pytest.mark.parametrize("override", ["search.population_size=40", "islands.count=2", "evaluation.cache_size=10"])
def test_a_setting_that_changes_the_shape_of_the_state_is_refused_even_then(
    override: str, whole: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    with pytest.raises(StoreError, match=r"the checkpoint does not fit this config: .*islands\.\d"):
        resume(folder, override, allow_change=True)
    assert read_run(folder).config == migrating()


def test_a_table_that_has_changed_is_refused_unless_that_is_allowed(tmp_path: Path) -> None:
    table = tmp_path / "table.npz"
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    np.savez(table, x=x, y=x @ np.arange(4))
    tasks = {"kind": "table", "table": {"path": str(table), "projection": "none"}}
    config = small_config(tasks=tasks, baselines={"names": []}, checkpoint=ALL_STATES)
    folder = record(config, tmp_path / "run")
    np.savez(table, x=x, y=x @ np.arange(4) ** 2)
    with pytest.raises(StoreError, match="the tasks of island 0: their data are not the same"):
        resume(folder, "stop.max_programs=900")
    resume(folder, "stop.max_programs=900", allow_change=True)
    assert read_run(folder).events[-1].event == "stop"


def test_another_package_is_refused_unless_that_is_allowed(
    whole: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    monkeypatch.setattr("automl_zero.run.checkpoint.file_format.engine_hash", lambda: "edited")
    with pytest.raises(StoreError, match=r"the package, or its libraries: automl-zero \S+ before, \S+ now"):
        resume(folder)
    check_same(resume(folder, allow_change=True), whole("migrating"))


# Who may write --------------------------------------------------------------------------------------------------------


def test_a_folder_in_use_is_refused(whole: Callable[[str], Path], tmp_path: Path) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)
    with locked(folder), pytest.raises(StoreError, match=r"run is in use by another process: wait for it, or end it"):
        resume(folder)
    check_same(resume(folder), whole("migrating"))


def test_what_is_no_run_folder_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not a run folder"):
        resume(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_reported_and_its_checkpoints_stay(
    whole: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stopped(whole("migrating"), tmp_path / "run", 3)

    def read_only(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("filelock.FileLock.acquire", read_only)
        with pytest.raises(StoreError, match=r"\.lock cannot be used \(Read-only file system\): check the disk and"):
            resume(folder)
    with monkeypatch.context() as patched:
        patched.setattr("automl_zero.run.checkpoint.manager.write_checkpoint", read_only)
        with pytest.raises(StoreError, match=r"checkpoint .* cannot be written \(Read-only file system\)"):
            resume(folder)
    check_same(resume(folder), whole("migrating"))


def test_the_file_of_events_differs_in_clock_values_alone(whole: Callable[[str], Path], tmp_path: Path) -> None:
    """Line by line, as written, so that nothing that an event does not know is left in it."""
    folder = resume(stopped(whole("grouped"), tmp_path / "run", 2, also=b'{"event":"epo'))
    one, other = (
        [json.loads(line) for line in (each / "events.jsonl").read_text().splitlines()]
        for each in (folder, whole("grouped"))
    )
    for line in (*one, *other):
        line.pop("seconds", None)
    assert one == other


def test_the_digest_is_the_same_whether_a_run_was_shown_or_not(whole: Callable[[str], Path], tmp_path: Path) -> None:
    """On threads and on worker processes: one that is shown is measured first, which is reported as an event."""
    folders = {name: tmp_path / name for name in ("threads", "workers")}
    run_to_folder(migrating(), folders["threads"], 1, Console(file=StringIO()))
    run_to_folder(migrating(), folders["workers"], 1, Console(file=StringIO()), engine=SmallEngine(SmallWorkerPool(2)))
    for folder in folders.values():
        assert len(read_run(folder).events) == len(read_run(whole("migrating")).events) + 1
        assert digests(folder) == digests(whole("migrating"))
