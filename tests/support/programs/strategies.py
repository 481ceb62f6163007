"""Hypothesis strategies for instructions and programs, by default over all ops and addresses."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from automl_zero.program.ops import OPS, Op
from automl_zero.program.program import MAX_ADDRESSES, AddressCounts, Instruction, Program

FULL_MEMORY = AddressCounts(MAX_ADDRESSES, MAX_ADDRESSES, MAX_ADDRESSES)
FRACTIONS = st.floats(0, 1, exclude_max=True)
CONSTANTS = st.floats(allow_nan=False)


@st.composite
def instructions(
    draw: st.DrawFn,
    ops: Sequence[Op] = OPS,
    memory: AddressCounts = FULL_MEMORY,
    constants: st.SearchStrategy[float] = CONSTANTS,
) -> Instruction:
    """Instructions of these ops that fit the memory; outputs may be anywhere, the label's and features' included."""
    counts = tuple(memory)
    op = draw(st.sampled_from([op for op in ops if all(counts[kind] for kind in _kinds(op))]))
    in1, in2 = (*(draw(st.integers(0, counts[kind] - 1)) for kind in op.inputs), 0, 0)[:2]
    out = 0 if op.output is None else draw(st.integers(0, counts[op.output] - 1))
    data = tuple(draw(FRACTIONS if name in ("index", "row", "column") else constants) for name in op.constants)
    return Instruction(op.number, in1, in2, out, data)


def programs(
    max_size: int = 6,
    ops: Sequence[Op] = OPS,
    memory: AddressCounts = FULL_MEMORY,
    constants: st.SearchStrategy[float] = CONSTANTS,
) -> st.SearchStrategy[Program]:
    """Programs of such instructions, each component function up to ``max_size`` long."""
    component = st.lists(instructions(ops, memory, constants), max_size=max_size).map(tuple)
    return st.builds(Program, component, component, component)


def _kinds(op: Op) -> tuple[int, ...]:
    return op.inputs if op.output is None else (*op.inputs, op.output)
