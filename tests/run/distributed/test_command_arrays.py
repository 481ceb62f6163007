"""Commands are the same after a way through arrays; arrays of other commands are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.runs.islands import new_island
from support.runs.small_config import small_config

from automl_zero.run.distributed.command_arrays import command_arrays, read_commands
from automl_zero.run.distributed.messages import Command, ReceiveMigrants, RunPrograms
from automl_zero.run.islands.engine import arrays_of
from automl_zero.run.islands.migration import extract
from automl_zero.run.record.run_folder import StoreError

CONFIG = small_config()
PROGRAMS = CONFIG.islands.epoch_programs
Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def state() -> Arrays:
    return arrays_of(new_island(), 0)


@pytest.fixture(scope="module")
def commands() -> list[Command]:
    """Two epochs with immigrants before the second."""
    slots = np.array([3, 1, 4, 15, 9])
    migrants = extract(new_island(1).state.population, np.arange(5))
    return [RunPrograms(PROGRAMS), ReceiveMigrants(slots, migrants, (4, 9)), RunPrograms(PROGRAMS)]


def test_commands_are_read_back(state: Arrays, commands: list[Command]) -> None:
    search, receive, again = read_commands({**state, **command_arrays(commands, "islands.0")}, "islands.0", CONFIG)
    assert search == again == RunPrograms(PROGRAMS)
    expected = commands[1]
    assert isinstance(receive, ReceiveMigrants)
    assert isinstance(expected, ReceiveMigrants)
    assert receive.slots.tolist() == expected.slots.tolist()
    assert receive.slots_to_rescore == expected.slots_to_rescore
    for name, array in expected.programs.items():
        assert receive.programs[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("commands", [[], [RunPrograms(PROGRAMS)] * 3], ids=len)
def test_without_immigrants_there_is_one_array(commands: list[Command], state: Arrays) -> None:
    arrays = command_arrays(commands, "islands.0")
    assert list(arrays) == ["islands.0.since.order"]
    assert read_commands({**state, **arrays}, "islands.0", CONFIG) == commands


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays: arrays.pop("islands.0.since.order"),
        lambda arrays: arrays.update({"islands.0.since.more": np.zeros(3)}),
        lambda arrays: arrays.update({"islands.0.since.order": np.array([PROGRAMS + 1, 0, PROGRAMS])}),
        lambda arrays: arrays.update({"islands.0.since.slots": arrays["islands.0.since.slots"] + 20}),
        lambda arrays: arrays.update({"islands.0.since.strangers": arrays["islands.0.since.slots"]}),
    ],
    ids=["no order", "unknown", "programs", "slots", "type"],
)
def test_arrays_that_no_search_writes_are_refused(
    damage: Callable[[Arrays], object], state: Arrays, commands: list[Command]
) -> None:
    arrays = {**state, **command_arrays(commands, "islands.0")}
    damage(arrays)
    with pytest.raises(StoreError, match=r"no search of this config gives, in islands\.0\.since: remove it"):
        read_commands(arrays, "islands.0", CONFIG)
