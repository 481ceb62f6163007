"""Whether a state that was read is one that the compiled search may go on from.

Compiled code checks no index. What it takes from a state must therefore be programs of the config's memory and sizes,
or it would read and write elsewhere; a checksum cannot tell, since a stranger can write one, too.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.ops import OPS
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.record.run_folder import StoreError
from automl_zero.vm.lower import IN1, KINDS, MAX_CONSTANTS, OP

INDICES = ("index", "row", "column")  # constants that are places of elements, as fractions
CONSTANTS = ("data", "bits")  # arrays that may hold anything where no instruction is, and infinity elsewhere
NAMES = np.array([(*op.constants, "", "", "")[:MAX_CONSTANTS] for op in OPS])  # of the constants of each op


def check_sound(arrays: Arrays, config: Config) -> None:
    """Check the arrays of a search, whose names, shapes and types are right already.

    Raises:
        StoreError: no search of this config can have come to such a state.
    """
    faults = [name for name in sorted(arrays) if not _is_sound(arrays, name, config)]
    if faults:
        raise StoreError(
            f"the checkpoint holds what no search of this config comes to, in {', '.join(faults[:3])}: remove it, so "
            "that the one before is used"
        )


def _is_sound(arrays: Arrays, name: str, config: Config) -> bool:
    """Whether an array is; one of programs together with those that it belongs to."""
    array, (room, _, field) = arrays[name], name.rpartition(".")
    if field == "start":
        return list(array) == [0, *accumulate(config.program.max_sizes)]
    if field == "size":
        return bool(((array >= 0) & (array <= config.program.max_sizes)).all())
    if field == "oldest":
        return bool(0 <= array[0] < len(arrays[f"{room}.fitness"]))
    if field == "random":
        return bool(array.any())  # of nothing but zeros, only zeros follow
    if field == "code":
        used = _rows_in_use(arrays[f"{room}.size"], config)
        return are_programs(array[used], arrays[f"{room}.data"][used], config)
    return array.dtype.kind != "f" or field in CONSTANTS or bool(np.isfinite(array).all())


def _rows_in_use(size: NDArray[Any], config: Config) -> NDArray[np.bool_]:
    """[..., K] for sizes [..., 3], where K is the number of instructions that fit."""
    capacity = config.program.max_sizes
    number = np.concatenate([np.arange(each) for each in capacity])
    return np.asarray(number < np.repeat(size, capacity, axis=-1))


def are_programs(code: NDArray[Any], data: NDArray[Any], config: Config) -> bool:
    """Whether instructions [N, 4] with constants [N, 3] fit the memory, and have constants that they can have."""
    ops, addresses, memory = code[:, OP], code[:, IN1:], config.memory
    if not ((ops >= 0) & (ops < len(OPS))).all():
        return False
    counts = np.array([memory.scalars, memory.vectors, memory.matrices, 1])  # the last one: no operand, which is 0
    fitting = (addresses >= 0) & (addresses < counts[KINDS[ops, IN1:]])
    possible = np.where(np.isin(NAMES[ops], INDICES), (data >= 0) & (data < 1), ~np.isnan(data) | (NAMES[ops] == ""))
    return bool(fitting.all() and possible.all())
