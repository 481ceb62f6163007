"""The commands since a state, as arrays beside it: with both, an island goes on from where it was told to be.

What is read back is a list of commands that a search of the config could have given, or is refused.
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
    """Of an island, such as ``islands.0``.

    ``order`` [commands] has the number of programs for a search, 0 for an arrival; of arrivals, if there are any, all
    else is [arrivals, migrants, ...].
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
    """Of an island; ``arrays`` are those of its state, too, whose names, shapes and types are right already.

    Raises:
        StoreError: no search of this config has given them.
    """
    prefix = f"{island}.{COMMANDS}."
    since = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    population = {name: arrays[f"{island}.population.{name}"] for name in MOVED}
    if not _can_be(since, population, config):
        raise StoreError(
            f"the checkpoint holds what no search of this config comes to, in {island}.{COMMANDS}: remove it, so that "
            "the one before is used"
        )
    arrivals = _arrivals(since)
    return [RunPrograms(int(count)) if count else next(arrivals) for count in since["order"]]


def _arrivals(since: Arrays) -> Iterator[ReceiveMigrants]:
    for row, slots in enumerate(since.get("slots", ())):
        scored = tuple(map(int, slots[since["strangers"][row]]))
        yield ReceiveMigrants(slots, {name: since[name][row] for name in MOVED}, scored)


def _can_be(since: Arrays, population: Arrays, config: Config) -> bool:
    order = since.get("order", np.zeros(0))
    if order.dtype != np.int64 or order.ndim != 1 or not np.isin(order, (0, config.islands.epoch_programs)).all():
        return False
    arrivals = int((order == 0).sum())
    if not arrivals:
        return set(since) == {"order"}
    shape = (arrivals, config.islands.migrants)
    forms = {name: (shape + array.shape[1:], array.dtype) for name, array in population.items()}
    forms |= {"order": (order.shape, order.dtype), "slots": (shape, np.dtype(np.int64))}
    forms |= {"strangers": (shape, np.dtype(np.bool_))}
    if {name: (array.shape, array.dtype) for name, array in since.items()} != forms:
        return False
    return bool(((since["slots"] >= 0) & (since["slots"] < config.search.population_size)).all())
