"""Whatever a user names as a file: a pipe, a device or a monster is refused at once and in little memory."""

from __future__ import annotations

import os
import signal
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.runs.small_config import small_config

from automl_zero.config import ConfigError, load_config
from automl_zero.program.program import ProgramError
from automl_zero.run.initial_programs import initial_programs
from automl_zero.run.record.events import Baseline, Score
from automl_zero.run.record.program_lookup import find_program
from automl_zero.run.record.run_folder import RunFolder
from automl_zero.run.scoring import score_cache
from automl_zero.run.scoring.score_cache import cached
from automl_zero.tasks.datasets.download import get_dataset
from automl_zero.tasks.datasets.own_images import load_own_images
from automl_zero.tasks.datasets.sources import KNOWN
from automl_zero.tasks.npz_tasks import load_npz
from automl_zero.tasks.splits import Stage
from automl_zero.tasks.tables.table_reader import read_table
from automl_zero.tasks.task import TaskError

SECONDS, MEMORY = 20, 64 << 20


def initial(name: str) -> object:
    return initial_programs(small_config(program={"initial": name}))


READERS: dict[str, tuple[Callable[[str], object], type[ValueError]]] = {
    "config": (load_config, ConfigError),
    "program": (find_program, ProgramError),
    "initial program": (initial, ProgramError),
    "tasks": (load_npz, TaskError),
    "images": (load_own_images, TaskError),
    "table": (lambda name: read_table(name, "y"), TaskError),
    "data set": (lambda name: get_dataset(next(iter(KNOWN.values())), given=[Path(name)]), TaskError),
}


@pytest.fixture(autouse=True)
def _in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing waits for ever, and nothing is kept."""

    def over(*_: object) -> None:
        raise TimeoutError(f"not done after {SECONDS} s")

    monkeypatch.setenv("AUTOML_ZERO_DATA_DIR", str(tmp_path / "data"))
    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def named(folder: Path, kind: str) -> str:
    path = folder / "given"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link to a device":
            path.symlink_to("/dev/zero")
        case "device":
            return "/dev/zero"
    return str(path)


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "device"])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_regular_file_is_refused_at_once(reader: str, kind: str, tmp_path: Path) -> None:
    read, error = READERS[reader]
    with pytest.raises(error, match=r"not a regular file|is not a file"):
        read(named(tmp_path, kind))


@pytest.mark.parametrize("reader", ["config", "program", "initial program", "tasks", "images"])
def test_a_monstrous_file_is_refused_in_little_memory(reader: str, tmp_path: Path) -> None:
    (read, error), path = READERS[reader], tmp_path / "given"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no place on a disk
    tracemalloc.start()
    try:
        with pytest.raises(error, match="given"):
            read(str(path))
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".csv.gz"])
def test_a_table_larger_than_the_memory_is_not_read(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl_zero.system.memory.available_memory", lambda: 1 << 16)
    path = tmp_path / f"t{suffix}"
    with path.open("wb") as file:
        file.truncate(1 << 20)
    with pytest.raises(
        TaskError, match="it has 1048576 bytes, and no more than 32768 may be read, half of the free memory"
    ):
        read_table(str(path), "y")


def test_the_program_of_a_run_is_bounded_too(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", small_config()).path
    with (folder / "best" / "final.txt").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match=r"final\.txt cannot be used \(it has 1099511627776 bytes, more than the \d+"):
        find_program(str(folder))


@pytest.mark.parametrize("kind", ["pipe", "link to a device"])
def test_a_kept_score_that_cannot_be_read_is_computed_again(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, score = Path(named(tmp_path, kind)), {stage: Score(0.5, None) for stage in Stage}
    monkeypatch.setattr(score_cache, "_path", lambda _: path)
    for _ in range(2):
        assert cached(("key",), lambda: Baseline(name="a", setting="b", scores=score)).name == "a"
    assert path.is_file()
    assert not path.is_symlink()
