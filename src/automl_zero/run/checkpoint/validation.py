"""Checks that the compiled search can safely continue from a state that was read from a file.

Compiled code does not check indices. If a state held programs that exceed the memory or the sizes of the config, it
would read and write out of bounds. A checksum is no protection, since an untrusted file can have a right one.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl_zero.config import Config
from automl_zero.program.ops import INDEX_CONSTANTS, OPS
from automl_zero.run.checkpoint.snapshot import Arrays
from automl_zero.run.record.run_folder import StoreError
from automl_zero.vm.lower import IN1, KINDS, MAX_CONSTANTS, OP

CONSTANTS = ("data", "bits")  # arrays that may hold anything in unused rows, and infinity in others
NAMES = np.array([(*op.constants, "", "", "")[:MAX_CONSTANTS] for op in OPS])  # [ops, 3] names of constants


def check_valid(arrays: Arrays, config: Config) -> None:
    """Check the values in the arrays of a search; their names, shapes and types must be right already.

    Raises:
        StoreError: no search of this config can reach such a state.
    """
    faults = [name for name in sorted(arrays) if not _is_valid(arrays, name, config)]
    if faults:
        raise StoreError(
            f"the checkpoint holds a state that no search of this config reaches, in {', '.join(faults[:3])}: remove "
            "it, so that the one before is used"
        )


def _is_valid(arrays: Arrays, name: str, config: Config) -> bool:
    """Return whether the values of an array are possible; programs are checked with their sizes and constants."""
    array, (prefix, _, field) = arrays[name], name.rpartition(".")
    if field == "start":
        return list(array) == [0, *accumulate(config.program.max_sizes)]
    if field == "size":
        return bool(((array >= 0) & (array <= config.program.max_sizes)).all())
    if field == "oldest":
        return bool(0 <= array[0] < len(arrays[f"{prefix}.fitness"]))
    if field == "random":
        return bool(array.any())  # the generator never leaves a state of zeros
    if field == "code":
        used = _rows_in_use(arrays[f"{prefix}.size"], config)
        return are_valid_programs(array[used], arrays[f"{prefix}.data"][used], config)
    return array.dtype.kind != "f" or field in CONSTANTS or bool(np.isfinite(array).all())


def _rows_in_use(size: NDArray[Any], config: Config) -> NDArray[np.bool_]:
    """Return which rows hold instructions, [..., K], for sizes [..., 3]; K is the sum of the maximal sizes."""
    capacity = config.program.max_sizes
    number = np.concatenate([np.arange(each) for each in capacity])
    return np.asarray(number < np.repeat(size, capacity, axis=-1))


def are_valid_programs(code: NDArray[Any], data: NDArray[Any], config: Config) -> bool:
    """Return whether instructions [N, 4] fit the memory, and their constants [N, 3] are possible."""
    ops, addresses, memory = code[:, OP], code[:, IN1:], config.memory
    if not ((ops >= 0) & (ops < len(OPS))).all():
        return False
    counts = np.array([memory.scalars, memory.vectors, memory.matrices, 1])  # the last: no operand, so address 0
    fitting = (addresses >= 0) & (addresses < counts[KINDS[ops, IN1:]])
    possible = np.where(
        np.isin(NAMES[ops], list(INDEX_CONSTANTS)), (data >= 0) & (data < 1), ~np.isnan(data) | (NAMES[ops] == "")
    )
    return bool(fitting.all() and possible.all())
