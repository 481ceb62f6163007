"""Single instructions on the compiled kernel and in the reference, and how far rounding may part the two.

A memory is three banks, arrays [addresses, ..., lanes] in the order of ``Kind``, the lane innermost as in the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from automl_zero.program.ops import Array, Kind, Op
from automl_zero.program.program import AddressCounts, Instruction
from automl_zero.vm import noise, reference
from automl_zero.vm.execute import aligned
from automl_zero.vm.kernel import kernel
from automl_zero.vm.lower import KERNEL, LEFT, RIGHT, SIZE, STREAM, TARGET, Lowered, allocate, new_lowered

Banks = tuple[Any, ...]

WIDTHS = (("float32", 8), ("float32", 16), ("float64", 4), ("float64", 8))
GUARD = 64  # elements behind the scratch that nothing may touch

every_width = pytest.mark.parametrize(("dtype", "lanes"), WIDTHS, ids=lambda value: str(value))


def run_kernel(
    instructions: Sequence[Instruction],
    banks: Banks,
    streams: Sequence[int] | None = None,
    *,
    tasks: Sequence[int] | None = None,
    seed: int = 0,
    execution_step: int = 0,
) -> Banks:
    """What the kernel makes of the banks; ``tasks`` are the lanes' task numbers, which decide the noise."""
    dtype, lanes, num_features = banks[0].dtype.name, banks[0].shape[-1], banks[1].shape[1]
    counts = AddressCounts(*map(len, banks))
    lowered = placed(instructions, counts, num_features, lanes, streams or [0] * len(instructions))
    memory = with_scratch(banks, dtype)
    assert lowered.memory[SIZE] == sum(bank.size for bank in banks)
    numbers = np.array(range(lanes) if tasks is None else tasks, np.uint32) * np.uint32(noise.GOLDEN_32)
    flag, signed_seed = np.zeros(1, np.int64), np.uint64(seed).view(np.int64)
    context = np.array([lowered.memory[SIZE], num_features, signed_seed, numbers.ctypes.data, flag.ctypes.data])
    addresses = (array.ctypes.data for array in (lowered.code, lowered.data, memory, context))
    code, data, place_of_memory, place_of_context = addresses
    kernel(dtype, lanes).ctypes(code, data, len(instructions), place_of_memory, place_of_context, execution_step)
    assert np.isnan(memory[-GUARD:]).all()
    ends = np.cumsum([bank.size for bank in banks])
    return tuple(part.reshape(bank.shape) for part, bank in zip(np.split(memory, ends), banks, strict=False))


def placed(
    instructions: Sequence[Instruction], counts: AddressCounts, num_features: int, lanes: int, streams: Sequence[int]
) -> Lowered:
    """Instructions ready to run, dead ones and the names of their addresses kept, which ``lower`` would not do."""
    lowered = new_lowered(len(instructions))
    for row, (instruction, stream) in enumerate(zip(instructions, streams, strict=True)):
        operands = instruction.op, instruction.out, instruction.in1, instruction.in2, stream
        lowered.code[row, [KERNEL, TARGET, LEFT, RIGHT, STREAM]] = operands
        lowered.data[row, : len(instruction.data)] = instruction.data
    lowered.bounds[3] = len(instructions)
    lowered.memory[:3] = tuple(counts)
    allocate(lowered, num_features, lanes)
    return lowered


def with_scratch(banks: Banks, dtype: str) -> Any:
    """A flat memory of the banks, scratch and a guard of NaN."""
    num_features, lanes = banks[1].shape[1:]
    used = sum(bank.size for bank in banks)
    memory = aligned(used + (num_features + num_features**2) * lanes + GUARD, dtype)
    memory[:used] = np.concatenate([bank.ravel() for bank in banks])
    memory[-GUARD:] = np.nan
    return memory


def run_reference(instruction: Instruction, banks: Banks, draws: Array | None = None) -> Array:
    """The output [..., lanes] in float64; ``draws`` [lanes, elements] are the standard draws of each lane."""
    outputs = []
    for lane in range(banks[0].shape[-1]):
        memory = reference.Memory(AddressCounts(*map(len, banks)), banks[1].shape[1])
        memory.banks = tuple(bank[..., lane].astype(np.float64) for bank in banks)
        ((kind, out),) = instruction.outputs()
        shape = memory.banks[kind].shape[1:]
        reference.execute(instruction, memory, None if draws is None else draws[lane].reshape(shape))
        outputs.append(memory.banks[kind][out])
    return np.stack(outputs, axis=-1)


# Rounding ---------------------------------------------------------------------------------------------------------


def sums_over(row: Op, num_features: int) -> int:
    """How many terms an element of the output is the sum of; 0 for an op that does not sum."""
    inputs, _, output = row.signature.partition("->")
    return num_features ** len(set(inputs) - set(output) - set(".,")) if sums(row) else 0


def sums(row: Op) -> bool:
    """Whether an op sums over an index."""
    inputs, _, output = row.signature.partition("->")
    return bool(set(inputs) - set(output) - set(".,"))


def is_root(row: Op) -> bool:
    """Whether the output is the square root of a sum; then, its square is what has a bounded error."""
    return row.name.endswith(("norm", "st_dev"))


def size_of_terms(row: Op, inputs: Sequence[Array]) -> Array:
    """The sum or mean of the sizes of the terms that an op sums; infinite and NaN terms left out."""
    sizes = [np.abs(np.where(np.isfinite(x), x, 0)).astype(np.longdouble) for x in inputs]
    if row.name.endswith("st_dev"):
        return np.asarray(np.mean(sizes[0] ** 2, axis=1 if row.output is Kind.VECTOR else None))
    terms = np.asarray(row.meaning(*sizes))
    return terms**2 if is_root(row) else terms


def rounding(row: Op, inputs: Sequence[Array], num_features: int, dtype: str) -> Array:
    """How far two ways of summing may be apart, or, for a root, their squares."""
    info, terms = np.finfo(dtype), sums_over(row, num_features)
    return 4 * (terms + 2) * float(info.eps) * size_of_terms(row, inputs) + terms * float(info.smallest_subnormal)
