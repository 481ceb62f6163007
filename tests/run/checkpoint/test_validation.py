from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.runs.saved_states import migrating, record, resume
from support.runs.small_config import mixed_config, small_config

from automl_zero.config import Config
from automl_zero.program.ops import OPS
from automl_zero.run.checkpoint.file_format import Checkpoint, write_checkpoint
from automl_zero.run.checkpoint.manager import latest
from automl_zero.run.checkpoint.snapshot import Arrays, Snapshot
from automl_zero.run.checkpoint.validation import check_valid
from automl_zero.run.record.run_folder import StoreError
from automl_zero.run.run import Run

POPULATION, BEST = "islands.1.population", "islands.1.best"
DOT, SET_ELEMENT = (
    next(op.number for op in OPS if op.name == name) for name in ("vector_inner_product", "vector_const_set")
)


def of_islands(run: Run) -> Arrays:
    return {name: array for name, array in run.snapshot().arrays.items() if name.startswith("islands.")}


def arrays_of(config: Config) -> dict[str, np.ndarray]:
    """Those of a search at its beginning, the first instruction of a member and of the best made a dot product."""
    arrays = {name: array.copy() for name, array in of_islands(Run(config)).items()}
    for room in (POPULATION, BEST):
        code, size = arrays[f"{room}.code"], arrays[f"{room}.size"]
        code.reshape(-1, 4)[0], size.reshape(-1, 3)[0] = (DOT, 1, 0, 2), (1, 0, 0)
    return arrays


def write(name: str, place: object, value: object) -> Callable[[Arrays], str]:
    """A harm to an array, whose name it gives."""

    def harm(arrays: Arrays) -> str:
        array = arrays[name]
        array.reshape(-1, array.shape[-1])[place] = value  # type: ignore[index]
        return name

    return harm


def set_element(index: float) -> Callable[[Arrays], str]:
    def harm(arrays: Arrays) -> str:
        arrays[f"{POPULATION}.code"][0, 0] = SET_ELEMENT, 0, 0, 1
        arrays[f"{POPULATION}.data"][0, 0, 0] = index
        return f"{POPULATION}.code"

    return harm


HARMS = {
    "an op that is none": write(f"{POPULATION}.code", (0, 0), len(OPS)),
    "a negative op": write(f"{POPULATION}.code", (0, 0), -1),
    "an input beyond the memory": write(f"{POPULATION}.code", (0, 1), 3),
    "a negative input": write(f"{POPULATION}.code", (0, 2), -1),
    "an output beyond the memory": write(f"{POPULATION}.code", (0, 3), 4),
    "the same in the best program": write(f"{BEST}.code", (0, 3), 4),
    "a size beyond the capacity": write(f"{POPULATION}.size", (0, 1), 4),
    "a negative size": write(f"{BEST}.size", (0, 0), -1),
    "another beginning": write(f"{BEST}.start", (0, 1), 5),
    "a slot beyond the population": write(f"{POPULATION}.oldest", (0, 0), 20),
    "a negative slot": write(f"{POPULATION}.oldest", (0, 0), -1),
    "a fitness that is no number": write(f"{POPULATION}.fitness", (0, 0), np.nan),
    "an infinite known score": write("islands.0.programs.values", (0, 0), np.inf),
    "random numbers that are all zero": write("islands.2.random", slice(None), 0),
    "a place beyond a vector": set_element(1.0),
    "a place before a vector": set_element(-1e-9),
    "a constant that is no number": set_element(np.nan),
}


@pytest.mark.parametrize(
    "config", [small_config(), mixed_config("linear"), small_config(program={"max_sizes": [4, 0, 6]})]
)
def test_the_states_of_searches_are_sound(config: Config) -> None:
    run = Run(config.model_copy(update={"baselines": config.baselines.model_copy(update={"names": ()})}))
    for _ in run.iter_events():
        check_valid(of_islands(run), config)


def test_a_state_whose_programs_were_written_by_hand_is_sound_too() -> None:
    arrays = arrays_of(small_config())
    set_element(0.5)(arrays)
    check_valid(arrays, small_config())


@pytest.mark.parametrize("name", HARMS)
def test_what_no_search_comes_to_is_refused_by_the_name_of_its_array(name: str) -> None:
    arrays = arrays_of(small_config())
    harmed = HARMS[name](arrays)
    with pytest.raises(
        StoreError, match=f"a state that no search of this config reaches, in {harmed}: remove it, so that"
    ):
        check_valid(arrays, small_config())


def test_what_stands_where_no_instruction_is_does_not_matter() -> None:
    arrays = arrays_of(small_config())
    write(f"{POPULATION}.code", (1, 0), 999)(arrays)
    arrays[f"{POPULATION}.data"][0, 5] = np.nan
    check_valid(arrays, small_config())


def test_a_run_does_not_go_on_from_such_a_state_and_its_folder_stays(tmp_path: Path) -> None:
    folder = record(migrating(stop={"max_programs": 300}), tmp_path / "run")
    found = latest(folder)
    arrays = {name: array.copy() for name, array in found.checkpoint.snapshot.arrays.items()}
    harmed = HARMS["a size beyond the capacity"](arrays)
    write_checkpoint(found.path, Checkpoint(found.checkpoint.origin, Snapshot(found.checkpoint.snapshot.state, arrays)))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=f"no search of this config reaches, in {harmed}"):
        resume(folder, "stop.max_programs=none")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    found.path.unlink()
    resume(folder, "stop.max_programs=none")
