"""Arrays that hold the commands of an island since a state, so that a checkpoint can replay them on that state.

Arrays that are read back are refused unless a search of the config can have written them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.distributed.messages import Command, ReceiveMigrants, RunPrograms
from automl_zero.run.islands.migration import MOVED
from automl_zero.run.record.run_folder import StoreError

COMMANDS = "since"  # in the names of the arrays: ``islands.0.since.order``


def command_arrays(commands: Sequence[Command], island: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of the commands of an island, which is named as in ``islands.0``.

    ``order`` [commands] has the number of programs of each ``RunPrograms``, and 0 for each ``ReceiveMigrants``. The
    other arrays exist only if migrants arrive; each is [arrivals, migrants, ...]. ``strangers`` marks the slots to
    rescore.
    """
    order = [each.programs if isinstance(each, RunPrograms) else 0 for each in commands]
    arrivals = [each for each in commands if isinstance(each, ReceiveMigrants)]
    found: dict[str, NDArray[Any]] = {"order": np.array(order, np.int64)}
    if arrivals:
        found["slots"] = np.stack([each.slots for each in arrivals])
        found["strangers"] = np.stack([np.isin(each.slots, each.slots_to_rescore) for each in arrivals])
        found |= {name: np.stack([each.programs[name] for each in arrivals]) for name in MOVED}
    return {f"{island}.{COMMANDS}.{name}": array for name, array in found.items()}


def read_commands(arrays: Arrays, island: str, config: Config) -> list[Command]:
    """Return the commands of an island.

    Args:
        arrays: those of its commands and those of its state; the latter have the right names, shapes and types.
        island: its name, such as ``islands.0``.
        config: the settings of the run.

    Raises:
        StoreError: no search of this config can have written these commands.
    """
    prefix = f"{island}.{COMMANDS}."
    saved = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    population = {name: arrays[f"{island}.population.{name}"] for name in MOVED}
    if not _is_valid(saved, population, config):
        raise StoreError(
            f"the checkpoint holds commands that no search of this config gives, in {island}.{COMMANDS}: remove it, so "
            "that the one before is used"
        )
    arrivals = _arrivals(saved)
    return [RunPrograms(int(count)) if count else next(arrivals) for count in saved["order"]]


def _arrivals(saved: Arrays) -> Iterator[ReceiveMigrants]:
    for row, slots in enumerate(saved.get("slots", ())):
        slots_to_rescore = tuple(map(int, slots[saved["strangers"][row]]))
        yield ReceiveMigrants(slots, {name: saved[name][row] for name in MOVED}, slots_to_rescore)


def _is_valid(saved: Arrays, population: Arrays, config: Config) -> bool:
    """Return whether the arrays of commands have the names, shapes, types and ranges that a search gives them."""
    order = saved.get("order", np.zeros(0))
    if order.dtype != np.int64 or order.ndim != 1 or not np.isin(order, (0, config.islands.epoch_programs)).all():
        return False
    arrivals = int((order == 0).sum())
    if not arrivals:
        return set(saved) == {"order"}
    shape = (arrivals, config.islands.migrants)
    forms = {name: (shape + array.shape[1:], array.dtype) for name, array in population.items()}
    forms |= {"order": (order.shape, order.dtype), "slots": (shape, np.dtype(np.int64))}
    forms |= {"strangers": (shape, np.dtype(np.bool_))}
    if {name: (array.shape, array.dtype) for name, array in saved.items()} != forms:
        return False
    return bool(((saved["slots"] >= 0) & (saved["slots"] < config.search.population_size)).all())
